/** Trains a recipe's stages one after the other; each is kept once it is done, and goes on from its checkpoint if it is not. */
import { join } from "node:path";
import { digestOf } from "../support/digest.ts";
import type { ImageSize } from "../image_size.ts";
import type { Depth, Recipe, Stage } from "../recipe.ts";
import { loadTensors, saveTensors } from "../support/tensor_file.ts";
import { type Cut, cutOf } from "../model/architecture.ts";
import type { Vgg16Weights } from "../model/weights.ts";
import type { Examples } from "./examples.ts";
import type { Head } from "./head.ts";
import { type NetworkWeights, type Parameter, parametersBehind, withParameters } from "./parameters.ts";
import { type NetworkEpoch, type StepState, trainNetwork } from "./train_network.ts";

/** A stage's training examples, opened when the stage begins and disposed of when it is done. */
export interface StageExamples extends Disposable {
  readonly train: Examples;
  readonly validation: Examples;
}

export interface RecipeOptions {
  readonly weights: Pick<Vgg16Weights, "layers">;
  /** What the softmax starts from. */
  readonly head: Head;
  /** Of the images. */
  readonly size: ImageSize;
  readonly seed: number;
  /** Opens what a cut hands on of each image. */
  readonly examples: (cut: Cut) => Promise<StageExamples>;
  /** Folder of checkpoints and finished stages. Recipes that begin alike share what they have in common. */
  readonly folder: string;
  /** Digest of all that decides the training besides the recipe. */
  readonly configuration: string;
  /** Seconds between two checkpoints within an epoch. Default: 120. */
  readonly checkpointSeconds?: number;
  readonly onStep?: (stage: number, state: StepState) => void;
  /** Told after every epoch, with all epochs of all stages so far. */
  readonly onEpoch?: (history: readonly StageEpoch[]) => void | Promise<void>;
  readonly onNotice?: (message: string) => void;
}

/** One epoch of one stage, both from 1. */
export interface StageEpoch extends NetworkEpoch {
  readonly stage: number;
  readonly depth: Depth;
}

export interface TrainedRecipe {
  /** After the best epoch of the last stage. */
  readonly network: NetworkWeights;
  readonly history: readonly StageEpoch[];
  /** Of the last stage, from 1. */
  readonly bestEpoch: number;
  /** Of training and validation, over all stages and sittings. */
  readonly seconds: number;
}

interface StageResult {
  readonly parameters: readonly Parameter[];
  readonly history: readonly NetworkEpoch[];
  readonly bestEpoch: number;
  readonly seconds: number;
}

/**
 * Stopped at any moment and called again it ends with the same bits.
 *
 * @throws as `trainNetwork`
 */
export async function trainRecipe(recipe: Recipe, options: RecipeOptions): Promise<TrainedRecipe> {
  if (recipe.length === 0) throw new RangeError("A recipe must have at least one stage. Received: none");
  let network: NetworkWeights = { layers: options.weights.layers, head: options.head };
  let seconds = 0;
  let bestEpoch = 0;
  const history: StageEpoch[] = [];
  for (const [index, stage] of recipe.entries()) {
    const configuration = digestOf({ before: options.configuration, stages: recipe.slice(0, index + 1) });
    const path = join(options.folder, `${stage.depth}-${configuration.slice(0, 12)}.tensors`);
    const initial = parametersBehind(cutOf(stage.depth), network, network.head);
    const mark = (record: NetworkEpoch) => ({ stage: index + 1, depth: stage.depth, ...record });
    const done = await loadStage(path, configuration, initial, options.onNotice ?? console.warn) ??
      await trainStage(stage, initial, {
        ...options,
        ...{ path, configuration },
        onStep: (state) => options.onStep?.(index + 1, state),
        onEpoch: (records) => options.onEpoch?.([...history, ...records.map(mark)]),
      });
    history.push(...done.history.map(mark));
    seconds += done.seconds;
    bestEpoch = done.bestEpoch;
    network = withParameters(network, done.parameters);
  }
  await options.onEpoch?.(history); // also where all stages were there already
  return { network, history, bestEpoch, seconds };
}

async function trainStage(
  { depth, ...stage }: Stage,
  initial: readonly Parameter[],
  { path, configuration, ...options }: Omit<RecipeOptions, "onStep" | "onEpoch"> & {
    path: string;
    onStep: (state: StepState) => void;
    onEpoch: (records: readonly NetworkEpoch[]) => void | Promise<void>;
  },
): Promise<StageResult> {
  const cut = cutOf(depth);
  using examples = await options.examples(cut);
  const checkpoint = {
    path: path.replace(/\.tensors$/, ".checkpoint"),
    configuration,
    everySeconds: options.checkpointSeconds ?? 120,
  };
  const { parameters, ...result } = await trainNetwork(examples.train, {
    ...stage,
    ...{ cut, initial, checkpoint },
    size: options.size,
    classes: options.head.classes,
    seed: options.seed,
    validation: examples.validation,
    onStep: options.onStep,
    onEpoch: (_, records) => options.onEpoch(records),
    onNotice: options.onNotice,
  });
  const tensors = new Map(parameters.map(({ name, values }) => [name, values]));
  await saveTensors(path, { header: { configuration, ...result }, tensors });
  await Deno.remove(checkpoint.path).catch(() => {});
  return { parameters, ...result };
}

/** A finished stage of this configuration; null where there is none, or it is damaged, which is said. */
async function loadStage(
  path: string,
  expected: string,
  initial: readonly Parameter[],
  onNotice: (message: string) => void,
): Promise<StageResult | null> {
  try {
    const { header, tensors } = await loadTensors(path);
    const { configuration, ...result } = header as Omit<StageResult, "parameters"> & {
      configuration: string;
    };
    if (configuration !== expected) return null;
    return {
      ...result,
      parameters: initial.map(({ name, shape }) => ({ name, shape, values: tensors.get(name)! })),
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (!(error instanceof SyntaxError)) throw error;
    onNotice(`A finished stage cannot be used and is trained again: ${error.message}`);
    return null;
  }
}
