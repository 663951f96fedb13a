/** What the honest model is chosen among: a plain training first, then one change after the other. Known without the engine. */
import type { AugmentationRanges, Config } from "../../config.ts";
import type { LightRanges } from "../../data/light.ts";
import type { Orientations } from "../../model/predictor.ts";
import type { Depth, StageOptions } from "../../recipe.ts";
import type { Drawing } from "../../training/drawn_examples.ts";

/** A way to train VGG16 and to ask it. */
export interface HonestChoice extends Drawing {
  /** The first part of VGG16 that is trained. */
  readonly depth: Exclude<Depth, "head" | "block1">;
  /** Side of the square images, in pixels. */
  readonly size: number;
  readonly epochs: number;
  /** The training whose convolutions this one goes on from; null: from ImageNet's. */
  readonly before: HonestChoice | null;
  readonly balancedSoftmax: boolean;
  /** Of each training: the weights after the last step, or their moving average. */
  readonly weights: "last" | "average";
  /** Whether the weights of all seeds are averaged into one network. */
  readonly soup: boolean;
  /** Whether logits are divided by a temperature, and a share of the classes' log frequencies taken off, both fitted on validation. */
  readonly adjusted: boolean;
  readonly orientations: Orientations;
}

/** One change that validation decides on. */
export interface HonestStep {
  readonly label: string;
  readonly change: Partial<HonestChoice>;
  /** Its networks go on from those before the change, after trainings with these ones; left out: they start from ImageNet's. */
  readonly goesOn?: readonly Partial<HonestChoice>[];
}

/** A choice after a step. */
export function changed(choice: HonestChoice, { change, goesOn }: HonestStep): HonestChoice {
  if (!goesOn) return { ...choice, ...change };
  const isDone = (stage: Partial<HonestChoice>) =>
    (Object.keys(stage) as (keyof HonestChoice)[]).every((name) => stage[name] === choice[name]);
  const before = goesOn.filter((stage) => !isDone(stage))
    .reduce<HonestChoice>((before, stage) => ({ ...before, ...stage, before }), choice);
  return { ...choice, ...change, before };
}

/** The trainings that a choice comes from, the first one first, itself last. */
export function courseOf(choice: HonestChoice): HonestChoice[] {
  return [...choice.before ? courseOf(choice.before) : [], choice];
}

/** All that is tried, in its order. */
export interface HonestPlan {
  readonly start: HonestChoice;
  readonly steps: readonly HonestStep[];
  /** Each training is done with all of them. They decide what is shown when; the softmax starts from the same weights. */
  readonly seeds: readonly number[];
}

/** Wider than the write-up's, for photos that are cut and squeezed in another way are to be recognised too. */
const shape: AugmentationRanges = {
  rotation: 180,
  zoom: [0.7, 1.2],
  widthShift: 0.1,
  heightShift: 0.1,
  horizontalFlip: true,
  verticalFlip: true,
};
const light: LightRanges = { brightness: 0.1, contrast: 0.2, saturation: 0.3, tint: 0.08 };

/**
 * The plan of notebook 8. For drawn images a small one, to see it work.
 *
 * Logits are adjusted early: else a change that makes a network surer than it should be counts as harm, which adjusting takes away.
 * Larger images come last, for a few epochs: small ones are trained in less time, and what they teach serves large ones, too (M. Tan,
 * Q. V. Le, "EfficientNetV2: Smaller Models and Faster Training", ICML 2021, arXiv:2104.00298). They come with all that makes photos
 * less alike: alone, in a short training, that says little, while a longer one would learn the photos by heart.
 */
export function honestPlan({ preset }: Pick<Config, "preset">): HonestPlan {
  const isSmall = preset === "smoke";
  const depth = isSmall ? "block5" : "block3";
  const [size, ...larger] = isSmall ? [32, 48] : [64, 96, 128];
  const [epochs, more, last] = isSmall ? [1, 2, 1] : [3, 8, 4];
  const balanced = { balance: 0.5, balancedSoftmax: true };
  const growing = larger.map((size) => ({ size, epochs: last, light, ...balanced }));
  return {
    start: {
      ...{ depth, size, epochs, before: null, shape: null, light: null, balance: 0, balancedSoftmax: false },
      ...{ weights: "last", soup: false, adjusted: false, orientations: 1 },
    },
    steps: [
      { label: "turned, moved, zoomed, mirrored", change: { shape } },
      { label: "logits adjusted", change: { adjusted: true } },
      { label: "another light", change: { light } },
      { label: "classes balanced", change: balanced },
      { label: `${more} epochs instead of ${epochs}`, change: { epochs: more } },
      ...growing.map((change, i) => ({
        label:
          `then ${larger.slice(0, i + 1).map((side) => `${last} at ${side} × ${side}`).join(", ")} pixels, ` +
          "balanced, in another light",
        ...{ change, goesOn: growing.slice(0, i) },
      })),
      { label: "moving average of the weights", change: { weights: "average" } },
      { label: "weights of the seeds averaged", change: { soup: true } },
      { label: "eight orientations", change: { orientations: 8 } },
    ],
    seeds: [0, 1],
  };
}

/** Of the run's folder: the honest model. */
export const honestModelFolder = "honest_model";

/** Where a plan trains networks: before its steps (place 0) or for its step of that place, from 1; the choice is that if each change stays. */
export function trainedPlaces({ start, steps }: HonestPlan): { place: number; choice: HonestChoice }[] {
  const choices = steps.reduce((tried, step) => [...tried, changed(tried.at(-1)!, step)], [start]);
  const keys = choices.map(({ weights: _, soup: _soup, adjusted: _a, orientations: _o, ...own }) =>
    JSON.stringify(own)
  );
  return [...choices.entries()].filter(([place]) => keys.indexOf(keys[place]) === place)
    .map(([place, choice]) => ({ place, choice }));
}

/** The trainings of a plan of which each change stays, for an estimate. */
export function honestTrainings(plan: HonestPlan): { size: number; recipe: StageOptions[] }[] {
  return trainedPlaces(plan).flatMap(({ choice }) =>
    plan.seeds.map(() => ({ size: choice.size, recipe: [honestStage(choice)] }))
  );
}

/** How a choice is trained. The weights after the last step count: validation chooses no epoch. */
export function honestStage({ depth, epochs, balancedSoftmax }: HonestChoice): StageOptions {
  return {
    ...{ depth, epochs, balancedSoftmax, dropout: 0.3, readsImages: true, emaMomentum: 0.995 },
    restoreBestWeights: false,
  };
}
