/** What the training of a recipe will cost, before it starts. */
import type { Config } from "../config.ts";
import { pixelsIn } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import { cutLength, cutOf, frozenLayers, layers, parameterCount } from "../model/architecture.ts";

/** Numbers of images. */
export interface PartSizes {
  readonly images: number;
  readonly subset: number;
  /** Of the subset. */
  readonly train: number;
  readonly test: number;
}

/** Images a second that a training takes, with the native engine; each of its validation images costs a third of that. */
const trainedPerSecond: Record<Depth, number> = {
  head: 35_000,
  block5: 280,
  block4: 105,
  block3: 65,
  block2: 47,
  block1: 39,
};
/** Share of VGG16's work that comes before a cut. */
const frozenShare: Record<Depth, number> = {
  head: 1,
  block5: 0.95,
  block4: 0.75,
  block3: 0.45,
  block2: 0.2,
  block1: 0,
};
/** A configuration whose recipe is to be trained, and the sizes of its parts. */
export interface Training {
  readonly config: Config;
  readonly sizes: PartSizes;
}

/**
 * What recipes cost that have not begun: activations behind their cuts, once for all that share them, epochs, checkpoints.
 *
 * @param forwardRate images a second through the whole network, at 64×64
 * @returns seconds, bytes on disk, epochs
 */
export function recipeCost(trainings: readonly Training[], forwardRate: number) {
  const activations = new Map<string, { seconds: number; bytes: number }>();
  let seconds = 0;
  let checkpoints = 0;
  for (const { config: { recipe, size, scaling, subsetShare, validationShare }, sizes } of trainings) {
    const area = pixelsIn(size) / pixelsIn(64);
    const validation = Math.round(validationShare * sizes.subset);
    for (const { depth, epochs } of recipe) {
      const cut = cutOf(depth);
      const pace = trainedPerSecond[depth] / area;
      seconds += epochs * (sizes.train / pace + validation / (3 * pace));
      const images = sizes.subset + (depth === recipe.at(-1)!.depth ? sizes.test : 0);
      const key = `${cut} ${size} ${scaling} ${subsetShare}`;
      const cost = {
        seconds: images * frozenShare[depth] * area / forwardRate,
        bytes: depth === "block1" ? 0 : images * 2 * cutLength(cut, size),
      };
      if (cost.seconds >= (activations.get(key)?.seconds ?? 0)) activations.set(key, cost);
      // weights, the best ones and two slots, while it trains; then the weights stay
      checkpoints += 4 * parameterCount(layers.slice(frozenLayers(cut).length));
    }
  }
  const stored = [...activations.values()];
  return {
    seconds: seconds + stored.reduce((sum, { seconds }) => sum + seconds, 0),
    bytes: checkpoints + stored.reduce((sum, { bytes }) => sum + bytes, 0),
    epochs: trainings.flatMap(({ config }) => config.recipe).reduce((sum, { epochs }) => sum + epochs, 0),
  };
}
