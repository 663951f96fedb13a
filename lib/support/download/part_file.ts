/** What has come of a file so far: `NAME.part`, and beside it `NAME.part.json` with what the server must still serve. */
import { createHash, type Hash } from "node:crypto";
import { writeAtomic } from "../atomic.ts";
import { type Checksum, hashFile } from "./checksum.ts";
import { byteText } from "./byte_text.ts";

/** What the bytes belong to. */
export interface PartOf {
  readonly bytes: number | null;
  readonly checksum: Checksum | null;
}

export interface PartFile extends Disposable {
  readonly path: string;
  /** Number of bytes that are there. */
  readonly bytes: number;
  /** The server's ETag or date of what is there, for If-Range; null where it gave none. */
  readonly validator: string | null;
  /** Empties the file and notes what is going to come. */
  restart(validator: string | null): Promise<void>;
  /** @throws {Error} where the disk is full, with what to do */
  append(chunk: Uint8Array): Promise<void>;
  /** The checksum of all that is there. The file is closed and on the disk after it. */
  finish(): Promise<string>;
  /** Removes both files. */
  remove(): Promise<void>;
}

/** Opens `path`, keeping what is there of the same file and hashing it; anything else is emptied. */
export async function openPart(
  path: string,
  of: PartOf,
  options: { signal?: AbortSignal } = {},
): Promise<PartFile> {
  const note = `${path}.json`;
  const kept = await readNote(note, of);
  const length = kept ? (await Deno.stat(path).catch(() => null))?.size ?? 0 : 0;
  const usable = length > 0 && (of.bytes === null || length <= of.bytes);
  let hash: Hash = usable
    ? await hashFile(path, of.checksum, options)
    : createHash(of.checksum?.algorithm ?? "sha256");
  let bytes = usable ? length : 0;
  let validator = usable ? kept!.validator : null;
  const file = await Deno.open(path, { write: true, create: true });
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  try {
    if (!usable) await truncate(file);
    await file.seek(bytes, Deno.SeekMode.Start);
  } catch (error) {
    close();
    throw error;
  }
  return {
    path,
    get bytes() {
      return bytes;
    },
    get validator() {
      return validator;
    },
    async restart(fresh) {
      await truncate(file);
      await file.seek(0, Deno.SeekMode.Start);
      hash = createHash(of.checksum?.algorithm ?? "sha256");
      [bytes, validator] = [0, fresh];
      await writeAtomic(note, JSON.stringify({ ...identity(of), validator }));
    },
    async append(chunk) {
      try {
        for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
      } catch (error) {
        await file.truncate(bytes).catch(() => {}); // what the hash has taken in stays, a torn chunk does not
        throw writeError(error, path, of.bytes === null ? null : of.bytes - bytes);
      }
      hash.update(chunk);
      bytes += chunk.length;
    },
    async finish() {
      await file.sync();
      close();
      return hash.digest("hex");
    },
    async remove() {
      close();
      await Deno.remove(path).catch(() => {});
      await Deno.remove(note).catch(() => {});
    },
    [Symbol.dispose]: close,
  };
}

/** An error for a write that failed: a full disk is named as such, others stay as they are. */
export function writeError(error: unknown, path: string, missing: number | null): unknown {
  const code = (error as { code?: string })?.code;
  const full = code === "ENOSPC" || code === "EDQUOT" || /\(os error (28|112|122)\)/.test(String(error));
  if (!full) return error;
  const more = missing === null ? "room" : byteText(missing);
  return new Error(
    `${path}: the disk is full. Free ${more} there, or give another folder with --out; what has come is kept, and running ` +
      "this again goes on from there.",
    { cause: error },
  );
}

function identity({ bytes, checksum }: PartOf): { bytes: number | null; checksum: string | null } {
  return { bytes, checksum: checksum?.value ?? null };
}

async function readNote(path: string, of: PartOf): Promise<{ validator: string | null } | null> {
  try {
    const note = JSON.parse(await Deno.readTextFile(path));
    const expected = identity(of);
    const same = note.bytes === expected.bytes && note.checksum === expected.checksum;
    return same ? { validator: note.validator ?? null } : null;
  } catch {
    return null;
  }
}

/** A device, as tests use one, cannot be cut and needs not. */
async function truncate(file: Deno.FsFile): Promise<void> {
  if ((await file.stat()).isFile) await file.truncate(0);
}
