/** Files with the same bytes. */
import { sha256 } from "../support/digest.ts";
import { inParallel } from "../support/parallel.ts";

/** Read of each file at first: photos that are not the same differ here. */
const headBytes = 4096;

/**
 * For each path the place of the first one whose file has the same bytes: its own where there is none before it. Files that are
 * empty or cannot be read are like no other.
 *
 * Bytes are compared and not pixels: equal bytes are one photo for certain, while small pictures may have equal pixels by chance;
 * and nothing has to be decoded. Only files whose length another one has are read.
 */
export async function firstOfSame(paths: readonly string[]): Promise<number[]> {
  const first = [...paths.keys()];
  const lengths: number[] = [];
  const files = new Map<string, number>(); // the first place of each file: links lead to the same one
  const distinct = first.filter((place) => {
    const state = stateOf(paths[place]);
    if (state === null) return false;
    lengths[place] = state.length;
    first[place] = files.get(state.file) ?? place;
    if (first[place] === place) files.set(state.file, place);
    return first[place] === place;
  });
  const groups = await divide(severalOf(distinct, (place) => lengths[place]), paths, headBytes);
  const isLong = ([place]: number[]) => lengths[place] > headBytes;
  const same = [
    ...groups.filter((group) => !isLong(group)),
    ...await divide(groups.filter(isLong), paths, Infinity),
  ];
  for (const group of same) for (const place of group) first[place] = group[0];
  return first.map((place) => first[place]);
}

function stateOf(path: string): { length: number; file: string } | null {
  try {
    const { size: length, isFile, dev, ino } = Deno.statSync(path);
    return isFile && length > 0 ? { length, file: ino ? `${dev} ${ino}` : path } : null;
  } catch {
    return null; // whoever reads it says why
  }
}

/** Groups of at least two places that have one key, in the order of the places. */
export function severalOf(
  places: readonly number[],
  keyOf: (place: number) => unknown,
): number[][] {
  return [...Map.groupBy(places, keyOf).values()].filter(({ length }) => length > 1);
}

/** Those of each group that have the same first `most` bytes. */
async function divide(groups: number[][], paths: readonly string[], most: number): Promise<number[][]> {
  const digests = new Map<number, string>();
  await inParallel(groups.flat(), 8, async (place) => {
    digests.set(place, await headDigest(paths[place], most).catch(() => `unread ${place}`));
  });
  return groups.flatMap((group) => severalOf(group, (place) => digests.get(place)));
}

async function headDigest(path: string, most: number): Promise<string> {
  if (most === Infinity) return sha256(await Deno.readFile(path));
  using file = await Deno.open(path);
  const bytes = new Uint8Array(most);
  let length = 0;
  for (let read; length < most && (read = await file.read(bytes.subarray(length))); length += read);
  return sha256(bytes.subarray(0, length));
}
