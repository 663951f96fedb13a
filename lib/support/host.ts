/** Which machine this is, among those that share a disk: they must have different names. */
import { sha256 } from "./digest.ts";

const processName = `process ${crypto.randomUUID()}`;

/** The machine's name; without the permission to ask for it, a name that no other process has. */
export function hostName(): string {
  try {
    return Deno.hostname();
  } catch {
    return processName;
  }
}

/** Four hexadecimal digits of its name, for names of files. Zeros where the name is not known. */
export function hostDigits(): string {
  const name = hostName();
  return name === processName ? "0000" : sha256(name).slice(0, 4);
}
