/**
 * Program: this project's speed beside its peers', on the same inputs, in one run on one machine.
 *
 * All programs of a case stay loaded; each round runs them one after the other, every round beginning with another one, and ratios
 * are taken within a round. First every peer's results are compared with ours. Writes `outputs/bench.json`.
 */
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { writeAtomic } from "../../lib/support/atomic.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { pathForCaller, standWithCaller } from "../../lib/tasks/caller.ts";
import { type Case, type CaseResult, runCase } from "./case.ts";
import { measureComparison } from "./comparison.ts";
import { pythonWithPeers } from "./environment.ts";
import { featuresCase } from "./features.ts";
import { type Flags, help, readFlags } from "./flags.ts";
import { writeInputs } from "./inputs.ts";
import { measureKerasRun, measureQuickRun, quickLimitSeconds } from "./quick_run.ts";
import { reportCase, reportTarget } from "./report.ts";
import { augmentationCase, decodeCases, evaluationCases } from "./stages.ts";
import { trainingCase } from "./training.ts";

standWithCaller();
const flags = readFlags(Deno.args);
if (flags.help) {
  console.log(help);
  Deno.exit(0);
}
const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: navigator.hardwareConcurrency,
  loadBefore: loadavg()[0],
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore.toFixed(2)} before the first round`,
);
if (machine.loadBefore > 0.5) {
  console.log("Other work is running: it will show in the times, less in the ratios.");
}
const folder = await Deno.makeTempDir({ prefix: "bench" });
try {
  const cases: CaseResult[] = [];
  const { images, trainingImages, rounds } = flags;
  const inputs = {
    ...{ images, trainingImages },
    photos: flags.data !== null,
    weights: flags.weights ? "given" : "random",
  };
  const save = (others: { comparison?: unknown; quick?: unknown } = {}) =>
    writeAtomic(flags.out, JSON.stringify({ machine, inputs, rounds, cases, ...others }, null, 2) + "\n");
  for await (const each of prepare(folder, flags)) {
    const result = await runCase(each, { rounds, folder });
    reportCase(result);
    cases.push(result);
    await save(); // a run that is stopped keeps what it has measured
  }
  const comparison = flags.cases.includes("comparison") ? await runComparison() : null;
  const quick = flags.quick
    ? await runQuick(cases.find(({ name }) => name === "features")!.peers[0].imagesPerSecond)
    : null;
  await save({ comparison, quick });
  console.log(`\nWritten to ${pathForCaller(flags.out)}`);
  const passes = [
    ...cases.flatMap(({ targets }) => targets),
    ...comparison ? [comparison] : [],
    ...quick ? [quick] : [],
  ];
  if (passes.some(({ pass }) => !pass)) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function peersPython(): Promise<string> {
  return flags.python ?? await pythonWithPeers(join(projectRoot, "data", "bench-venv"));
}

/** The asked-for cases, each with its inputs written just before it runs. */
async function* prepare(folder: string, { images, trainingImages, ...flags }: Flags): AsyncGenerator<Case> {
  if (!flags.cases.some((name) => name !== "comparison")) return;
  const python = await peersPython();
  const asked = (...names: string[]) => flags.cases.some((name) => names.includes(name));
  const stage = { images, data: flags.data, python };
  if (asked("decode", "augmentation", "features", "evaluation")) {
    await writeInputs(folder, { ...flags, images });
  }
  if (asked("decode")) yield* decodeCases(folder, stage);
  if (asked("augmentation")) yield await augmentationCase(folder, stage);
  if (asked("features")) yield featuresCase(folder, { images, python });
  if (asked("evaluation")) yield* evaluationCases(folder, stage);
  if (!flags.cases.includes("training")) return;
  await writeInputs(folder, { ...flags, images: trainingImages });
  for (const depth of flags.depths) {
    yield await trainingCase(folder, depth, { images: trainingImages, python });
  }
}

async function runComparison() {
  const result = await measureComparison(folder, flags);
  console.log(`\ncomparison of the optimizers, ${result.rows} rows`);
  reportTarget(
    result.pass,
    `at most ${result.atMost} × its training steps alone: ${result.ratio.toFixed(2)}`,
  );
  return result;
}

/** The whole way from photos to rendered notebooks: within the time that the measured speed allows, and under 4 GB. */
async function runQuick(imagesPerSecond: number) {
  const { seconds, gigabytes } = await measureQuickRun(flags.data!, flags.weights!);
  const inputs = { python: await peersPython(), data: flags.data!, weights: flags.weights! };
  const targets = [];
  for (const [way, atLeast] of [["careful", 1.5], ["write-up", 20]] as const) {
    const peer = await measureKerasRun(way, inputs);
    const ratio = peer.seconds / seconds;
    targets.push({ way, ...peer, atLeast, ratio, pass: ratio >= atLeast });
  }
  const limit = quickLimitSeconds(imagesPerSecond);
  const isQuick = seconds <= limit && (gigabytes === null || gigabytes < 4);
  console.log();
  reportTarget(
    isQuick,
    `quick run: ${seconds.toFixed(0)} s of at most ${limit.toFixed(0)} s, ` +
      `${gigabytes?.toFixed(1) ?? "?"} GB of less than 4 GB`,
  );
  for (const { way, atLeast, ratio, pass, seconds } of targets) {
    reportTarget(
      pass,
      `at least ${atLeast} × Keras, the ${way === "careful" ? "careful" : "write-up's"} way (${
        seconds.toFixed(0)
      } s): ${ratio.toFixed(2)}`,
    );
  }
  return { seconds, limit, gigabytes, targets, pass: isQuick && targets.every(({ pass }) => pass) };
}
