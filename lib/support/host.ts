/** This machine's name, which tells machines that share a disk apart, and its CPU. */
import { cpus } from "node:os";
import { sha256 } from "./digest.ts";

const processName = `process ${crypto.randomUUID()}`;

/** The machine's name; without permission to read it, a name that no other process has. */
export function hostName(): string {
  try {
    return Deno.hostname();
  } catch {
    return processName;
  }
}

/** Four hexadecimal digits from the SHA-256 of the machine's name, for file names; zeros if the name is unknown. */
export function hostDigits(): string {
  const name = hostName();
  return name === processName ? "0000" : sha256(name).slice(0, 4);
}

/** The CPU's model as the system calls it, such as `AMD EPYC 7763 64-Core Processor`; null if it does not say. */
export function cpuModel(): string | null {
  try {
    return cpus()[0]?.model.trim() || null;
  } catch {
    return null; // no permission to ask
  }
}
