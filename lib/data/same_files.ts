/** Files with the same bytes. */
import { sha256 } from "../support/digest.ts";

/** Read of each file at first, from its middle: photos that are not the same differ there, while heads are often alike. */
const sampleBytes = 64;

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
  const groups = severalOf(distinct, (place) => lengths[place])
    .flatMap((group) => severalOf(group, (place) => sampleOf(paths[place], lengths[place]) ?? place));
  const digests = new Map<number, string | number>();
  for (const place of groups.flat()) {
    digests.set(place, await Deno.readFile(paths[place]).then((bytes) => sha256(bytes), () => place));
  }
  const same = groups.flatMap((group) => severalOf(group, (place) => digests.get(place)));
  for (const group of same) for (const place of group) first[place] = group[0];
  return first.map((place) => first[place]);
}

function stateOf(path: string): { length: number; file: string } | null {
  try {
    const { size: length, isFile, dev, ino } = Deno.statSync(path);
    if (!isFile || length === 0) return null;
    // Numbers of files on Lustre and NTFS are larger than a number tells apart
    return { length, file: ino && Number.isSafeInteger(ino) ? `${dev} ${ino}` : path };
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

/** As hexadecimal digits; null for a file that cannot be read. */
function sampleOf(path: string, length: number): string | null {
  try {
    using file = Deno.openSync(path);
    file.seekSync(Math.max(0, Math.floor((length - sampleBytes) / 2)), Deno.SeekMode.Start);
    const bytes = new Uint8Array(sampleBytes);
    return bytes.subarray(0, file.readSync(bytes) ?? 0).toHex();
  } catch {
    return null; // whoever reads it says why
  }
}
