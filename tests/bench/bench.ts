/**
 * Program: this project's speed beside its peers', on the same inputs, in one run on one machine.
 *
 * All programs of a case stay loaded; each round runs them one after the other, every round beginning with another one, and ratios
 * are taken within a round. First every peer's results are compared with ours. Writes `outputs/bench.json`.
 */
import { cpus, loadavg } from "node:os";
import { writeAtomic } from "../../lib/support/atomic.ts";
import { checkBfloat16 } from "../../lib/support/engine/bfloat16.ts";
import { pathForCaller, standWithCaller } from "../../lib/tasks/caller.ts";
import type { Precision } from "../../lib/config.ts";
import { type Case, runCase } from "./case.ts";
import { measureComparison } from "./comparison.ts";
import { featuresCase } from "./features.ts";
import { caseNames, help, readFlags } from "./flags.ts";
import { measureGrowth } from "./growth.ts";
import { writeInputs } from "./inputs.ts";
import { openPython, type Python } from "./python.ts";
import { reportCase, reportTarget } from "./report.ts";
import type { BenchRecord } from "./speed_page.ts";
import { augmentationCase, decodeCases, evaluationCases } from "./stages.ts";
import { trainingCase } from "./training.ts";
import { measureWholeRun } from "./whole_run.ts";

standWithCaller();
const flags = readFlags(Deno.args);
if (flags.help) {
  console.log(help);
  Deno.exit(0);
}
const { images, trainingImages, rounds, data, weights } = flags;
const asked = (...names: (typeof caseNames)[number][]) => flags.cases.some((name) => names.includes(name));
const record: BenchRecord = {
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: navigator.hardwareConcurrency,
    loadBefore: loadavg()[0],
  },
  inputs: { images, trainingImages, photos: data !== null, weights: weights ? "given" : "random" },
  rounds,
  cases: [],
  ...{ comparison: null, growth: null, wholeRun: null },
};
const { cpu, cores, loadBefore } = record.machine;
console.log(`${cpu}, ${cores} cores, load ${loadBefore.toFixed(2)} before the first round`);
if (loadBefore > 0.5) console.log("Other work is running: it will show in the times, less in the ratios.");

const folder = await Deno.makeTempDir({ prefix: "bench" });
let missed = 0;
let opened: Promise<Python> | undefined;
/** Shows a target, and keeps what was measured so far: a run that is stopped loses one case. */
async function keep(targets: readonly { text: string; pass: boolean }[]): Promise<void> {
  for (const { text, pass } of targets) {
    if (flags.short) console.log(`too short to judge: ${text}`);
    else reportTarget(pass, text);
    if (!pass) missed++;
  }
  await writeAtomic(flags.out, JSON.stringify(record, null, 2) + "\n");
}
const times = (ratio: number) => ratio.toFixed(2);

try {
  for await (const each of cases()) {
    const result = await runCase(each, { rounds, folder });
    reportCase(result);
    record.cases.push(result);
    await keep(result.targets.map(({ peer, atLeast, ratio, pass }) => ({
      text: `at least ${atLeast} × ${peer}: ${times(ratio)}`,
      pass,
    })));
  }
  if (asked("comparison")) {
    const { rows, atMost, ratio, pass } = record.comparison = await measureComparison(folder, flags);
    console.log(`\ncomparison of the optimizers, ${rows} rows`);
    await keep([{ text: `at most ${atMost} × its training steps alone: ${times(ratio)}`, pass }]);
  }
  if (asked("growth")) {
    await writeInputs(folder, { ...flags, images: 1 }); // for the weights
    record.growth = await measureGrowth(folder, flags);
    console.log("\ngrowth, from photos to stored activations");
    for (const { photos, decode, activations, cores, gigabytes } of record.growth.rows) {
      const seconds = `${decode.toFixed(1)} s to decode, ${activations.toFixed(1)} s for activations`;
      console.log(`${photos} photos: ${seconds}, ${gigabytes?.toFixed(2) ?? "?"} GB, cores ${times(cores)}`);
    }
    await keep(record.growth.targets.map(({ what, atMost, atLeast, value, pass }) => ({
      text: `${what}, ${atMost ? `at most ${atMost}` : `at least ${atLeast}`}: ${times(value)}`,
      pass,
    })));
  }
  if (asked("whole-run")) {
    const inputs = { data: data!, weights: weights!, python: await python() };
    const { seconds, gigabytes, targets } = record.wholeRun = await measureWholeRun(inputs);
    console.log(
      `\nquick, from photos to results: ${seconds.toFixed(0)} s, ${gigabytes?.toFixed(1) ?? "?"} GB`,
    );
    await keep(targets.map(({ peer, atLeast, ratio, pass }) => ({
      text: `at least ${atLeast} × ${peer}: ${times(ratio)}`,
      pass,
    })));
  }
  console.log(`\nWritten to ${pathForCaller(flags.out)}`);
  if (missed > 0 && !flags.short) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}

/** The asked-for cases with peers, each with its inputs written just before it runs. */
async function* cases(): AsyncGenerator<Case> {
  if (!asked(...caseNames.slice(0, 5))) return;
  const stage = { images, data, python: await python() };
  const precisions = await possible(flags.precisions);
  if (asked("decode", "augmentation", "features", "evaluation")) await writeInputs(folder, flags);
  if (asked("decode")) yield* decodeCases(folder, stage);
  if (asked("augmentation")) yield augmentationCase(folder, stage);
  if (asked("features")) {
    for (const precision of precisions) yield featuresCase(folder, { ...stage, precision });
  }
  if (asked("evaluation")) yield* evaluationCases(folder, stage);
  if (!asked("training")) return;
  await writeInputs(folder, { ...flags, images: trainingImages });
  for (const depth of flags.depths) {
    for (const precision of precisions) {
      if (depth === "head" && precision === "bfloat16") continue; // it has no convolution
      yield await trainingCase(folder, depth, { ...stage, images: trainingImages, precision });
    }
  }
}

/** Those that this machine computes in; says why one is left out. */
async function possible(precisions: readonly Precision[]): Promise<Precision[]> {
  if (!precisions.includes("bfloat16") || !asked("features", "training")) return [...precisions];
  const without = await checkBfloat16().then(() => null, (error: Error) => error.message);
  if (without) console.log(`No row is measured in bfloat16. ${without}`);
  return precisions.filter((precision) => precision === "float32" || !without);
}

function python(): Promise<Python> {
  return opened ??= openPython(flags.python, flags);
}
