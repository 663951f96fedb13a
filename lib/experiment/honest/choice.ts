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
  /** Whether its networks go on from those before the change; else they start from ImageNet's. */
  readonly goesOn?: boolean;
}

/** A choice after a step. */
export function changed(choice: HonestChoice, { change, goesOn }: HonestStep): HonestChoice {
  return { ...choice, ...change, ...goesOn && { before: choice } };
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
const light: LightRanges = { brightness: 0.05, contrast: 0.1, saturation: 0.15, tint: 0.04 };

/**
 * The plan of notebook 8: what can be trained in two hours on two cores. For drawn images a small one, to see it work.
 *
 * Logits are adjusted first: else a change that makes a network surer than it should be counts as harm, which adjusting takes away.
 * Last comes one long training, with all that the literature advises, as one change: validation has too few photos of the rare classes
 * to see what each part of it adds. Averages of weights belong to it: after two epochs there is little to average. Images grow in it,
 * for small ones are trained in less time, and what they teach serves large ones, too (M. Tan, Q. V. Le, "EfficientNetV2: Smaller Models
 * and Faster Training", ICML 2021, arXiv:2104.00298).
 */
export function honestPlan({ preset }: Pick<Config, "preset">): HonestPlan {
  const isSmall = preset === "smoke";
  const [small, large] = isSmall ? [{ size: 32, epochs: 1 }, { size: 48, epochs: 1 }] : [
    { size: 64, epochs: 2 },
    { size: 96, epochs: 4 },
  ];
  return {
    start: {
      ...{
        depth: isSmall ? "block5" : "block3",
        ...small,
        before: null,
        shape: null,
        light: null,
        balance: 0,
      },
      ...{ balancedSoftmax: false, weights: "last", soup: false, adjusted: false, orientations: 1 },
    },
    steps: [
      { label: "logits adjusted", change: { adjusted: true } },
      { label: "eight orientations", change: { orientations: 8 } },
      {
        label:
          `then ${large.epochs} epochs at ${large.size} × ${large.size} pixels: turned, moved, zoomed, ` +
          "mirrored, in another light, classes balanced; weights averaged over steps and seeds",
        change: {
          ...large,
          shape,
          light,
          balance: 0.5,
          balancedSoftmax: true,
          weights: "average",
          soup: true,
        },
        goesOn: true,
      },
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

/** Whether a network's answers weigh all classes alike, however often they were shown. */
export function weighsAlike({ balancedSoftmax, adjusted }: HonestChoice): boolean {
  return balancedSoftmax || adjusted;
}

/**
 * The shares of the classes that a network's answers stand for, up to a factor; all above 0.
 *
 * @param photos of each class in training
 */
export function learnedShares(choice: HonestChoice, photos: readonly number[]): number[] {
  return photos.map((count) => weighsAlike(choice) ? 1 : Math.max(count, 1) ** (1 - choice.balance));
}

/** How a choice is trained. The weights after the last step count: validation chooses no epoch. */
export function honestStage({ depth, epochs, balancedSoftmax }: HonestChoice): StageOptions {
  return {
    ...{ depth, epochs, balancedSoftmax, dropout: 0.3, readsImages: true, emaMomentum: 0.995 },
    restoreBestWeights: false,
  };
}
