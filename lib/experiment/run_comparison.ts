/** Compares two stored runs by the files they have written: nothing is trained, no photo decoded and no test opened. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Config, type Experiment, experimentOf, storeFolder } from "../config.ts";
import type { Interval } from "../evaluation/intervals.ts";
import { argmaxRows, confusionMatrix } from "../evaluation/metrics.ts";
import { type AnsweredRows, compareAnswers, type ScoreDifference } from "../evaluation/set_scores.ts";
import { stageOf } from "../recipe.ts";
import { parse } from "../support/csv.ts";
import { digestOf } from "../support/digest.ts";
import { thousands } from "../support/format.ts";
import { nullIfGone } from "../support/storage_error.ts";
import { openStore } from "../support/store.ts";
import { type Opening, openingsFile, readOpenings } from "./openings.ts";
import { bestResult, readResults, readRunFile, type Result, type Results } from "./results.ts";

/** A finished run, as its folder holds it. */
export interface StoredRun {
  readonly folder: string;
  readonly results: Results;
  /** The settings that decide the results; null if the folder does not hold them. */
  readonly configuration: Experiment | null;
  /** Digest of the test's pixels and labels, from the log of openings; null if the log has no line for these networks. */
  readonly set: string | null;
}

/** Plain values, to be saved as JSON. */
export interface RunComparison {
  readonly runs: readonly [RunSummary, RunSummary];
  /** Settings that decide results and differ; null if a run's configuration is not known. */
  readonly configuration: readonly FieldDifference[] | null;
  /** What differs between the machines and engines that tested the networks; what a run does not tell is left out. */
  readonly machines: readonly FieldDifference[];
  /** Whether the photos with their table have the same bytes, and whether the weights do. */
  readonly same: { readonly photos: boolean; readonly weights: boolean };
  /** `same`: whether all networks answered the same pixels and labels; null if unknown. `reasons`: why not, or why unknown. */
  readonly test: {
    readonly same: boolean | null;
    readonly reasons: readonly string[];
    /** Number of different lesions in the test; null if no differences were computed. */
    readonly lesions: number | null;
  };
  /** Pairs of the same name in the first run's order, then networks that only one run has. */
  readonly networks: readonly NetworkPair[];
  /** The networks that each run's validation prefers; null if they are already a pair. */
  readonly best: NetworkPair | null;
  /** Sentences that a reader must know to interpret the numbers. */
  readonly notes: readonly string[];
}

export interface RunSummary {
  readonly folder: string;
  readonly synthetic: boolean;
  readonly weights: string;
  readonly photos: number;
  /** Test accuracy of always answering the commonest class of training; null if it was not measured. */
  readonly commonest: number | null;
  readonly set: string | null;
}

export interface FieldDifference {
  /** For example `epochs`, `augmentation, rotation` or `recipe, stage 1, dropout`. */
  readonly field: string;
  /** Null if it is not set. */
  readonly first: unknown;
  readonly second: unknown;
}

/** A network's scores on its run's own test, and on the official one. */
export interface Network
  extends Pick<Result["test"], "n" | "accuracy" | "interval" | "balancedAccuracy" | "macroF1" | "loss"> {
  readonly name: string;
  readonly configuration: string;
  /** Null if it was not tested there. */
  readonly official:
    | { readonly n: number; readonly balancedAccuracy: number; readonly interval: Interval }
    | null;
}

export interface NetworkPair {
  readonly first: Network | null;
  readonly second: Network | null;
  /** The second score minus the first, with the paired 95 % interval over lesions; null if it cannot be computed. */
  readonly difference: Readonly<Record<"accuracy" | "balancedAccuracy", ScoreDifference>> | null;
}

/** @throws {Error} if the folder holds no finished run; {SyntaxError} if one of its files is damaged */
export async function openStoredRun(folder: string): Promise<StoredRun> {
  const found = await Deno.stat(folder).catch(nullIfGone);
  const results = found?.isDirectory ? await readResults(folder) : null;
  if (results === null) {
    throw new Error(
      `${folder}: expected the folder of a run, such as outputs/quick, with the results.json that notebook 5 writes. ` +
        "deno task reproduce makes one. Received: " +
        (found === null ? "no such folder" : found.isDirectory ? "a folder without results.json" : "a file"),
    );
  }
  const { runs, classes, digests, counts, baselines } = results;
  if (!runs?.length || !classes || !digests || !counts || !baselines) {
    throw new Error(
      `${folder}: results.json is of an older version, or of something else. Run deno task reproduce again`,
    );
  }
  const openings = await readOpenings(folder);
  const set = openings.findLast((opening) => runs.some((run) => isOwnTest(opening, run)))?.set ??
    null;
  return { folder, results, configuration: await readConfiguration(folder), set };
}

/** Values of settings that older versions did not write. */
const older = { precision: "float32", protocol: "as-written" } as const;

/** Reads config.json. A published report has none, but its run.json, too, holds the settings that decide the results. */
async function readConfiguration(folder: string): Promise<Experiment | null> {
  const config = await readRunFile<Config>(join(folder, "config.json"));
  const record = await readRunFile<{ configuration?: Experiment }>(join(folder, "run.json"));
  const found = config ? experimentOf({ ...older, ...config }) : record?.configuration;
  return found ? { ...older, ...found, recipe: (found.recipe ?? []).map(stageOf) } : null;
}

/** Whether an opening is of the run's own test. For other sets, the set's name follows that of the network. */
function isOwnTest(opening: Opening, { name, configuration }: Result): boolean {
  return opening.name === name && opening.configuration === configuration;
}

/** Compares two runs. If both have answered the same test, the stored answers are compared, too. */
export async function compareRuns(first: StoredRun, second: StoredRun): Promise<RunComparison> {
  const runs = [first, second] as const;
  const configuration = first.configuration && second.configuration &&
    fieldDifferences(first.configuration, second.configuration);
  const unknown = runs.filter(({ set }) => set === null).map(({ folder }) =>
    `${folder} does not say which test its networks answered: ${openingsFile} has no line of them`
  );
  const differing = unknown.length > 0 ? [] : await whyTestsDiffer(first, second, configuration ?? []);
  const same = unknown.length > 0 ? null : differing.length === 0;
  const answered = same ? await readAnswers(runs) : { answers: [], notes: [] };
  const pair = (a: Result | null, b: Result | null): NetworkPair => {
    const [before, after] = [a && answered.answers[0]?.get(a), b && answered.answers[1]?.get(b)];
    return {
      first: a && networkOf(first.results, a),
      second: b && networkOf(second.results, b),
      difference: before && after ? compareAnswers(before, after, a!) : null,
    };
  };
  const pairs = pairNames(first.results.runs, second.results.runs);
  const best = [bestResult(first.results), bestResult(second.results)] as const;
  const [rows] = answered.answers.flatMap((answers) => [...answers.values()]);
  return {
    runs: [summaryOf(first), summaryOf(second)],
    configuration,
    machines: fieldDifferences(machineOf(first.results), machineOf(second.results)).filter((one) =>
      one.first !== null && one.second !== null
    ),
    same: {
      photos: first.results.digests.data === second.results.digests.data,
      weights: first.results.digests.weights === second.results.digests.weights,
    },
    test: {
      same,
      reasons: [...unknown, ...differing],
      lesions: rows ? new Set(rows.groups).size : null,
    },
    networks: pairs.map(([a, b]) => pair(a, b)),
    best: pairs.some(([a, b]) => a === best[0] && b === best[1]) ? null : pair(...best),
    notes: [...runs.flatMap(restarted), ...answered.notes, ...officialNotes(first.results, second.results)],
  };
}

/** Fields in which two configurations differ, nested ones included. */
export function fieldDifferences(first: unknown, second: unknown, field = ""): FieldDifference[] {
  if (isDeepStrictEqual(first, second)) return [];
  const isParted = (value: unknown) => typeof value === "object" && value !== null;
  const areAlike = Array.isArray(first)
    ? Array.isArray(second) && first.length === second.length && [...first, ...second].every(isParted)
    : isParted(first) && isParted(second) && !Array.isArray(second);
  if (!areAlike) return [{ field, first: first ?? null, second: second ?? null }];
  const [a, b] = [first, second] as Record<string, unknown>[];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => {
    const name = Array.isArray(first) ? `stage ${Number(key) + 1}` : key;
    return fieldDifferences(a[key], b[key], field ? `${field}, ${name}` : name);
  });
}

function machineOf({ engine, cpu, instructions }: Results) {
  return { CPU: cpu, instructions, engine };
}

/** Pairs each network with the other run's of the same name. If a run has several of one name, their order decides. */
function pairNames(first: readonly Result[], second: readonly Result[]): [Result | null, Result | null][] {
  const left = [...second];
  const pairs = first.map((a): [Result | null, Result | null] => {
    const place = left.findIndex(({ name }) => name === a.name);
    return [a, place < 0 ? null : left.splice(place, 1)[0]];
  });
  return [
    ...pairs.filter(([, b]) => b),
    ...pairs.filter(([, b]) => !b),
    ...left.map((b) => [null, b] as [null, Result]),
  ];
}

function networkOf({ official }: Results, { name, configuration, test }: Result): Network {
  const { n, accuracy, interval, balancedAccuracy, macroF1, loss } = test;
  const tested = official?.runs.find((run) => run.configuration === configuration)?.test;
  return {
    ...{ name, configuration: configuration!, n, accuracy, interval, balancedAccuracy, macroF1, loss },
    official: tested
      ? {
        n: tested.n,
        balancedAccuracy: tested.balancedAccuracy,
        interval: tested.intervals.balancedAccuracy,
      }
      : null,
  };
}

function summaryOf({ folder, set, results }: StoredRun): RunSummary {
  const { synthetic, weights, counts, baselines } = results;
  const commonest = baselines.find(({ name }) => name === "commonest class")?.test.accuracy ?? null;
  return { folder, synthetic, weights, photos: counts.images, commonest, set };
}

/** A note if config.json is of a later run than results.json: it is written when a run starts, the results near its end. */
function restarted({ folder, configuration: settings, results }: StoredRun): string[] {
  if (!settings) return [];
  const { runs, protocol = older.protocol } = results;
  const { seed, size, scaling, preset, precision = older.precision } = runs[0];
  const ofNumbers = { seed, size, scaling, preset, precision, protocol };
  const ofSettings = Object.fromEntries(
    Object.keys(ofNumbers).map((name) => [name, settings[name as "seed"]]),
  );
  const isOwn = ({ recipe }: Result) => isDeepStrictEqual(recipe.map(stageOf), settings.recipe);
  const hasRecipe = settings.recipe.length === 0
    ? runs.every(({ depth }) => depth === "head")
    : runs.some(isOwn);
  if (isDeepStrictEqual(ofNumbers, ofSettings) && hasRecipe) return [];
  return [
    `${folder} was started again with another configuration and has not reached notebook 5, so its numbers are from the ` +
    "earlier run. Run the same deno task reproduce to finish it.",
  ];
}

function officialNotes({ official: first }: Results, { official: second }: Results): string[] {
  if (!first || !second || first.digest === second.digest) return [];
  return [
    "The runs used different official sets: the image size or the photos differ.",
  ];
}

/** Fields that decide a test's pixels and labels. */
const testFields = [
  "size",
  "seed",
  "testShare",
  "augmentation",
  "protocol",
  "classes",
  "columns",
  "joinCase",
  "skipDamaged",
];

/** Why two tests differ. No reasons if they differ only in how pixels are scaled, which the set's digest includes. */
async function whyTestsDiffer(
  first: StoredRun,
  second: StoredRun,
  differences: readonly FieldDifference[],
): Promise<string[]> {
  if (first.set === second.set) return [];
  const [a, b] = [first.results, second.results];
  const codes = ({ classes }: Results) => classes.map(({ code }) => code).join(", ");
  const fields = new Set(differences.map(({ field }) => field.split(", ")[0]));
  const deciding = testFields.filter((field) => fields.has(field));
  const [rows, others] = [await readTestRows(first), await readTestRows(second)];
  const reasons = [
    ...a.digests.data === b.digests.data ? [] : ["the photos or their table differ"],
    ...codes(a) === codes(b) ? [] : [`the labels differ: ${codes(a)} and ${codes(b)}`],
    ...deciding.length > 0 ? [`the runs differ in ${deciding.join(", ")}`] : [],
  ];
  if (reasons.length === 0) {
    if (fields.has("scaling") && rows && isDeepStrictEqual(rows, others)) return [];
    if (fields.has("scaling") && !(rows && others)) {
      return [
        "the runs differ in scaling, and without test.csv in both folders it is not known whether the images are the same",
      ];
    }
    return ["their digests differ, but their files do not show why; the code may have changed"];
  }
  if (!rows || !others) return reasons;
  const known = new Set(rows.map(({ image_id, copy }) => `${image_id} ${copy}`));
  const shared = others.filter(({ image_id, copy }) => known.has(`${image_id} ${copy}`)).length;
  const all = [...new Set([rows, others].map(({ length }) => thousands(length)))].join(" and ");
  return [
    ...reasons,
    `by photo and number of the copy, ${thousands(shared)} of ${all} images are in both tests`,
  ];
}

/** The rows of a run's test in order; null if the folder has no test.csv. @throws {SyntaxError} if it is damaged */
async function readTestRows({ folder }: StoredRun): Promise<Record<string, string>[] | null> {
  const path = join(folder, "test.csv");
  const text = await Deno.readTextFile(path).catch(nullIfGone);
  if (text === null) return null;
  try {
    return parse(text, { skipFirstRow: true });
  } catch (error) {
    throw new SyntaxError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** The stored answers of two runs to the same test, by network, and a sentence for each run with answers that cannot be used. */
async function readAnswers(
  runs: readonly StoredRun[],
): Promise<{ answers: Map<Result, AnsweredRows>[]; notes: string[] }> {
  const table = await readTestRows(runs[0]) ?? await readTestRows(runs[1]);
  if (table === null) {
    return { answers: [], notes: ["No run has its test.csv any more, so no differences are computed."] };
  }
  const answers: Map<Result, AnsweredRows>[] = [];
  const notes: string[] = [];
  for (const { folder, results, set } of runs) {
    const codes = results.classes.map(({ code }) => code);
    const truth = table.map(({ dx }) => codes.indexOf(dx));
    const groups = table.map(({ lesion_id }) => lesion_id);
    const store = openStore(storeFolder({ out: folder }));
    const found = new Map<Result, AnsweredRows>();
    let differ = false;
    for (const run of results.runs) {
      const stored = await store.read("answers", digestOf({ configuration: run.configuration, set }));
      if (stored === null) continue;
      const rows = { truth, groups, probabilities: stored.tensors.answers, classes: codes.length };
      if (fitsResult(rows, run)) found.set(run, rows);
      else differ = true;
    }
    answers.push(found);
    const lacking = results.runs.filter((run) => !found.has(run)).map(({ name }) => `"${name}"`);
    if (lacking.length === 0) continue;
    notes.push(
      differ
        ? `${folder}: the stored answers with test.csv do not give the numbers of results.json, so no differences are computed ` +
          `for ${lacking.join(", ")}.`
        : `${folder} has no stored answers ${
          found.size === 0 ? "(a published report has no store)" : `of ${lacking.join(", ")} any more`
        }, so the metrics stand alone.`,
    );
  }
  return { answers, notes };
}

/** Whether answers with these labels give the measured confusion matrix: if not, they belong to other rows, or to another order. */
function fitsResult({ truth, probabilities, classes }: AnsweredRows, { test }: Result): boolean {
  if (probabilities.length !== truth.length * classes || Array.from(truth).includes(-1)) return false;
  return isDeepStrictEqual(
    confusionMatrix(truth, argmaxRows(probabilities, classes), classes),
    test.confusion,
  );
}
