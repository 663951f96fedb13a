/**
 * Chooses the honest model. Changes are tried one after another, and a change stays only if it is clearly better on validation. No test
 * is used.
 *
 * Choices are compared by the log loss on all validation photos, with equal weight for each class. If a class has a dozen photos, this
 * shows more than the number of right answers.
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
  type Validation,
} from "./weights.ts";
import type { Related } from "../leakage/division.ts";
import { variantOf } from "../study_runs.ts";

/** The result of one change. Plain values: survives JSON. */
export interface HonestRow {
  readonly label: string;
  readonly change: Partial<HonestChoice>;
  /** On validation, mean over the networks; the loss in nats. */
  readonly loss: number;
  readonly balancedAccuracy: number;
  /** Loss with the change minus loss without it: below 0 if the change helps. Null for the start. */
  readonly difference: Measured | null;
  readonly stays: boolean;
  /** Training time of its networks. */
  readonly minutes: number;
}

export interface HonestSelection {
  readonly rows: readonly HonestRow[];
  readonly choice: HonestChoice;
  /** Null if logits are not adjusted. */
  readonly adjustment: LogitAdjustment | null;
  /** Numbers of validation photos and of their groups. */
  readonly photos: number;
  readonly groups: number;
  /** The one network that answers. */
  readonly model: Model;
  /** The experiment with photos of the model's size. */
  readonly experiment: Experiment;
}

/** A choice with its networks and their predictions on validation. */
interface Tried {
  readonly choice: HonestChoice;
  readonly models: readonly Model[];
  readonly answers: readonly Float32Array[];
  /** To judge the choice: `answers`. If adjusted: those to photos as they are, each half with the adjustment fitted on the other half. */
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
 * Tries a plan's changes in order. Trained networks are reused, so another call continues after an interruption.
 *
 * @param related which photos are related by their pixels
 * @param experimentOf the experiment with photos of a choice's size. Default: opens each once
 * @throws {Error} if the parts leak
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
    // More orientations keep the fitted adjustment, so no cross-fitting is needed
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
 * Trains one network of a place of the plan (see `trainedPlaces`) without evaluating it. First it decides which earlier changes stay, as
 * `selectHonest` does.
 *
 * @param options `network`: index of its seed; `store`: where it is kept; `signal`: stops the training soon, after a checkpoint
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

/** Mean loss over networks of `second` minus that of `first`, with a paired 95 % interval. The bootstrap draws groups within classes. */
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
