/** Small runs made up for the tests: folders as `deno task reproduce` leaves them, with numbers that no real run has. */
import { classesOf } from "../../../lib/data/diagnosis.ts";
import { join } from "node:path";
import { measureSet } from "../../../lib/evaluation/set_scores.ts";
import { honestFile, type HonestResults } from "../../../lib/experiment/honest/results.ts";
import type { FairComparison } from "../../../lib/experiment/fair_comparison.ts";
import { logOpening } from "../../../lib/experiment/openings.ts";
import type { OfficialResults } from "../../../lib/experiment/official_testing.ts";
import { deeperResult, type Result, type Results } from "../../../lib/experiment/results.ts";
import type { AllImagesRow, StudyResult } from "../../../lib/experiment/studies.ts";
import { claimed } from "../../../lib/experiment/write_up.ts";
import { display } from "../../../lib/figures/show.ts";
import { classBars } from "../../../lib/figures/class_bars.ts";
import { table } from "../../../lib/figures/table.ts";
import { writeAtomic } from "../../../lib/support/atomic.ts";
import { photoMetadata } from "../../../lib/support/photo_tag.ts";
import { notebookOf } from "../../support/notebook/run_cells.ts";
import {
  type CodeCell,
  type MimeBundle,
  type Notebook,
  type Output,
  serializeNotebook,
} from "../../../lib/support/notebook/ipynb.ts";
import type { Depth, OptimizerName } from "../../../lib/recipe.ts";

const scores = (accuracy: number, n: number) => ({
  ...{ n, accuracy, balancedAccuracy: accuracy, macroPrecision: accuracy, macroRecall: accuracy },
  ...{ macroF1: accuracy - 0.01, loss: 1 },
});

/** A network or baseline of results.json, by its accuracies on validation and test; the interval is 0.03 to both sides. */
export function resultRun(
  name: string,
  { depth = "head", optimizer = "nadam", validation = 0.5, test = 0.4 }: {
    depth?: Depth | null;
    optimizer?: OptimizerName | null;
    validation?: number;
    test?: number;
  },
): Result {
  return {
    ...{
      name,
      preset: "quick",
      depth,
      optimizer,
      scaling: "divide255",
      size: 64,
      seed: 0,
      recipe: [],
      history: [],
    },
    ...{ bestEpoch: null, configuration: depth && name.padEnd(12, "0") },
    train: scores(0.9, 960),
    validation: scores(validation, 240),
    test: {
      ...{ ...scores(test, 853), perClass: [], confusion: [] },
      interval: depth ? { low: test - 0.03, high: test + 0.03 } : null,
    },
  };
}

const leak = (dx: string, images: number, copyShare: number, lesionShare: number) => ({
  ...{ dx, images, copyShare, lesionShare, withCopy: copyShare * images, withLesion: lesionShare * images },
});

/** Results that no real run has: claimed 77.7 %, measured 41.2 %, 31.4 % leaked. */
export function drawnResults(changes: Partial<Results> = {}): Results {
  const counts = { images: 1001, augmented: 4265, train: 3412, test: 853, subset: 1200, subsetTrain: 960 };
  const group = (seen: string, n: number, accuracy: number) => ({
    ...{ seen, n, accuracy, interval: { low: accuracy - 0.05, high: accuracy + 0.05 } },
  });
  return {
    ...{
      synthetic: false,
      protocol: "as-written",
      ham10000: true,
      classes: changes.official ? classesOf(["nv", "mel"]) : [],
      skipped: { count: 0, images: [] },
    },
    counts: { ...counts, subsetValidation: 240, perClass: {} as Results["counts"]["perClass"] },
    chosen: "adam",
    runs: [
      resultRun("frozen, nadam", { validation: 0.43, test: 0.45 }),
      resultRun("frozen, adam", { optimizer: "adam", validation: 0.44, test: 0.412 }),
    ],
    baselines: [resultRun("always the commonest", { depth: null, optimizer: null, test: 0.15 })],
    claimed: { ...claimed, title: "A write-up", accuracy: 0.777 } as unknown as Results["claimed"],
    leakage: { against9600: [leak("mel", 400, 0.2, 0.5), leak("all", 853, 0.314, 0.629)], against34120: [] },
    exposure: {
      ...{ run: "frozen, adam", classes: ["bkl", "mel"] },
      rows: [
        group("another copy of the photo", 61, 0.812),
        group("another photo of the lesion", 7, 0.714),
        group("nothing of the lesion", 32, 0.533),
        group("all of these classes", 100, 0.71),
      ],
    },
    ...{ weights: "imagenet", versions: {}, digests: { data: "d", weights: "w" } },
    engine: { name: "tfjs-node", tensorflow: "2.21.0", tfjs: "4.22.0", oneDnn: true, threads: 3 },
    ...changes,
  };
}

/** A network's numbers on an official set of 40 photos, with or without a control; no real run has them. */
export function drawnOfficial(options: { control: boolean }): OfficialResults {
  const scores = (rightOf: number) =>
    measureSet({
      truth: Array.from({ length: 40 }, (_, row) => row % 2),
      probabilities: Float32Array.from(
        Array.from({ length: 40 }, (_, row) =>
          (row % 2 === 0) === (row % 10 < rightOf) ? [0.9, 0.1] : [0.1, 0.9]).flat(),
      ),
      groups: Array.from({ length: 40 }, (_, row) =>
        `${row}`),
      classes: 2,
    }, { seed: 0 });
  const difference = { difference: -0.3, low: -0.412, high: -0.187 };
  const control = options.control
    ? {
      ...{ asTheyAre: scores(8), sameForm: scores(5) },
      difference: { accuracy: difference, balancedAccuracy: difference },
    }
    : null;
  const matching = { sameButCase: [], renamed: [], unknown: [] };
  return {
    title: "the official test set of ISIC 2018 Task 3",
    set: {
      ...{ name: "truth.csv", photos: 40, lesions: 40, lacking: [], notes: [], matching },
      knowsLesions: false,
    },
    ...{ digest: "d", damaged: [], shared: { photos: 0, lesions: null, either: 0 } },
    control: control && { photos: 40, lesions: 31, lacking: ["df"] },
    runs: [
      {
        ...{ name: "frozen, adam", configuration: "c", asWritten: scores(9), test: scores(6), unseen: null },
        control,
      },
    ],
  };
}

/** A code cell's display of this bundle. */
export function shown(data: MimeBundle, metadata: Record<string, unknown> = {}): Output {
  return { output_type: "display_data", data, metadata };
}

/** A notebook whose code cells have run, each with its outputs; a text that starts with `#` is a Markdown cell. */
export function executed(...cells: (string | { source: string; outputs: Output[] })[]): Notebook {
  const notebook = notebookOf(...cells.map((cell) => typeof cell === "string" ? cell : cell.source));
  let count = 0;
  for (const [i, cell] of cells.entries()) {
    if (typeof cell === "string") continue;
    Object.assign(notebook.cells[i] as CodeCell, { outputs: cell.outputs, execution_count: ++count });
  }
  return notebook;
}

/** One of each that a notebook shows: prose, table, figure, photo, printed text with colours, progress, a warning. */
export async function drawnNotebook(title: string): Promise<Notebook> {
  const counts = { mel: 1113, nv: 6705 };
  const figure = classBars(counts, { title: "Most are nevi" });
  const rows = table([{ name: "a", n: 1 }, { name: "b", n: 22 }], [{ value: "name", title: "name" }, {
    value: "n",
    title: "n",
    best: "max",
  }], { caption: "Two rows" });
  const stream = (name: "stdout" | "stderr", text: string): Output => ({ output_type: "stream", name, text });
  return executed(
    `# ${title}\n\nWhat this notebook is about. See [the other](02_more.ipynb#a-part) and [that](gone.ipynb).`,
    { source: 'import { x } from "x"; // why', outputs: [stream("stdout", "\x1b[31mred\x1b[0m\n")] },
    "#### Too deep a heading\n\n# A second title",
    { source: "show(table)", outputs: [shown(rows[display]() as MimeBundle)] },
    { source: "show(figure)", outputs: [shown(await figure[display]() as MimeBundle)] },
    {
      source: "show(photo)",
      outputs: [
        shown({ "image/png": tinyPng }, photoMetadata({ alt: "A melanoma." })),
        shown({ "text/plain": "Activations 45 %" }, { ham10000: { progress: { done: 1, total: 2 } } }),
        stream("stderr", "careful"),
      ],
    },
  );
}

/** Studies that notebook 6 could leave behind, with numbers that no real run has; five trainings of an hour in all. */
export function drawnStudies() {
  const run = (label: string, depth: Depth, validation: number, minutes: number): StudyResult => ({
    ...{ label, depth, minutes, optimizer: "nadam", scaling: "divide255", size: 64, images: 960 },
    ...{ parameters: 100, epochs: 6, bestEpoch: 5, configuration: `${depth} ${minutes}` },
    train: { accuracy: 0.97, loss: 0.1 },
    validation: { n: 240, accuracy: validation, loss: 1 },
  });
  const head = run("head", "head", 0.441, 1);
  const deep = run("block5", "block5", 0.613, 19);
  const row = (name: string, test: number, minutes: number): AllImagesRow => ({
    ...{ name, test, minutes, images: 1200, epochs: 2, copyShare: 0.321, validation: 0.7 },
    ...{ interval: { low: 0.5, high: 0.8 }, configuration: name },
  });
  const optimizers: FairComparison = {
    optimizers: [{
      ...{
        optimizer: "adam",
        grid: [],
        learningRate: 0.01,
        accuracies: [0.432],
        mean: 0.432,
        deviation: 0.01,
      },
    }],
    differences: [],
  };
  return {
    ladder: [head, deep],
    scaling: [head, { ...run("head, imagenet", "head", 0.461, 2), scaling: "imagenet" }],
    deep_optimizers: [deep],
    image_sizes: [head],
    optimizers,
    all_images: [row("1,200 images", 0.652, 19), row("3,412 images", 0.689, 19)],
  };
}

/** One pixel. */
export const tinyPng =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Writes a run's folder; returns its path. */
export async function writeRun(
  folder: string,
  run: {
    notebooks: Record<string, Notebook>;
    results?: Results | null;
    timings?: Record<string, number>;
    /** By name; see `drawnStudies`. */
    studies?: Record<string, unknown>;
    honest?: HonestResults;
    /** In Markdown. */
    modelCard?: string;
    /** Of the test, by the run's digest. */
    openings?: string[];
    /** Of the deeper run. */
    trainingSeconds?: number;
    /** What `run.json` records of notebooks: their settings, by name. */
    recorded?: Record<string, string>;
  },
): Promise<string> {
  const write = (name: string, text: string) => writeAtomic(join(folder, name), text);
  for (const [name, notebook] of Object.entries(run.notebooks)) {
    await write(`notebooks/${name}.ipynb`, serializeNotebook(notebook));
  }
  if (run.results) await write("results.json", JSON.stringify(run.results));
  for (const [name, study] of Object.entries(run.studies ?? {})) {
    await write(`studies/${name}.json`, JSON.stringify(study));
  }
  if (run.honest) await write(honestFile, JSON.stringify(run.honest));
  if (run.modelCard) await write("honest_model/MODEL_CARD.md", run.modelCard);
  if (run.timings) await write("timings.json", JSON.stringify(run.timings));
  for (const name of run.openings ?? []) {
    await logOpening(folder, { name, configuration: name, set: "the test" });
  }
  const deeper = run.results && deeperResult(run.results);
  if (deeper && run.trainingSeconds) {
    const training = `${deeper.depth}-${deeper.configuration!.slice(0, 12)}`;
    await write(`trainings/${training}/run.seconds.json`, JSON.stringify({ seconds: run.trainingSeconds }));
  }
  const records = Object.entries(run.recorded ?? {}).map(([name, configuration]) =>
    [name, { fingerprint: { configuration }, files: {} }] as const
  );
  await write("run.json", JSON.stringify({ notebooks: Object.fromEntries(records) }));
  return folder;
}
