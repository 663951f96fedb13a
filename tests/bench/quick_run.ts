/** A whole `quick` run on the real photos, from nothing stored to rendered notebooks, and the same with Keras. */
import { projectRoot } from "../../lib/support/project.ts";
import { programPath } from "./peer.ts";

export interface QuickRun {
  readonly seconds: number;
  /** Largest sum over the run's processes of what they held in memory at one time, in GB; null where there is no `ps`. */
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
    env: { HAM10000_CONFIG: "a run that notebooks do not go on with" },
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let peak = 0;
  const timer = setInterval(async () => {
    const bytes = await residentBytes(process.pid);
    peak = Math.max(peak, bytes);
  }, 500);
  try {
    const { code } = await process.status;
    if (code !== 0) throw new Error(`The quick run should end with exit code 0. Received: ${code}`);
    return { seconds: (performance.now() - started) / 1000, gigabytes: peak > 0 ? peak / 1e9 : null };
  } finally {
    clearInterval(timer);
    await Deno.remove(out, { recursive: true });
  }
}

/** What the program in Python measured: see whole_run.py. */
export interface KerasRun {
  readonly version: string;
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Images that were measured, and images that `seconds` stands for; null where all were measured. */
  readonly scaled: { readonly measured: number; readonly of: number } | null;
  readonly accuracies: Readonly<Record<string, number>>;
}

/**
 * From photos to test accuracies with Keras, a script of its own.
 *
 * @param way `write-up`: VGG16 frozen inside the model, through which all epochs go; `careful`: its features are computed once
 */
export async function measureKerasRun(
  way: "write-up" | "careful",
  { python, data, weights }: { python: string; data: string; weights: string },
): Promise<KerasRun> {
  const { code, stdout } = await new Deno.Command(python, {
    args: [programPath("whole_run.py"), data, weights, way],
    env: { KERAS_BACKEND: "tensorflow", TF_CPP_MIN_LOG_LEVEL: "3", TF_ENABLE_ONEDNN_OPTS: "1" },
    stderr: "inherit",
  }).output();
  const line = /^BENCH (.*)$/m.exec(new TextDecoder().decode(stdout));
  if (code === 0 && line) return JSON.parse(line[1]);
  throw new Error(`whole_run.py ${way} should end with exit code 0 and a line of results. Received: ${code}`);
}

/** Resident memory of a process and all that it started, in bytes; pages that they share are counted once for each. */
async function residentBytes(root: number): Promise<number> {
  const ps = new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid=,rss="] }); // Deno keeps /proc for --allow-all
  const output = await ps.output().catch(() => null);
  const rows = new TextDecoder().decode(output?.stdout).trim().split("\n").map((row) =>
    row.trim().split(/\s+/).map(Number)
  );
  const parents = new Map(rows.map(([pid, parent]) => [pid, parent]));
  const belongs = (pid: number): boolean => pid === root || (parents.has(pid) && belongs(parents.get(pid)!));
  return rows.reduce((sum, [pid, _parent, kilobytes]) => sum + (belongs(pid) ? 1024 * kilobytes : 0), 0);
}
