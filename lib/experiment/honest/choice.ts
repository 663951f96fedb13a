/** The candidates for the honest model: a plain training first, then one change after another. Needs no engine. */
import type { AugmentationRanges, Config } from "../../config.ts";
import type { LightRanges } from "../../data/light.ts";
import type { Orientations } from "../../model/predictor.ts";
import type { Depth, StageOptions } from "../../recipe.ts";
import { digestOf } from "../../support/digest.ts";
import type { Drawing } from "../../training/drawn_examples.ts";

/** A way to train VGG16 and to predict with it. */
export interface HonestChoice extends Drawing {
  /** The first part of VGG16 that is trained. */
  readonly depth: Exclude<Depth, "head" | "block1">;
  /** Side of the square images, in pixels. */
  readonly size: number;
  readonly epochs: number;
  /** The training whose convolutions this one starts from. Null: it starts from ImageNet's. */
  readonly before: HonestChoice | null;
  readonly balancedSoftmax: boolean;
  /** Weights of each training that count: after the last step, or their moving average. */
  readonly weights: "last" | "average";
  /** Whether the weights of all seeds are averaged into one network. */
  readonly soup: boolean;
  /** Whether logits are divided by a temperature and reduced by a multiple of the classes' log frequencies, both fitted on validation. */
  readonly adjusted: boolean;
  readonly orientations: Orientations;
}

/** One change that validation decides on. */
export interface HonestStep {
  readonly label: string;
  readonly change: Partial<HonestChoice>;
  /** Whether its networks continue from those before the change, or else start from ImageNet's. */
  readonly goesOn?: boolean;
}

/** The choice after a step's change. */
export function changed(choice: HonestChoice, { change, goesOn }: HonestStep): HonestChoice {
  return { ...choice, ...change, ...goesOn && { before: choice } };
}

/** Digest that names a network in the log of openings: of its weights, and of the orientations in which it is asked. */
export function testedConfiguration(
  { digest }: { readonly digest: string },
  { orientations }: HonestChoice,
): string {
  return digestOf({ model: digest, orientations });
}

/** All trainings that lead to a choice, in order; the choice itself is last. */
export function courseOf(choice: HonestChoice): HonestChoice[] {
  return [...choice.before ? courseOf(choice.before) : [], choice];
}

/** Everything that is tried, in order. */
export interface HonestPlan {
  readonly start: HonestChoice;
  readonly steps: readonly HonestStep[];
  /** Each training is done with every seed. A seed decides what is shown when; the softmax always starts from the same weights. */
  readonly seeds: readonly number[];
}

/** Wider than the write-up's, because photos that are cropped or squeezed differently must be recognised too. */
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
 * The plan of notebook 8: what can be trained in two hours on two cores. Drawn images have a small plan, to see it work.
 *
 * Logits are adjusted first. Otherwise a change that makes a network overconfident would count as harm, although adjusting removes it.
 * The last change is one long training with everything that the literature advises. It is a single change, because validation has too
 * few photos of the rare classes to show what each part adds. Averaging weights belongs to it, because after two epochs there is little
 * to average. Its images are larger: small ones train faster, and what the network learns from them also helps on large ones (M. Tan,
 * Q. V. Le, "EfficientNetV2: Smaller Models and Faster Training", ICML 2021, arXiv:2104.00298).
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

/** Folder of the honest model, inside the run's folder. */
export const honestModelFolder = "honest_model";
/** Folder, in a run's, of the choice, the training histories and the log of test openings. */
export const honestFolder = "honest";

/** Where a plan trains networks, with the choice there if every change stays. Place 0: before the steps; place n: in step n. */
export function trainedPlaces({ start, steps }: HonestPlan): { place: number; choice: HonestChoice }[] {
  const choices = steps.reduce((tried, step) => [...tried, changed(tried.at(-1)!, step)], [start]);
  const keys = choices.map(({ weights: _, soup: _soup, adjusted: _a, orientations: _o, ...own }) =>
    JSON.stringify(own)
  );
  return [...choices.entries()].filter(([place]) => keys.indexOf(keys[place]) === place)
    .map(([place, choice]) => ({ place, choice }));
}

/** The trainings of a plan if every change stays, to estimate the time. */
export function honestTrainings(plan: HonestPlan): { size: number; recipe: StageOptions[] }[] {
  return trainedPlaces(plan).flatMap(({ choice }) =>
    plan.seeds.map(() => ({ size: choice.size, recipe: [honestStage(choice)] }))
  );
}

/** Whether a network's predictions weigh all classes equally, however often each was shown. */
export function weighsAlike({ balancedSoftmax, adjusted }: HonestChoice): boolean {
  return balancedSoftmax || adjusted;
}

/**
 * The class shares (priors) that a network's predictions assume, up to a common factor; all above 0.
 *
 * @param photos number of training photos of each class
 */
export function learnedShares(choice: HonestChoice, photos: readonly number[]): number[] {
  return photos.map((count) => weighsAlike(choice) ? 1 : Math.max(count, 1) ** (1 - choice.balance));
}

/** The training options of a choice. Validation chooses no epoch: every training runs to its last step. */
export function honestStage({ depth, epochs, balancedSoftmax }: HonestChoice): StageOptions {
  return {
    ...{ depth, epochs, balancedSoftmax, dropout: 0.3, readsImages: true, emaMomentum: 0.995 },
    restoreBestWeights: false,
  };
}
