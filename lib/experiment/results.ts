/** `results.json`: every number of a run in one object, written and read here. The same run gives the same bytes. */
import { join } from "node:path";
import { type Config, type Precision, type Preset, type Protocol, type Scaling } from "../config.ts";
import { type ImageSize } from "../image_size.ts";
import { type Depth, type OptimizerName, type Recipe } from "../recipe.ts";
import { countLabels, type DiagnosisClass } from "../data/diagnosis.ts";
import { comparableClasses, countLeakage, type Leakage } from "../data/leakage.ts";
import { labelsOf, type Parts } from "../data/parts.ts";
import type { Interval } from "../evaluation/intervals.ts";
import { type ClassMetrics, type Evaluation, rankRuns, rankTested } from "../evaluation/metrics.ts";
import { writeAtomic } from "../support/atomic.ts";
import type { EngineIdentity } from "../support/engine/engine.ts";
import { cpuInstructions } from "../support/engine/engine_choice.ts";
import { cpuModel } from "../support/host.ts";
import { nullIfGone } from "../support/storage_error.ts";
import { packageVersions } from "../support/versions.ts";
import type { Baseline } from "./baselines.ts";
import type { Experiment } from "./experiment.ts";
import { accuracyByExposure, type ExposureRow } from "./exposure.ts";
import type { OfficialResults } from "./official_testing.ts";
import type { RunEpoch } from "./run.ts";
import type { TestedRun } from "./testing.ts";
import { claimed } from "./write_up.ts";
import { jsonText } from "../support/json.ts";

/** Scores on one part: shares from 0 to 1, except the count and the loss, which is a cross-entropy in nats. */
export type Scores = Pick<
  Evaluation,
  "n" | "accuracy" | "balancedAccuracy" | "macroPrecision" | "macroRecall" | "macroF1" | "loss"
>;

export interface TestScores extends Scores {
  readonly perClass: readonly ClassMetrics[];
  /** Rows: true class. Columns: predicted class. */
  readonly confusion: readonly (readonly number[])[];
  /** 95 % interval of the accuracy, over lesions; null for a baseline. */
  readonly interval: Interval | null;
}

/** A trained network or a baseline, on all parts. */
export interface Result {
  readonly name: string;
  readonly preset: Preset;
  /** `head`: only the softmax was trained; `block5` … `block1`: from that block on; null: a baseline. */
  readonly depth: Depth | null;
  readonly optimizer: OptimizerName | null;
  readonly scaling: Scaling;
  /** Left out if it is `float32`. */
  readonly precision?: Precision;
  readonly size: ImageSize;
  readonly seed: number;
  /** Digest of everything that decides the result; null for a baseline. */
  readonly configuration: string | null;
  readonly recipe: Recipe;
  /** The best epoch of the last stage, from 1; null if the last epoch's weights count. */
  readonly bestEpoch: number | null;
  readonly history: readonly RunEpoch[];
  readonly train: Scores;
  readonly validation: Scores;
  readonly test: TestScores;
}

type Part = Exclude<keyof Parts, "table">;

export interface Results {
  readonly synthetic: boolean;
  readonly protocol: Protocol;
  /** Whether the photos are HAM10000's: the claim is about no others. */
  readonly ham10000: boolean;
  readonly classes: readonly DiagnosisClass[];
  readonly skipped: { readonly count: number; readonly images: readonly string[] };
  readonly counts:
    & { readonly images: number; readonly augmented: number }
    & Readonly<Record<Part, number>>
    & { readonly perClass: Readonly<Record<"images" | "augmented" | Part, readonly number[]>> };
  /** The optimizer on the frozen network that validation preferred before the test was opened. */
  readonly chosen: OptimizerName;
  /** The networks: first the frozen ones, then the recipe's, if there is one. */
  readonly runs: readonly Result[];
  readonly baselines: readonly Result[];
  readonly claimed: typeof claimed;
  readonly leakage: { readonly against9600: readonly Leakage[]; readonly against34120: readonly Leakage[] };
  /** The best run's accuracy on comparable classes, by what training has shown of the image. */
  readonly exposure: {
    readonly run: string;
    readonly classes: readonly string[];
    readonly rows: readonly ExposureRow[];
  };
  /** Results on the official test set, which was never augmented; null if it was not there. Missing in older results. */
  readonly official?: OfficialResults | null;
  /** `imagenet`, `random` or `other`. */
  readonly weights: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly engine: EngineIdentity;
  /** CPU model of the machine that ran the test's notebook; null if the system does not say. Missing in older results. */
  readonly cpu?: string | null;
  /** The CPU's instruction sets that decide the last bits; empty if the system does not say. Missing in older results. */
  readonly instructions?: string;
  readonly digests: { readonly data: string; readonly weights: string };
}

/** Assembles the results of the tested networks; the frozen ones come first. */
export function makeResults(
  experiment: Experiment,
  tested: readonly TestedRun[],
  baselines: readonly Baseline[],
  official: OfficialResults | null = null,
): Results {
  const { config, parts, source, weights, dataDigest } = experiment;
  const { table, ...lists } = parts;
  const perClass = (rows: readonly number[]) => countLabels(labelsOf(parts, rows), source.classes.length);
  const ofParts = <T>(of: (rows: readonly number[]) => T) =>
    Object.fromEntries(Object.entries(lists).map(([part, rows]) => [part, of(rows)])) as Record<Part, T>;
  const frozen = tested.filter(({ run }) => run.depth === "head");
  const [best] = rankTested(tested);
  const classes = comparableClasses(source, parts);
  return {
    synthetic: source.synthetic,
    protocol: config.protocol,
    ham10000: !source.synthetic && !source.own,
    classes: source.classes,
    skipped: { count: source.skipped?.length ?? 0, images: source.skipped ?? [] },
    counts: {
      images: source.samples.length,
      augmented: table.length,
      ...ofParts((rows) => rows.length),
      perClass: {
        images: source.counts,
        augmented: perClass(table.map((_, row) => row)),
        ...ofParts(perClass),
      },
    },
    chosen: rankTested(frozen)[0].run.optimizer,
    runs: tested.map((one) => resultOf(config, { ...one.run, test: one.test }, one)),
    baselines: baselines.map((baseline) => resultOf(config, baseline)),
    claimed,
    leakage: {
      against9600: countLeakage(source, parts, parts.subsetTrain),
      against34120: countLeakage(source, parts, parts.train),
    },
    exposure: { run: best.run.name, classes, rows: accuracyByExposure(experiment, best, classes) },
    official,
    weights: weights.source,
    versions: packageVersions(),
    engine: experiment.engine,
    cpu: cpuModel(),
    instructions: cpuInstructions(),
    digests: { data: dataDigest, weights: weights.digest },
  };
}

/** Writes `results.json` in the run's folder. */
export async function saveResults(config: Config, results: Results): Promise<void> {
  await writeAtomic(join(config.out, "results.json"), jsonText(results));
}

/** Reads what `saveResults` wrote; null if there is none. @throws {SyntaxError} if it is not JSON */
export async function readResults(folder: string): Promise<Results | null> {
  return await readRunFile(join(folder, "results.json"));
}

/** Reads a JSON file of a run; null if there is none. @throws {SyntaxError} if it is not JSON */
export async function readRunFile<T>(path: string): Promise<T | null> {
  const text = await Deno.readTextFile(path).catch(nullIfGone);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(
      `${path} is no JSON: run deno task reproduce again. Received: ${(error as Error).message}`,
    );
  }
}

/** The result to compare with the write-up: of the frozen networks, the one that validation chose. */
export function asWrittenResult({ runs, chosen }: Results): Result {
  return runs.find(({ depth, optimizer }) => depth === "head" && optimizer === chosen)!;
}

/** The best network by validation among those that train more than the softmax; null if there is none. */
export function deeperResult({ runs }: Results): Result | null {
  const deeper = runs.filter(({ depth }) => depth !== "head");
  return rankRuns(deeper)[0] ?? null;
}

/** The better of those two on validation: figures and tables are about it. */
export function bestResult(results: Results): Result {
  const deeper = deeperResult(results);
  return rankRuns([asWrittenResult(results), ...deeper ? [deeper] : []])[0];
}

/** The result of a network, or without `run` that of a baseline. */
function resultOf(
  { preset, scaling, size, seed, precision }: Config,
  { name, train, validation, test }: Baseline,
  { run, interval }: Partial<TestedRun> = {},
): Result {
  const { depth, optimizer, configuration, recipe, bestEpoch, history } = run ?? noRun;
  return {
    ...{ name, preset, depth, optimizer, scaling, size, seed },
    ...run && precision !== "float32" && { precision },
    ...{ configuration, recipe, bestEpoch, history },
    ...{ train: scores(train), validation: scores(validation) },
    test: { ...scores(test), perClass: test.perClass, confusion: test.confusion, interval: interval ?? null },
  };
}

const noRun = { depth: null, optimizer: null, configuration: null, recipe: [], bestEpoch: null, history: [] };

function scores(
  { n, accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss }: Evaluation,
): Scores {
  return { n, accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss };
}
