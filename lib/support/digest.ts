/** SHA-256 digests, which identify stored files, weight sets and configurations. */
import { createHash } from "node:crypto";

/** SHA-256 of bytes or UTF-8 text, as 64 hexadecimal digits. Several parts are hashed one after the other. */
export function sha256(...parts: (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** A view of the array's bytes. All platforms that Deno runs on are little-endian. */
export function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** SHA-256 of a value's JSON with sorted keys: equal values give equal digests, whatever their key order. */
export function digestOf(value: unknown): string {
  return sha256(JSON.stringify(sortKeys(value)));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sortKeys(v)]),
  );
}
