/**
 * How the honest model is chosen: one change after the other is trained and asked, and stays only if validation prefers it clearly.
 * No test has a part in it.
 *
 * What is compared is the log loss on all validation photos, each class weighing the same: it sees more than right and wrong, where a
 * class has a dozen photos.
 */
import type { Config } from "../../config.ts";
import { countLabels } from "../../data/diagnosis.ts";
import { checkLeakFree, type LeakEvidence } from "../../data/leak_check.ts";
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import { bootstrap, type Measured } from "../../evaluation/intervals.ts";
import { classMean, evaluate, rowLosses } from "../../evaluation/metrics.ts";
import type { Model } from "../../training/model.ts";
import { type Experiment, openExperiment } from "../experiment.ts";
import { changed, type HonestChoice, type HonestPlan } from "./choice.ts";
import { answerPhotos, trainHonest } from "./training.ts";
import {
  adjustLogits,
  averageWeights,
  crossFittedAnswers,
  fitAdjustment,
  type LogitAdjustment,
} from "./weights.ts";
import type { Related } from "../leakage/division.ts";
import { variantOf } from "../study_runs.ts";

/** What a change came to. Plain values: survives JSON. */
export interface HonestRow {
  readonly label: string;
  readonly change: Partial<HonestChoice>;
  /** On validation, mean over the networks. */
  readonly loss: number;
  readonly balancedAccuracy: number;
  /** Loss with the change minus loss without it, below 0 where it helps; null of the start. */
  readonly difference: Measured | null;
  readonly stays: boolean;
  /** Of training its networks. */
  readonly minutes: number;
}

export interface HonestSelection {
  readonly rows: readonly HonestRow[];
  readonly choice: HonestChoice;
  /** Null where logits stay as they are. */
  readonly adjustment: LogitAdjustment | null;
  /** Validation photos and their groups. */
  readonly photos: number;
  readonly groups: number;
  /** The one network that answers. */
  readonly model: Model;
  /** With photos of its size. */
  readonly experiment: Experiment;
}

/** The validation photos, and photos of each class in training. */
interface Validation {
  readonly truth: readonly number[];
  readonly groups: readonly string[];
  readonly counts: readonly number[];
  readonly seed: number;
}

/** A choice with its networks, and what they answer on validation. */
interface Tried {
  readonly choice: HonestChoice;
  readonly models: readonly Model[];
  readonly answers: readonly Float32Array[];
  /** What the choice is judged by, where it was fitted on validation: answers, to photos as they are, of what was fitted on the other half. */
  readonly judged: readonly Float32Array[];
  readonly adjustment: LogitAdjustment | null;
  readonly minutes: number;
}

/** @throws {Error} as `checkLeakFree` */
export function checkHonestParts(
  { train, validation, test }: Pick<LeakFreeParts, "train" | "validation" | "test">,
  evidence: LeakEvidence,
): void {
  const photosOf = (rows: readonly number[]) => rows.map((row) => ({ row, copy: 0 }));
  checkLeakFree({ train: photosOf(train), validation: photosOf(validation), test: photosOf(test) }, evidence);
}

/**
 * Tries a plan's changes in their order. What is trained already is taken; stopped at any moment and called again it goes on.
 *
 * @param related what pixels tell of the photos
 * @param experimentOf the experiment with photos of a choice's size. Default: opens each once
 * @throws {Error} where the parts leak
 */
export async function selectHonest(
  config: Config,
  { samples, classes }: Experiment["source"],
  parts: LeakFreeParts,
  { start, steps, seeds }: HonestPlan,
  { evidence }: Pick<Related, "evidence">,
  experimentOf = openBySize(config),
): Promise<HonestSelection> {
  checkHonestParts(parts, evidence);
  const labelsOf = (rows: readonly number[]) => rows.map((row) => samples[row].label);
  const validation: Validation = {
    truth: labelsOf(parts.validation),
    groups: parts.validation.map((row) => `${parts.groupOf[row]}`),
    counts: countLabels(labelsOf(parts.train), classes.length),
    seed: config.seed,
  };
  const attempt = async (choice: HonestChoice, label: string) =>
    await tryChoice(experimentOf, parts, choice, { label, seeds, validation });

  let current = await attempt(start, "Photos as they are");
  const rows: HonestRow[] = [
    {
      label: "photos as they are",
      change: {},
      ...scoresOf(current.judged, validation),
      minutes: current.minutes,
      difference: null,
      stays: true,
    },
  ];
  for (const step of steps) {
    const { label, change } = step;
    const tried = await attempt(changed(current.choice, step), label);
    // Orientations are asked with the adjustment that stands already, so nothing is fitted anew
    const by = change.orientations ? "answers" : "judged";
    const difference = compareLosses(current[by], tried[by], validation);
    const stays = difference.high < 0;
    rows.push({
      label,
      change,
      ...scoresOf(tried[by], validation),
      minutes: tried.minutes,
      difference,
      stays,
    });
    if (stays) current = tried;
  }
  const { choice, models: [model], adjustment } = current;
  const { truth, groups } = validation;
  return {
    ...{ rows, choice, adjustment, model, photos: truth.length, groups: new Set(groups).size },
    experiment: await experimentOf(choice),
  };
}

/** The experiment with photos of a choice's size, each opened once. */
function openBySize(config: Config): (choice: HonestChoice) => Promise<Experiment> {
  const opened = new Map<number, Promise<Experiment>>();
  return ({ size }) =>
    opened.getOrInsertComputed(size, () => {
      return openExperiment(variantOf(config, { change: { size, scaling: "imagenet", recipe: [] } }));
    });
}

/**
 * Trains one network of a place of the plan (`trainedPlaces`), without asking what comes of it. Which changes before it stay is decided
 * first, as `selectHonest` does.
 *
 * @param options `network`: place of its seed; `store`: where it is kept; `signal` stops it soon, with a checkpoint
 */
export async function trainAtPlace(
  config: Config,
  source: Experiment["source"],
  parts: LeakFreeParts,
  plan: HonestPlan,
  related: Pick<Related, "evidence">,
  { place, network, store, signal }:
    & { place: number; network: number; signal?: AbortSignal }
    & Pick<Experiment, "store">,
): Promise<void> {
  const { start, steps, seeds } = plan;
  const open = openBySize(config);
  const before = async () => {
    const decided = { ...plan, steps: steps.slice(0, place - 1) };
    return (await selectHonest(config, source, parts, decided, related, open)).choice;
  };
  const choice = place === 0 ? start : changed(await before(), steps[place - 1]);
  const experimentOf = async (choice: HonestChoice) => ({ ...await open(choice), store });
  await trainHonest(experimentOf, parts, choice, { seed: seeds[network], label: "Training", signal });
}

async function tryChoice(
  experimentOf: (choice: HonestChoice) => Promise<Experiment>,
  parts: LeakFreeParts,
  choice: HonestChoice,
  { label, seeds, validation }: { label: string; seeds: readonly number[]; validation: Validation },
): Promise<Tried> {
  const { weights, soup, adjusted, orientations } = choice;
  const trained: Model[] = [];
  let minutes = 0;
  for (const [i, seed] of seeds.entries()) {
    const name = `${label}, network ${i + 1} of ${seeds.length}`;
    const network = await trainHonest(experimentOf, parts, choice, { seed, label: name });
    trained.push(network[weights]);
    minutes += network.seconds / 60;
  }
  const experiment = await experimentOf(choice);
  const answer = async (models: readonly Model[], orientations: HonestChoice["orientations"]) => {
    const answers: Float32Array[] = [];
    for (const model of models) {
      const options = { orientations, label: `${label}: validation` };
      answers.push(await answerPhotos(experiment, model, parts.validation, options));
    }
    return answers;
  };
  const models = soup ? [averageWeights(trained)] : trained;
  if (!adjusted) {
    const answers = await answer(models, orientations);
    return { choice, models, answers, judged: answers, adjustment: null, minutes };
  }
  const { truth, counts } = validation;
  const plain = await answer(models, 1);
  const adjustment = fitAdjustment(plain, truth, counts);
  const adjustedModels = models.map((model) => adjustLogits(model, adjustment, counts));
  const answers = await answer(adjustedModels, orientations);
  const judged = crossFittedAnswers(plain, validation);
  return { choice, models: adjustedModels, answers, judged, adjustment, minutes };
}

function scoresOf(all: readonly Float32Array[], { truth, counts: { length: classes } }: Validation) {
  const mean = (score: (answers: Float32Array) => number) =>
    all.reduce((sum, answers) => sum + score(answers), 0) / all.length;
  return {
    loss: mean((answers) => classMean(rowLosses(truth, answers, classes), truth, classes)),
    balancedAccuracy: mean((answers) => evaluate(truth, answers, classes).balancedAccuracy),
  };
}

/** Loss of the second answers minus loss of the first, means over networks, with a paired 95 % interval: groups are drawn within classes. */
function compareLosses(
  first: readonly Float32Array[],
  second: readonly Float32Array[],
  { truth, groups, counts: { length: classes }, seed }: Validation,
): Measured {
  const meanLosses = (all: readonly Float32Array[]) => {
    const losses = all.map((answers) => rowLosses(truth, answers, classes));
    return losses[0].map((_, row) => losses.reduce((sum, one) => sum + one[row], 0) / losses.length);
  };
  const [before, after] = [meanLosses(first), meanLosses(second)];
  const differences = after.map((loss, row) => loss - before[row]);
  const statistic = (times?: Uint32Array) => ({ value: classMean(differences, truth, classes, times) });
  const { value: interval } = bootstrap(groups, statistic, { seed, labels: truth });
  return { ...statistic(), ...interval };
}
