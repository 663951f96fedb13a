/** The trainings of the studies: recipes that differ in one thing. Listed without the engine, so their cost can be told first. */
import { type Config, type ConfigOptions, createConfig } from "../config.ts";
import { type ImageSize, sizeText } from "../image_size.ts";
import { type Depth, depths, optimizerNames, type Stage, type StageOptions } from "../recipe.ts";

/** One training of a study: its name, and its changes to the configuration. */
export interface StudyRun {
  readonly label: string;
  readonly change: Pick<ConfigOptions, "recipe" | "scaling" | "size" | "subsetShare">;
}

/** A stage with fewer epochs. A warm-up that does not fit into them is shortened in proportion. */
function shortened(stage: Stage, epochs: number, warmUpEpochs = stage.warmUpEpochs): Stage {
  return {
    ...stage,
    epochs,
    warmUpEpochs: warmUpEpochs < epochs ? warmUpEpochs : stage.warmUpEpochs * epochs / stage.epochs,
  };
}

/** From the softmax alone to the whole network, each with the usual recipe of its depth. */
export function ladder(config: Config): StudyRun[] {
  return depths.map((depth) => ({ label: depth, change: { recipe: usual(depth, config) } }));
}

/** The configuration's own recipe, and before it the same with half the epochs, which may be enough; none without a recipe. */
export function ownRecipe({ recipe }: Config): StudyRun[] {
  const half = recipe.map((stage) => shortened(stage, Math.ceil(stage.epochs / 2)));
  const whole = { label: "notebook 5's recipe", change: { recipe } };
  if (recipe.every(({ epochs }) => epochs === 1)) return recipe.length > 0 ? [whole] : [];
  return [{ label: "notebook 5's, half the epochs", change: { recipe: half } }, whole];
}

/** Pixels divided by 255, as in the write-up, compared with the scaling that ImageNet's weights were trained with. */
export function scalings(config: Config): StudyRun[] {
  return (["head", "block5"] as const).flatMap((depth) =>
    (["divide255", "imagenet"] as const).map((scaling) => ({
      label: `${depth}, ${scaling}`,
      change: { scaling, recipe: usual(depth, config) },
    }))
  );
}

/** The three optimizers with block 5 trained. Exploratory: only one seed and one learning rate each. */
export function deepOptimizers(config: Config): StudyRun[] {
  return optimizerNames.map((optimizer) => ({
    label: optimizer,
    change: { recipe: usual("block5", config, { optimizer }) },
  }));
}

/**
 * Larger images, one size in the photos' own proportions: the frozen network on each, and the smaller ones also trained from
 * block5 on. For drawn images small sizes are enough to test the code.
 */
export function imageSizes(config: Config): StudyRun[] {
  const [frozen, deeper]: ImageSize[][] = config.preset === "smoke"
    ? [[40, 48, 64, [60, 80]], [40, 48]]
    : [[64, 96, 128, [150, 200]], [64, 96]];
  const run = (size: ImageSize, depth: Depth): StudyRun => ({
    label: `${sizeText(size)}, ${depth}`,
    change: { size, recipe: usual(depth, config) },
  });
  return [
    ...frozen.map((size) => run(size, "head")),
    ...deeper.map((size) => run(size, "block5")),
  ];
}

/** The usual recipe of a depth, with the studies' number of epochs if convolutions are trained. */
function usual(depth: Depth, { studyEpochs }: Config, change: Partial<StageOptions> = {}): StageOptions[] {
  return [depth === "head" ? { depth, ...change } : { depth, epochs: studyEpochs, ...change }];
}

/** The configuration of one training of a study. */
export function variantOf(config: Config, { change }: Pick<StudyRun, "change">): Config {
  const { depth: _, recipe: _own, ...rest } = config;
  return createConfig({ ...rest, ...change });
}

/**
 * The configuration with all images of the training side. Its recipe has fewer epochs, for about as many steps as with the
 * subset, so that only the number of images differs.
 */
export function allImages(config: Config): Config {
  const recipe = config.recipe.map((stage) => {
    const epochs = Math.max(1, Math.round(stage.epochs * config.subsetShare));
    return shortened(stage, epochs, stage.warmUpEpochs * config.subsetShare);
  });
  return variantOf(config, { change: { subsetShare: 1, recipe } });
}

/** Notebook 7's networks of one recipe: five for each division of the photos and each seed. */
export interface CrossoverSet {
  readonly recipe: readonly StageOptions[];
  readonly partitions: readonly number[];
  readonly seeds: readonly number[];
}

/**
 * All networks of notebook 7's crossover: the softmax alone and, if the run's own recipe trains convolutions, three divisions from
 * block3 on, each with a seed of its own, and one division with the run's own recipe. The last epoch's weights count. For drawn images
 * one small set is enough to test the code.
 */
export function crossoverPlan(config: Config): CrossoverSet[] {
  const softmax = [frozenRecipe(config)];
  if (config.preset === "smoke") return [{ recipe: softmax, partitions: [0], seeds: [0] }];
  const sets: CrossoverSet[] = [{ recipe: softmax, partitions: [0, 1, 2, 3, 4], seeds: [0, 1, 2] }];
  if (config.depth === "head") return sets;
  const lastEpochs = (recipe: readonly StageOptions[]) =>
    recipe.map((stage) => ({ ...stage, restoreBestWeights: false }));
  const block3 = lastEpochs([{ depth: "block3", epochs: 3 }]);
  return [
    ...sets,
    ...[0, 1, 2].map((division) => ({ recipe: block3, partitions: [division], seeds: [division] })),
    { recipe: lastEpochs(config.recipe), partitions: [0], seeds: [0] },
  ];
}

/** All trainings of notebook 7: the networks of the crossover, and two with the write-up's frozen recipe for the bridge. */
export function leakageConfigs(config: Config): Config[] {
  const ofCrossover = crossoverPlan(config).map(({ recipe, partitions, seeds }) =>
    [recipe, 5 * partitions.length * seeds.length] as const
  );
  return [...ofCrossover, [[frozenRecipe(config)], 2] as const].flatMap(([recipe, networks]) => {
    const variant = variantOf(config, { change: { recipe: [...recipe] } });
    return Array.from({ length: networks }, () => variant);
  });
}

/** The softmax alone, with nadam. */
export function frozenRecipe({ learningRate, epochs, batchSize }: Config): StageOptions {
  return { depth: "head", optimizer: "nadam", learningRate, epochs, batchSize };
}

/** All trainings of notebook 6 as configurations, each once, and whether the test is opened for it. */
export function studyConfigs(config: Config): { config: Config; opensTest: boolean }[] {
  const runs = [ladder, ownRecipe, scalings, deepOptimizers, imageSizes].flatMap((study) => study(config));
  const variants = [
    ...[variantOf(config, { change: { recipe: config.recipe } }), allImages(config)]
      .map((config) => ({ config, opensTest: true })),
    ...runs.map((run) => ({ config: variantOf(config, run), opensTest: false })),
  ].filter(({ config }) => config.recipe.length > 0);
  const keys = variants.map((variant) => JSON.stringify(variant.config));
  return variants.filter((_, i) => keys.indexOf(keys[i]) === i);
}
