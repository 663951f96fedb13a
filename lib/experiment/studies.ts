/** What goes beyond the write-up: recipes that differ in one thing, trained once each and compared on validation. */
import { join } from "node:path";
import { writeAtomic } from "../atomic.ts";
import { type Config, type ConfigOptions, createConfig, type Scaling } from "../config.ts";
import { type ImageSize, sizeText } from "../image_size.ts";
import { type Depth, depths, type OptimizerName, optimizerNames, stageOf } from "../recipe.ts";
import { parameterCount } from "../vgg16/architecture.ts";
import { type DeepProgress, trainDeep } from "./deep_training.ts";
import type { Inputs } from "./features.ts";
import { openInputs } from "./inputs.ts";
import { trainedLayers } from "./network.ts";
import type { StageProgress } from "./source.ts";

/** One of a study's runs: its name, and what of the configuration it changes. */
export interface StudyRun {
  readonly label: string;
  readonly change: Pick<ConfigOptions, "recipe" | "scaling" | "size" | "subsetShare">;
}

/** What a run of a study has come to. Validation alone: the test stays shut. */
export interface StudyResult {
  readonly label: string;
  readonly depth: Depth;
  readonly optimizer: OptimizerName;
  readonly scaling: Scaling;
  readonly size: ImageSize;
  /** Images trained on. */
  readonly images: number;
  /** Trained weights and biases. */
  readonly parameters: number;
  readonly epochs: number;
  /** The epoch whose weights are kept, counted over all stages. */
  readonly bestEpoch: number;
  readonly train: { readonly accuracy: number; readonly loss: number };
  readonly validation: { readonly n: number; readonly accuracy: number; readonly loss: number };
  /** Digest of everything that decides the run. */
  readonly configuration: string;
  /** Minutes of training, without the activations before it. */
  readonly minutes: number;
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

/** Larger images, one of them in the photos' own proportions: the frozen network on each, and one trained deeper. */
export const imageSizes: readonly StudyRun[] = [
  ...([64, 96, 128, [150, 200]] as const).map((size) => ({
    label: `${sizeText(size)}, head`,
    change: { size, recipe: [stageOf({ depth: "head" })] },
  })),
  ...[64, 96].map((size) => ({
    label: `${sizeText(size)}, block5`,
    change: { size, recipe: [stageOf({ depth: "block5", epochs: 6 })] },
  })),
];

/** The configuration of one run of a study. */
export function variantOf(config: Config, { change }: StudyRun): Config {
  const { depth: _, recipe: _own, ...rest } = config;
  return createConfig({ ...rest, ...change });
}

/**
 * Trains what is not trained yet and keeps the results in `studies/<name>.json`. What runs share, activations or a whole run, is
 * computed once.
 *
 * @param progress makes a progress line for a named stage
 */
export async function runStudy(
  config: Config,
  name: string,
  { runs, progress = () => () => {} }: { runs: readonly StudyRun[]; progress?: StageProgress },
): Promise<StudyResult[]> {
  const results: StudyResult[] = [];
  let opened = null as { key: string; inputs: Inputs } | null;
  for (const [index, run] of runs.entries()) {
    const variant = variantOf(config, run);
    const key = `${variant.size} ${variant.subsetShare}`; // decides images and parts
    if (opened?.key !== key) opened = { key, inputs: await openInputs(variant, progress) };
    const place = `${run.label} (${index + 1}/${runs.length})`;
    results.push(
      await measure(run, variant, opened.inputs, {
        activations: progress(`${place}: activations`),
        training: progress(place),
        evaluation: progress(`${place}: measuring`),
      }),
    );
    await writeAtomic(join(config.out, "studies", `${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  }
  return results;
}

async function measure(
  { label }: StudyRun,
  config: Config,
  inputs: Inputs,
  progress: DeepProgress,
): Promise<StudyResult> {
  const run = await trainDeep(config, inputs, progress);
  const { depth, optimizer, configuration, recipe, history, train, validation } = run;
  const softmax = (run.network.head.inputs + 1) * run.network.head.classes;
  return {
    ...{ label, depth, optimizer, scaling: config.scaling, size: config.size },
    images: inputs.parts.subsetTrain.length,
    parameters: parameterCount(trainedLayers(depth)) + softmax,
    epochs: history.length,
    bestEpoch: history.findIndex(({ stage, epoch }) => stage === recipe.length && epoch === run.bestEpoch) +
      1,
    train: { accuracy: train.accuracy, loss: train.loss },
    validation: { n: validation.n, accuracy: validation.accuracy, loss: validation.loss },
    configuration,
    minutes: run.seconds / 60,
  };
}
