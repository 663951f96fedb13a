/** Checksums as archives name them. */
import { createHash, type Hash } from "node:crypto";

export interface Checksum {
  /** As Node names it: md5, sha1, sha256, sha512. */
  readonly algorithm: string;
  /** In lower-case hexadecimal digits. */
  readonly value: string;
  /** False where it may belong to another form of the file, so that a difference proves nothing. */
  readonly binding: boolean;
}

/** A checksum from an archive's own words, as `MD5` or `SHA-1`; null for a kind that cannot be computed here. */
export function checksumOf(type: string, value: string, options: { binding: boolean }): Checksum | null {
  const algorithm = type.toLowerCase().replace("-", "");
  if (!["md5", "sha1", "sha256", "sha512"].includes(algorithm)) return null;
  return { algorithm, value: value.toLowerCase(), ...options };
}

/** A hash that has taken in a file's first bytes; 1 MiB of it is held at a time. Without a checksum: SHA-256. */
export async function hashFile(
  path: string,
  checksum: Checksum | null,
  options: { signal?: AbortSignal } = {},
): Promise<Hash> {
  const hash = createHash(checksum?.algorithm ?? "sha256");
  using file = await Deno.open(path, { read: true });
  const block = new Uint8Array(1 << 20);
  for (let count = await file.read(block); count !== null; count = await file.read(block)) {
    options.signal?.throwIfAborted();
    hash.update(block.subarray(0, count));
  }
  return hash;
}
