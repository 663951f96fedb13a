/** The runs of the studies: recipes that differ in one thing. Known without the engine, so that their cost can be said first. */
import { type Config, type ConfigOptions, createConfig } from "../config.ts";
import { depths, optimizerNames, stageOf } from "../recipe.ts";

/** One of a study's runs: its name, and what of the configuration it changes. */
export interface StudyRun {
  readonly label: string;
  readonly change: Pick<ConfigOptions, "recipe" | "scaling" | "size" | "subsetShare">;
}

/** From the softmax alone to the whole network, each by its usual recipe. */
export const ladder: readonly StudyRun[] = depths.map((depth) => ({
  label: depth,
  change: { recipe: [stageOf(depth === "head" ? { depth } : { depth, epochs: 6 })] },
}));

/** Pixels divided by 255, as written, against what ImageNet's weights were trained with. */
export const scalings: readonly StudyRun[] = (["head", "block5"] as const).flatMap((depth) =>
  (["divide255", "imagenet"] as const).map((scaling) => ({
    label: `${depth}, ${scaling}`,
    change: { scaling, recipe: [stageOf(depth === "head" ? { depth } : { depth, epochs: 6 })] },
  }))
);

/** The three optimizers with block 5 trained: one seed and one learning rate each, so exploratory. */
export const deepOptimizers: readonly StudyRun[] = optimizerNames.map((optimizer) => ({
  label: optimizer,
  change: { recipe: [stageOf({ depth: "block5", optimizer, epochs: 6 })] },
}));

/** Larger images: the frozen network on each, and one of them trained deeper. */
export const imageSizes: readonly StudyRun[] = [
  ...[64, 96, 128].map((size) => ({
    label: `${size} × ${size}, head`,
    change: { size, recipe: [stageOf({ depth: "head" })] },
  })),
  ...[64, 96].map((size) => ({
    label: `${size} × ${size}, block5`,
    change: { size, recipe: [stageOf({ depth: "block5", epochs: 6 })] },
  })),
];

/** The configuration of one run of a study. */
export function variantOf(config: Config, { change }: StudyRun): Config {
  const { depth: _, recipe: _own, ...rest } = config;
  return createConfig({ ...rest, ...change });
}

/** The configuration with nothing left out of the training side. */
export function allImages(config: Config): Config {
  return variantOf(config, { label: "all images", change: { subsetShare: 1, recipe: config.recipe } });
}

/** All runs of `06_future_work` as configurations, each once. */
export function studyConfigs(config: Config): Config[] {
  const studies = [ladder, scalings, deepOptimizers, imageSizes];
  const variants = [...studies.flat().map((run) => variantOf(config, run)), config, allImages(config)];
  return [...new Map(variants.map((variant) => [JSON.stringify(variant), variant])).values()]
    .filter(({ recipe }) => recipe.length > 0);
}
