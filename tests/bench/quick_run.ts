/** A whole `quick` run on the real photos, from nothing stored to rendered notebooks: seconds, and memory at its peak. */
import { join } from "node:path";
import { projectRoot } from "../../lib/config.ts";

export interface QuickRun {
  readonly seconds: number;
  /** Largest sum over the run's processes of what they held in memory at one time, in GB; null where /proc is not to be had. */
  readonly gigabytes: number | null;
}

/** Images that `quick` sends through VGG16: the 12,000 and the 8,530. */
export const quickImages = 20_530;

/** What the time of a `quick` run must stay under, given the measured speed of activations. */
export function quickLimitSeconds(imagesPerSecond: number): number {
  return 1.3 * quickImages / imagesPerSecond + 4 * 60;
}

/** Runs it in a folder of its own, which is removed afterwards. */
export async function measureQuickRun(data: string, weights: string): Promise<QuickRun> {
  const out = await Deno.makeTempDir({ prefix: "bench_quick" });
  const started = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: ["task", "reproduce", "--preset", "quick", "--data", data, "--weights", weights, "--out", out],
    cwd: projectRoot,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, residentBytes(process.pid)), 250);
  try {
    const { code } = await process.status;
    if (code !== 0) throw new Error(`The quick run should end with exit code 0. Received: ${code}`);
    return { seconds: (performance.now() - started) / 1000, gigabytes: peak > 0 ? peak / 1e9 : null };
  } finally {
    clearInterval(timer);
    await Deno.remove(out, { recursive: true });
  }
}

/** Resident memory of a process and all that it started, in bytes; pages that they share are counted once for each. */
function residentBytes(root: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  try {
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      const status = readText(join("/proc", name, "status"));
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
      resident.set(Number(name), 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    }
  } catch {
    return 0;
  }
  const belongs = (pid: number): boolean => pid === root || (parents.has(pid) && belongs(parents.get(pid)!));
  return [...resident].reduce((sum, [pid, bytes]) => sum + (belongs(pid) ? bytes : 0), 0);
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // it has just ended
  }
}
