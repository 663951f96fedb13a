/** Which machine this is: its name, by which those that share a disk differ, and its CPU. */
import { cpus } from "node:os";
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

/** The CPU's model as the system calls it, such as `AMD EPYC 7763 64-Core Processor`; null where it does not say. */
export function cpuModel(): string | null {
  try {
    return cpus()[0]?.model.trim() || null;
  } catch {
    return null; // may not be asked
  }
}
