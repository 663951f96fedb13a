/** Trains a network and keeps the result in a store, under a digest of everything that decides it. */
import { checkStage, keyOf, type Stage, stageOf, type StageOptions } from "../recipe.ts";
import { sidesOf, sizeText } from "../image_size.ts";
import { digestOf } from "../support/digest.ts";
import { type EngineIdentity, engineIdentity } from "../support/engine/engine.ts";
import type { Store } from "../support/store.ts";
import { softmax } from "./cross_entropy.ts";
import { ConvolutionNetwork } from "./convolution_network.ts";
import { ImageNetwork } from "./image_network.ts";
import { type Examples, examplesOf } from "./examples.ts";
import { type Head, initialHead, type Model, type Tensors, withTensors } from "./model.ts";
import type { Network } from "./network.ts";
import { SoftmaxNetwork } from "./softmax_network.ts";
import { answer, type EpochRecord, type LoopOptions, runEpochs } from "./training_loop.ts";

/** A stage and how it is run. `stageOf` fills in what the stage leaves out. */
export interface FitOptions extends StageOptions, LoopOptions {}

export interface Fitted {
  readonly model: Model;
  /** If averaged weights count, the model with the weights after the last step; else null. */
  readonly last: Model | null;
  readonly history: readonly EpochRecord[];
  /** The epoch whose weights were restored, from 1. Null if the last epoch's weights count. */
  readonly bestEpoch: number | null;
  /** Of training and validation, without interruptions. */
  readonly seconds: number;
  /** False if it was in the store. */
  readonly computed: boolean;
  /** Digest of everything that decides the training. It is also the model's digest. */
  readonly key: string;
}

/**
 * Trains the layers of `model` from `options.depth` on, and the softmax.
 *
 * @param train outputs of the layers before `depth`; images if there are no such layers or the stage `readsImages`
 * @throws {RangeError} if an option or a label is invalid
 * @throws {Error} if the training diverges; the message names epoch, step and what to change
 */
export async function fit(model: Model, train: Examples, options: FitOptions): Promise<Fitted> {
  const { seed, validation, store } = options;
  const stage = stageFrom(options);
  check(stage, model.classes, { train, validation });
  const [height, width] = sidesOf(model.size);
  if (stage.randomOrientation && height !== width) {
    throw new RangeError(`randomOrientation needs square images. Received: ${sizeText(model.size)} pixels`);
  }
  const key = fitKey(model.digest, stage, { train: train.digest, validation: validation?.digest, seed });
  const compute = async () => {
    using network = makeNetwork(model, stage);
    const { weights, last, ...value } = await runEpochs(network, train, stage, { ...options, key });
    const ofLast = last ? Object.entries(network.tensors(last)) : [];
    const tensors = {
      ...network.tensors(weights),
      ...Object.fromEntries(ofLast.map(([name, values]) => [`${lastPrefix}${name}`, values])),
    };
    return { value: { depth: stage.depth, ...value }, tensors };
  };
  const { value, tensors, computed } = store
    ? await store.keep("fits", key, compute)
    : { ...await compute(), computed: true };
  await store?.remove("checkpoints", key);
  const ofLast = Object.entries(tensors).flatMap(([name, values]) =>
    name.startsWith(lastPrefix) ? [[name.slice(lastPrefix.length), values] as const] : []
  );
  const last = ofLast.length === 0 ? null : fittedModel(model, digestOf({ key, weights: "last" }), {
    value,
    tensors: Object.fromEntries(ofLast),
  });
  return { ...value, model: fittedModel(model, key, { value, tensors }), last, computed, key };
}

/** Marks the stored tensors after the last step, beside those that count. */
const lastPrefix = "last ";

/** A network of a model's layers from a depth on. @throws {RangeError} if the engine has no gradients of convolutions */
function makeNetwork(
  model: Model,
  { depth, readsImages = false }: Pick<Stage, "depth"> & Partial<Pick<Stage, "readsImages">>,
): Network {
  if (depth === "head") return new SoftmaxNetwork(model.head);
  const network = new ConvolutionNetwork(model, depth);
  return readsImages ? new ImageNetwork(model, network, depth) : network;
}

/** Raise this by hand when training gives other results or a default of `stageOf` changes. */
const fitVersion = 1;

/**
 * The key of a training, without training: SHA-256 of everything that decides it.
 *
 * @param model digest of the model that it starts from; for a later stage, the key of the stage before
 * @param on digests of the examples, and the seed
 */
export function fitKey(
  model: string,
  stage: StageOptions,
  on: { train: string; validation?: string; seed: number },
  engine: EngineIdentity = engineIdentity,
): string {
  return digestOf({ fitVersion, engine, model, stage: keyOf(stage), ...on });
}

/** Loads the model that a training ended with from the store. @throws {Error} if it is not there */
export async function loadFitted(store: Store, key: string, base: Model): Promise<Model> {
  const stored = await store.read<Pick<Stage, "depth">>("fits", key);
  if (stored) return fittedModel(base, key, stored);
  throw new Error(
    `${store.folder}: the training ${
      key.slice(0, 12)
    }… is no longer in the store. Run the same command to train it again`,
  );
}

function fittedModel(
  base: Model,
  digest: string,
  { value: { depth }, tensors }: { value: Pick<Stage, "depth">; tensors: Tensors },
): Model {
  return { ...withTensors(base, tensors), depth, digest };
}

/** Class probabilities of examples at the model's depth, in inference mode: (n, classes), rows sum to 1. */
export async function predict(
  model: Model,
  examples: Examples,
  report?: (done: number, total: number) => void,
): Promise<Float32Array> {
  using network = makeNetwork(model, model);
  return softmax(await answer(network, examples, report), model.classes);
}

/** Trains a softmax on plain features, (n, inputs): the same loop without VGG16 before it. */
export async function fitSoftmax(
  features: Float32Array,
  labels: Uint8Array,
  { classes, seed, ...options }: Omit<FitOptions, "depth" | "store"> & { classes: number },
): Promise<Head> {
  const head = initialHead({ inputs: features.length / labels.length, classes, seed });
  const train = examplesOf(features, labels);
  const stage = stageFrom({ ...options, depth: "head", seed });
  check(stage, classes, { train, validation: options.validation });
  using network = new SoftmaxNetwork(head);
  const { weights } = await runEpochs(network, train, stage, { ...options, seed });
  const tensors = network.tensors(weights);
  return { ...head, kernel: tensors["predictions/kernel"], bias: tensors["predictions/bias"] };
}

/** The stage alone, with defaults filled in. */
function stageFrom(
  {
    seed: _1,
    validation: _2,
    store: _3,
    checkpointSeconds: _4,
    onStep: _5,
    onEpoch: _6,
    signal: _7,
    ...given
  }: FitOptions,
): Stage {
  return stageOf(given);
}

function check(
  stage: Stage,
  classes: number,
  parts: { train: Examples; validation?: Examples },
): void {
  checkStage(stage);
  for (const [part, examples] of Object.entries(parts)) {
    if (!examples) continue;
    const { labels } = examples;
    if (labels.length === 0) throw new RangeError(`${part} must have at least one row. Received: none`);
    const row = labels.findIndex((label) => label >= classes);
    if (row >= 0) {
      throw new RangeError(
        `${part}: the label of row ${row} must be 0 … ${classes - 1}. Received: ${labels[row]}`,
      );
    }
  }
  if (!parts.validation && (stage.restoreBestWeights || stage.patience !== null)) {
    throw new RangeError("restoreBestWeights and patience need validation. Received: none");
  }
}
