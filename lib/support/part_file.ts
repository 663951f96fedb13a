/** A partly downloaded file: `NAME.part`, and beside it `NAME.part.json`, which says what file that is. */
import { createHash, type Hash } from "node:crypto";
import { writeAtomic } from "./atomic.ts";
import { storageError } from "./storage_error.ts";

export interface Checksum {
  readonly algorithm: "md5" | "sha1" | "sha256" | "sha512";
  /** Lower-case hexadecimal digits. */
  readonly value: string;
}

/** Distinguishes one file from another. */
export interface Identity {
  /** Its size; null if it is not known yet. */
  readonly bytes: number | null;
  readonly checksum: Checksum | null;
}

export class PartFile implements Disposable {
  /** Number of bytes stored so far. */
  bytes = 0;
  /** The server's ETag or date of these bytes, for If-Range; null if it gave none. */
  validator: string | null = null;
  #hash: Hash;

  private constructor(readonly path: string, readonly of: Identity, readonly file: Deno.FsFile) {
    this.#hash = newHash(of.checksum);
  }

  /** Opens the part. Stored bytes of the same file are kept and hashed, those of another file are dropped. */
  static async open(path: string, of: Identity): Promise<PartFile> {
    // Not opened for appending: Windows would then refuse to truncate it
    const part = new PartFile(path, of, await Deno.open(path, { write: true, create: true }));
    const note = await Deno.readTextFile(`${path}.json`).then(JSON.parse).catch(() => null);
    const { size } = await part.file.stat();
    if (note?.of === JSON.stringify(of) && size <= (of.bytes ?? Infinity)) {
      part.#hash = await hashFile(path, of.checksum);
      [part.bytes, part.validator] = [size, note.validator];
    }
    await part.#cut();
    return part;
  }

  /** Empties it, and records which version of the file follows. */
  async restart(validator: string | null): Promise<void> {
    this.#hash = newHash(this.of.checksum);
    [this.bytes, this.validator] = [0, validator];
    await this.#cut();
    await writeAtomic(`${this.path}.json`, JSON.stringify({ of: JSON.stringify(this.of), validator }));
  }

  /** @throws {StorageError} if it cannot be written, for example on a full disk; earlier bytes are kept */
  async append(block: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < block.length;) done += await this.file.write(block.subarray(done));
    } catch (error) {
      await this.#cut().catch(() => {}); // the hash does not contain a torn block
      throw storageError(this.path, error);
    }
    this.#hash.update(block);
    this.bytes += block.length;
  }

  /** Drops all bytes after the counted ones and continues writing there. */
  async #cut(): Promise<void> {
    await this.file.truncate(this.bytes);
    await this.file.seek(this.bytes, Deno.SeekMode.Start);
  }

  /** Syncs the file to the disk. @returns the digest in hexadecimal; SHA-256 if the file has no checksum */
  async finish(): Promise<string> {
    await this.file.sync();
    return this.#hash.digest("hex");
  }

  /** Removes the part, unless it was renamed, and its note. */
  async remove(): Promise<void> {
    for (const path of [this.path, `${this.path}.json`]) await Deno.remove(path).catch(() => {});
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

/** Whether a file exists and has this checksum; false if no checksum is known. */
export async function hasChecksum(path: string, checksum: Checksum | null): Promise<boolean> {
  if (checksum === null || await Deno.stat(path).then(() => false, () => true)) return false;
  return await digestFile(path, checksum) === checksum.value;
}

/** A file's digest in hexadecimal, by the checksum's algorithm, or SHA-256 if there is none. */
export async function digestFile(path: string, checksum: Checksum | null = null): Promise<string> {
  return (await hashFile(path, checksum)).digest("hex");
}

async function hashFile(path: string, checksum: Checksum | null): Promise<Hash> {
  const hash = newHash(checksum);
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20); // `file.readable` reads 64 KB at a time: three times as slow
  for (let count; (count = await file.read(buffer)) !== null;) hash.update(buffer.subarray(0, count));
  return hash;
}

function newHash(checksum: Checksum | null): Hash {
  return createHash(checksum?.algorithm ?? "sha256");
}
