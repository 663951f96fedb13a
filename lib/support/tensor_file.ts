/** Float32 arrays with a header in one file, written whole and read bit for bit: trained weights, checkpoints. */
import { createHash } from "node:crypto";
import { writeAtomicParts } from "./atomic.ts";
import { bytesOf } from "./digest.ts";

export interface TensorFile {
  /** Any JSON. */
  readonly header: unknown;
  /** By name. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

const magic = "HAMTENS1";
const digestLength = 32;

/**
 * Writes a file in one step: "HAMTENS1", length of the index (uint32), index (JSON: `header`, and name and length of every
 * tensor), the tensors (float32), SHA-256 of all before it. Numbers are little-endian. The same content gives the same bytes.
 *
 * @throws {StorageError} when it cannot be written; an older file is as it was
 */
export async function saveTensors(path: string, { header, tensors }: TensorFile): Promise<void> {
  const list = Array.from(tensors, ([name, { length }]) => ({ name, length }));
  const index = new TextEncoder().encode(JSON.stringify({ header, tensors: list }));
  const padding = (4 - (magic.length + 4 + index.length) % 4) % 4; // the tensors start at a multiple of four
  const head = new Uint8Array(magic.length + 4 + index.length + padding).fill(0x20);
  head.set(new TextEncoder().encode(magic));
  new DataView(head.buffer).setUint32(magic.length, index.length + padding, true);
  head.set(index, magic.length + 4);
  const parts = [head, ...Array.from(tensors.values(), bytesOf)];
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  await writeAtomicParts(path, [...parts, new Uint8Array(hash.digest())]);
}

/**
 * Reads what `saveTensors` wrote.
 *
 * @throws {SyntaxError} when the file was cut or changed, or is of another kind
 */
export async function loadTensors(path: string): Promise<TensorFile> {
  const bytes = await Deno.readFile(path);
  const refuse = (reason: string): never => {
    throw new SyntaxError(`${path}: ${reason}. Delete it: the next run makes it anew`);
  };
  const end = bytes.length - digestLength;
  const start = magic.length + 4;
  if (new TextDecoder().decode(bytes.subarray(0, magic.length)) !== magic || end < start) {
    return refuse(
      `no file of tensors that this project wrote, or cut short. Received: ${bytes.length} bytes`,
    );
  }
  const digest = createHash("sha256").update(bytes.subarray(0, end)).digest();
  if (!digest.every((byte, i) => byte === bytes[end + i])) {
    return refuse("cut short or changed: the SHA-256 at the end does not fit what comes before it");
  }
  const indexLength = new DataView(bytes.buffer).getUint32(magic.length, true);
  const index = JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + indexLength)));
  const tensors = new Map<string, Float32Array>();
  let at = start + indexLength;
  for (const { name, length } of index.tensors as { name: string; length: number }[]) {
    tensors.set(name, new Float32Array(bytes.buffer, bytes.byteOffset + at, length));
    at += 4 * length;
  }
  return { header: index.header, tensors };
}
