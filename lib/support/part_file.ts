/** What has come of a file so far: `NAME.part`, and beside it `NAME.part.json`, which says what file that is. */
import { createHash, type Hash } from "node:crypto";
import { writeAtomic } from "./atomic.ts";
import { storageError } from "./storage_error.ts";

export interface Checksum {
  readonly algorithm: "md5" | "sha1" | "sha256" | "sha512";
  /** Lower-case hexadecimal digits. */
  readonly value: string;
}

/** What tells one file from another. */
export interface Identity {
  /** Its size; null where nobody has told it yet. */
  readonly bytes: number | null;
  readonly checksum: Checksum | null;
}

export class PartFile implements Disposable {
  /** Number of bytes that are there. */
  bytes = 0;
  /** The server's ETag or date of what is there, for If-Range; null where it gave none. */
  validator: string | null = null;
  #hash: Hash;

  private constructor(readonly path: string, readonly of: Identity, readonly file: Deno.FsFile) {
    this.#hash = newHash(of.checksum);
  }

  /** Opens it with what is there of the same file, which is hashed; of another file nothing is kept. */
  static async open(path: string, of: Identity): Promise<PartFile> {
    // Not for appending: Windows then refuses to truncate it
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

  /** Empties it, and notes what is going to come. */
  async restart(validator: string | null): Promise<void> {
    this.#hash = newHash(this.of.checksum);
    [this.bytes, this.validator] = [0, validator];
    await this.#cut();
    await writeAtomic(`${this.path}.json`, JSON.stringify({ of: JSON.stringify(this.of), validator }));
  }

  /** @throws {StorageError} where it cannot be written, for example on a full disk; what came before is kept */
  async append(block: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < block.length;) done += await this.file.write(block.subarray(done));
    } catch (error) {
      await this.#cut().catch(() => {}); // the hash knows nothing of a block that was torn
      throw storageError(this.path, error);
    }
    this.#hash.update(block);
    this.bytes += block.length;
  }

  /** What comes next is written after what counts; the rest goes. */
  async #cut(): Promise<void> {
    await this.file.truncate(this.bytes);
    await this.file.seek(this.bytes, Deno.SeekMode.Start);
  }

  /** Sees to it that all is on the disk. @returns the checksum; SHA-256 where the file has none */
  async finish(): Promise<string> {
    await this.file.sync();
    return this.#hash.digest("hex");
  }

  /** Removes it, unless it was renamed, and what was noted of it. */
  async remove(): Promise<void> {
    for (const path of [this.path, `${this.path}.json`]) await Deno.remove(path).catch(() => {});
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

/** Whether a file is there and has this checksum; false where none is known. */
export async function hasChecksum(path: string, checksum: Checksum | null): Promise<boolean> {
  if (checksum === null || await Deno.stat(path).then(() => false, () => true)) return false;
  return await digestFile(path, checksum) === checksum.value;
}

/** A file's digest, hexadecimal; SHA-256 where no checksum says of which kind. */
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
