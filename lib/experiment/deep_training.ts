/** The recipe of a configuration: trained once, kept in the run's folder, and gone on from wherever it was stopped. */
import { join } from "node:path";
import { writeAtomic } from "../support/atomic.ts";
import type { Config } from "../config.ts";
import { digestOf } from "../support/digest.ts";
import { evaluate, type Evaluation } from "../evaluation/metrics.ts";
import { pixelsIn, sidesOf } from "../image_size.ts";
import type { Depth, OptimizerName, Recipe } from "../recipe.ts";
import { tf, valuesOf } from "../support/engine/engine.ts";
import { softmax } from "../training/cross_entropy.ts";
import { initialHead } from "../training/head.ts";
import { type NetworkWeights, parametersBehind } from "../training/parameters.ts";
import { writeTensorBoard } from "../training/tensor_board.ts";
import { networkLogits } from "../training/train_network.ts";
import { type StageEpoch, trainRecipe } from "../training/train_recipe.ts";
import { makeTrainableNetwork } from "../training/trainable_network.ts";
import { activationStage, forwardBatchSize } from "../model/activations.ts";
import { cutLength, cutOf, frozenLayers } from "../model/architecture.ts";
import { makeBase } from "../model/forward.ts";
import { cutExamples } from "./cut_examples.ts";
import { decisiveOf } from "./decisive.ts";
import { type Inputs, pixelsOf } from "./features.ts";
import { labelsOf } from "./parts.ts";

/** What became of a recipe. The test part has no place here. */
export interface DeepRun {
  readonly depth: Depth;
  readonly recipe: Recipe;
  /** Of the last stage. */
  readonly optimizer: OptimizerName;
  /** Digest of everything that decides the run. */
  readonly configuration: string;
  readonly history: readonly StageEpoch[];
  /** Of the last stage, from 1: the epoch whose weights are kept. */
  readonly bestEpoch: number;
  /** With the kept weights, in inference mode. */
  readonly train: Evaluation;
  readonly validation: Evaluation;
  /** Seconds of training when it was computed, over all sittings. */
  readonly seconds: number;
  readonly network: NetworkWeights;
  /** False where a stored run was taken. */
  readonly computed: boolean;
}

type Progress = (done: number, total: number, detail?: string) => void;

export interface DeepProgress {
  activations?: Progress;
  /** In images, over all epochs of all stages; the detail is epoch, loss and accuracy. */
  training?: Progress;
  evaluation?: Progress;
}

/** Raised by hand when training changes its results. */
const stageVersion = 1;

/**
 * Trains the configuration's recipe on the subset, from the same initial softmax as the comparison.
 *
 * `trainings/stages` holds checkpoints and finished stages, `trainings/<depth>-<digest>` the run: `history.jsonl`, one line an
 * epoch, what it came to, and on request TensorBoard's logs.
 *
 * @throws {RangeError} when the recipe is empty
 */
export async function trainDeep(
  config: Config,
  inputs: Inputs,
  progress: DeepProgress = {},
): Promise<DeepRun> {
  const { recipe, size, seed } = config;
  const configuration = deepConfigurationOf(config, inputs);
  const folder = join(config.out, "trainings", `${config.depth}-${configuration.slice(0, 12)}`);
  const { subsetTrain, subsetValidation } = inputs.parts;
  const trained = subsetTrain.length;
  const imagesOf = (stages: Recipe) => stages.reduce((sum, { epochs }) => sum + epochs, 0) * trained;
  const total = imagesOf(recipe);

  const { network, history, bestEpoch, seconds } = await trainRecipe(recipe, {
    weights: inputs.weights,
    head: initialHead({
      inputs: cutLength("flatten", size),
      classes: inputs.source.classes.length,
      seed,
    }),
    ...{ size, seed },
    folder: join(config.out, "trainings", "stages"),
    configuration: digestOf(beforeRecipe(config, inputs)),
    examples: async (cut) => {
      const both = await cutExamples(config, inputs, [...subsetTrain, ...subsetValidation], {
        cut,
        onProgress: progress.activations,
      });
      return {
        train: { labels: both.labels.subarray(0, trained), read: both.read },
        validation: {
          labels: both.labels.subarray(trained),
          read: (row, target) => both.read(trained + row, target),
        },
        [Symbol.dispose]: () => both[Symbol.dispose](),
      };
    },
    onStep(stage, { epoch, step, steps, loss, accuracy }) {
      const { depth, epochs } = recipe[stage - 1];
      const done = imagesOf(recipe.slice(0, stage - 1)) + (epoch - 1 + step / steps) * trained;
      const detail = `${depth}, epoch ${epoch}/${epochs}, step ${step}/${steps}, loss ${loss.toFixed(3)}, ` +
        `accuracy ${(100 * accuracy).toFixed(1)} %`;
      progress.training?.(Math.round(done), total, detail);
    },
    async onEpoch(history) {
      const lines = history.map((record) => `${JSON.stringify(record)}\n`).join("");
      await writeAtomic(join(folder, "history.jsonl"), lines);
      if (config.tensorBoard) await writeTensorBoard(join(folder, "tensorboard"), history);
    },
  });
  progress.training?.(total, total);
  const stored = await readEvaluations(folder, configuration);
  const measured = stored ?? {
    train: await evaluateDeep(config, inputs, network, subsetTrain, progress.evaluation),
    validation: await evaluateDeep(config, inputs, network, subsetValidation),
  };
  if (!stored) {
    const record = { configuration, recipe, bestEpoch, ...measured };
    await writeAtomic(join(folder, "run.json"), `${JSON.stringify(record, null, 1)}\n`);
    await writeAtomic(join(folder, "run.seconds.json"), JSON.stringify({ seconds }));
  }
  const { depth, optimizer } = recipe.at(-1)!;
  return {
    ...{ depth, recipe, optimizer, configuration, history, bestEpoch, seconds, network },
    ...measured,
    computed: !stored,
  };
}

/** Class probabilities of some rows, (n, classes), through the stored activations at the recipe's last cut. */
export async function predictDeep(
  config: Config,
  inputs: Inputs,
  network: NetworkWeights,
  rows: readonly number[],
  onProgress?: Progress,
): Promise<Float32Array> {
  const cut = cutOf(config.depth);
  const classes = network.head.classes;
  using examples = await cutExamples(config, inputs, rows, { cut });
  using behind = makeTrainableNetwork(parametersBehind(cut, network, network.head), {
    ...{ cut, classes },
    size: config.size,
  });
  return softmax(await networkLogits(behind, examples, classes, onProgress), classes);
}

/**
 * As `predictDeep`, through activations of float32 that are not stored: to see what their rounding to half floats changes. Null
 * behind `block1`, where there are none.
 */
export async function predictWithoutRounding(
  config: Config,
  inputs: Inputs,
  network: NetworkWeights,
  rows: readonly number[],
  onProgress?: Progress,
): Promise<Float32Array | null> {
  const { scaling, size } = config;
  const cut = cutOf(config.depth);
  if (frozenLayers(cut).length === 0) return null;
  const classes = network.head.classes;
  const length = pixelsIn(size) * 3;
  const base = makeBase(inputs.weights, { size, scaling, cut });
  try {
    using behind = makeTrainableNetwork(parametersBehind(cut, network, network.head), { cut, size, classes });
    const logits = new Float32Array(rows.length * classes);
    const batchSize = forwardBatchSize(size);
    for (let start = 0; start < rows.length; start += batchSize) {
      const batch = rows.slice(start, start + batchSize);
      const pixels = new Int32Array(batch.length * length);
      batch.forEach((row, i) => pixels.set(pixelsOf(config, inputs, row), i * length));
      const activations = valuesOf(() =>
        base.forward(tf.tensor4d(pixels, [batch.length, ...sidesOf(size), 3], "int32"))
      );
      logits.set(behind.logits(activations), start * classes);
      onProgress?.(start + batch.length, rows.length);
      await new Promise((resolve) => setTimeout(resolve));
    }
    return softmax(logits, classes);
  } finally {
    base[Symbol.dispose]();
  }
}

/** Digest of everything that decides a recipe's results: constants, data, weights, engine. */
export function deepConfigurationOf(config: Config, inputs: Inputs): string {
  const { depth, recipe } = config;
  return digestOf({ ...beforeRecipe(config, inputs), depth, recipe });
}

/** All of it but the recipe: the comparison's own rate, epochs and batches have no part in it, nor have activations where none are read. */
function beforeRecipe(config: Config, inputs: Inputs) {
  const { learningRate: _1, epochs: _2, batchSize: _3, ...constants } = decisiveOf(config, inputs);
  const readsActivations = config.recipe.some(({ depth }) => frozenLayers(cutOf(depth)).length > 0);
  return { ...constants, recipe: null, stageVersion, ...readsActivations && { activationStage } };
}

async function evaluateDeep(
  config: Config,
  inputs: Inputs,
  network: NetworkWeights,
  rows: readonly number[],
  onProgress?: Progress,
): Promise<Evaluation> {
  const probabilities = await predictDeep(config, inputs, network, rows, onProgress);
  return evaluate(labelsOf(inputs.parts, rows), probabilities, inputs.source.classes.length);
}

async function readEvaluations(folder: string, configuration: string) {
  try {
    const record = JSON.parse(await Deno.readTextFile(join(folder, "run.json")));
    if (record.configuration !== configuration) return null;
    const { train, validation } = record as Pick<DeepRun, "train" | "validation">;
    return { train, validation };
  } catch {
    return null; // measured again
  }
}
