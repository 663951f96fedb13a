/** What the training of a recipe will cost, before it starts. */
import type { Config } from "../config.ts";
import { pixelsIn } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import { cutOf, cutShape, frozenLayers, layers, parameterCount } from "../vgg16/architecture.ts";

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
  head: 4000,
  block5: 200,
  block4: 100,
  block3: 60,
  block2: 45,
  block1: 35,
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
/** What a recipe costs that has not begun: activations behind its cuts, epochs, checkpoints. */
export function recipeCost({ recipe, size, validationShare }: Config, sizes: PartSizes, forwardRate: number) {
  const area = pixelsIn(size) / pixelsIn(64);
  const validation = Math.round(validationShare * sizes.subset);
  let seconds = 0;
  let bytes = 0;
  for (const { depth, epochs } of recipe) {
    const cut = cutOf(depth);
    const pace = trainedPerSecond[depth] / area;
    seconds += epochs * (sizes.train / pace + validation / (3 * pace));
    const images = sizes.subset + (depth === recipe.at(-1)!.depth ? sizes.test : 0);
    seconds += images * frozenShare[depth] * area / forwardRate;
    if (depth !== "block1") bytes += images * 2 * cutShape(cut, size).reduce((a, b) => a * b, 1);
    // weights, the best ones and two slots, while it trains
    bytes += 16 * parameterCount(layers.slice(frozenLayers(cut).length));
  }
  return { seconds, bytes, epochs: recipe.reduce((sum, { epochs }) => sum + epochs, 0) };
}
