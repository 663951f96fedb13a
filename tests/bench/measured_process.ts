/** A program as a whole: how long it took and how much memory it held. */

export interface MeasuredProcess {
  readonly seconds: number;
  /** Largest sum over its processes of what they held in memory at one time, in GB; null where there is no `ps`. */
  readonly gigabytes: number | null;
  readonly stdout: string;
}

/** Runs a program of Deno to its end. @throws {Error} if it fails, after what it has written */
export async function measureDeno(args: readonly string[], cwd?: string): Promise<MeasuredProcess> {
  const started = performance.now();
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { HAM10000_CONFIG: "a run that notebooks do not go on with" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let peak = 0;
  const timer = setInterval(async () => peak = Math.max(peak, await residentBytes(process.pid)), 200);
  try {
    const { code, stdout } = await process.output();
    const text = new TextDecoder().decode(stdout);
    if (code !== 0) {
      throw new Error(`deno ${args.join(" ")} should end with exit code 0. Received: ${code}\n${text}`);
    }
    const seconds = (performance.now() - started) / 1000;
    return { seconds, gigabytes: peak > 0 ? peak / 1e9 : null, stdout: text };
  } finally {
    clearInterval(timer);
  }
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
