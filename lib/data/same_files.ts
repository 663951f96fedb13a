/** Finds files with the same bytes. */
import { sha256 } from "../support/digest.ts";

/** Bytes read first, from a file's middle: different photos differ there, while their headers are often the same. */
const sampleBytes = 64;

/**
 * For each path, the index of the first path whose file has the same bytes; its own index if none before it has. Files that are
 * empty or cannot be read are equal to no other.
 *
 * Bytes are compared, not pixels: equal bytes are certainly one photo, while small pictures may have equal pixels by chance. And
 * nothing has to be decoded. A file is read only if another has the same length.
 */
export async function firstOfSame(paths: readonly string[]): Promise<number[]> {
  const first = [...paths.keys()];
  const lengths: number[] = [];
  const files = new Map<string, number>(); // first index of each file: several links may lead to one file
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
    // Inodes on Lustre and NTFS may be too large for a number to tell them apart
    return { length, file: ino && Number.isSafeInteger(ino) ? `${dev} ${ino}` : path };
  } catch {
    return null; // reading the file later reports the error
  }
}

/** Groups of at least two places with the same key, in the order of the places. */
export function severalOf(
  places: readonly number[],
  keyOf: (place: number) => unknown,
): number[][] {
  return [...Map.groupBy(places, keyOf).values()].filter(({ length }) => length > 1);
}

/** Bytes from the middle of a file as hexadecimal digits; null if it cannot be read. */
function sampleOf(path: string, length: number): string | null {
  try {
    using file = Deno.openSync(path);
    file.seekSync(Math.max(0, Math.floor((length - sampleBytes) / 2)), Deno.SeekMode.Start);
    const bytes = new Uint8Array(sampleBytes);
    return bytes.subarray(0, file.readSync(bytes) ?? 0).toHex();
  } catch {
    return null; // reading the file later reports the error
  }
}
