/** A whole `quick` run on the real photos, from nothing stored to rendered notebooks, and the same with Keras. */
import { projectRoot } from "../../lib/support/project.ts";
import { measureDeno } from "./measured_process.ts";
import { type Python, runPython } from "./python.ts";
import { wholeRunTargets } from "./targets.ts";

export interface WholeRun {
  readonly seconds: number;
  readonly gigabytes: number | null;
  readonly peers: readonly KerasRun[];
  readonly targets: readonly { peer: string; atLeast: number; ratio: number; pass: boolean }[];
}

/** What a script for Keras, whole_run.py, has measured. */
interface KerasRun {
  readonly way: keyof typeof wholeRunTargets;
  readonly version: string;
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Images that were measured, and images that `seconds` stands for; null where all were measured. */
  readonly scaled: { readonly measured: number; readonly of: number } | null;
  readonly accuracies: Readonly<Record<string, number>>;
}

/** How the two scripts are called in prose. */
export const wayNames: Readonly<Record<KerasRun["way"], string>> = {
  careful: "Keras, features computed once",
  "write-up": "Keras, VGG16 inside the model",
};

/** Runs all three, one after the other. */
export async function measureWholeRun(
  { data, weights, python }: { data: string; weights: string; python: Python },
): Promise<WholeRun> {
  const out = await Deno.makeTempDir({ prefix: "bench_whole_run" });
  const flags = ["--preset", "quick", "--data", data, "--weights", weights, "--out", out];
  const { seconds, gigabytes } = await measureDeno(["task", "reproduce", ...flags], projectRoot)
    .finally(() => Deno.remove(out, { recursive: true }));
  const peers: KerasRun[] = [];
  const targets = [];
  for (const [way, atLeast] of Object.entries(wholeRunTargets)) {
    const peer = {
      way,
      ...await runPython(python, ["whole_run.py", data, weights, way]) as object,
    } as KerasRun;
    peers.push(peer);
    const ratio = peer.seconds / seconds;
    targets.push({ peer: wayNames[peer.way], atLeast, ratio, pass: ratio >= atLeast });
  }
  return { seconds, gigabytes, peers, targets };
}
