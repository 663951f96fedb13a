/** Saves a trained classifier as a folder that this project, TensorFlow.js and Keras can read directly. */
import { join } from "node:path";
import type { Precision } from "../config.ts";
import { sidesOf, sizeText } from "../image_size.ts";
import { writeAtomic, writeFolderAtomic } from "../support/atomic.ts";
import { digestOf, sha256 } from "../support/digest.ts";
import type { Depth } from "../recipe.ts";
import { convolutions, inputLength } from "./vgg16.ts";
import {
  kerasFile,
  kerasLayers,
  modelJson,
  type ModelShape,
  readWeights,
  weightParts,
} from "./keras_model.ts";
import type { TrainedOn } from "./trained_on.ts";
import type { ConvolutionWeights, Vgg16Weights } from "./weights.ts";
import { jsonText } from "../support/json.ts";

/** A trained classifier, photos (height, width, 3), RGB 0–255 → class probabilities, and what it was made from. */
export interface TrainedModel extends ModelShape {
  /** The 13 convolutions in the network's order, trained or not. */
  readonly layers: readonly ConvolutionWeights[];
  /** The softmax: kernel (features, classes) and bias (classes). */
  readonly head: { readonly kernel: Float32Array; readonly bias: Float32Array };
  readonly provenance: Provenance;
  /** What it was trained on. Null if its folder does not say, as in older folders. */
  readonly trainedOn: TrainedOn | null;
}

export interface Provenance {
  /** Digest of the configuration that the model was trained with. */
  readonly configuration: string;
  /** Weights that the training started from: their source, and their digest. */
  readonly base: Vgg16Weights["source"];
  readonly baseDigest: string;
  /** The first part that was trained; `head`: the softmax alone. */
  readonly depth: Depth;
  readonly seed: number;
  /** Number format in which its convolutions were trained; left out if `float32`. Saved models predict in float32. */
  readonly precision?: Precision;
  /** Whether it was trained on drawn stand-in pictures. */
  readonly synthetic: boolean;
  /** Given if the model was tested without a leak. */
  readonly assessment?: Assessment;
}

/** What a user of the model should know about it. */
export interface Assessment {
  /** The numbers hold for predictions that are the mean over this many orientations. */
  readonly orientations: 1 | 8;
  /** Scores on new lesions of the same table, and on the official test set of ISIC 2018 (null if that was not available). */
  readonly own: AssessedScore;
  readonly official: AssessedScore | null;
  /** Class shares of photos like its test photos. For these, correct its probabilities to the shares and scale with `temperature`. */
  readonly shares: readonly number[];
  /** The class shares that its uncorrected probabilities assume, up to a factor. If absent, all are equal. */
  readonly learnedAt?: readonly number[];
  readonly temperature: number;
  /** A threshold for the corrected probability of melanoma. Null if melanoma is not a class. */
  readonly melanoma: {
    readonly threshold: number;
    readonly sensitivity: number;
    readonly specificity: number;
  } | null;
}

export interface AssessedScore {
  readonly balancedAccuracy: number;
  /** 95 % interval. */
  readonly low: number;
  readonly high: number;
  readonly photos: number;
}

/** The notice for every user of a model, in the same words everywhere. */
export const medicalNotice =
  "This is no medical device. It must not be used to judge a skin lesion: see a doctor for that.";

/** Reasons why a model's predictions mean nothing, as sentences. None if it was trained on photos, not from random weights. */
export function warningsOf({ synthetic, base }: Provenance): string[] {
  return [
    ...synthetic
      ? ["SYNTHETIC: this model has learned from drawn pictures, not photos. Its answers mean nothing."]
      : [],
    ...base === "random"
      ? ["RANDOM BASE: this model started from random weights, not ImageNet's. Its answers mean nothing."]
      : [],
  ];
}

const fileNames = ["model.json", "weights.bin", "model.h5"] as const;
const trainedOnName = "trained_on.json";
type FileName = (typeof fileNames)[number] | typeof trainedOnName;

/** `about.json`: what the folder holds. Without it the folder is no model. */
interface About extends ModelShape {
  readonly provenance: Provenance;
  /** `trained_on.json` is left out if it is not known. */
  readonly files: Readonly<Record<FileName, { readonly bytes: number; readonly sha256: string }>>;
}
const aboutName = "about.json";
const format = "vgg16-lesions-1";

/**
 * Saves a model as a folder in one step. An older one is replaced as a whole. The weights are stored twice, 59 MB each:
 *
 * - `model.json`, `weights.bin`: for `tf.loadLayersModel`;
 * - `model.h5`: for `keras.saving.load_model`;
 * - `trained_on.json`: digests of the photos and lesions that it was trained on, if they are known;
 * - `about.json`: classes, size, scaling, where the model comes from, digests of the others.
 *
 * Both networks read RGB 0–255 of shape (n, height, width, 3), any numeric type, and give probabilities. The same model gives the
 * same bytes.
 *
 * @throws {TypeError} if layers or head do not fit size and classes
 * @throws {RangeError} if a weight is not finite
 * @throws {StorageError} if it cannot be written; an older model is then unchanged
 */
export async function saveModel(folder: string, model: TrainedModel): Promise<void> {
  checkModel(model);
  const { size, scaling, classes, provenance, trainedOn } = model;
  const layers = kerasLayers(model);
  const values = new Map(
    [...model.layers, { name: "predictions", ...model.head }].flatMap(({ name, kernel, bias }) => [
      [`${name}/kernel`, kernel],
      [`${name}/bias`, bias],
    ]),
  );
  const valuesOf = (name: string) => values.get(name)!;
  const codes = classes.map(({ code }) => code);
  const bytes = (text: string) => [new TextEncoder().encode(text)];
  const contents: Record<string, Uint8Array[]> = {
    "model.json": bytes(modelJson(layers, { notice: medicalNotice, classes: codes })),
    "weights.bin": weightParts(layers, valuesOf),
    "model.h5": [await kerasFile(layers, valuesOf)],
    ...trainedOn && { [trainedOnName]: bytes(JSON.stringify(trainedOn) + "\n") },
  };
  const files = Object.fromEntries(
    Object.entries(contents).map(([name, parts]) => [name, {
      bytes: parts.reduce((sum, { length }) => sum + length, 0),
      sha256: sha256(...parts),
    }]),
  ) as About["files"];
  await writeFolderAtomic(folder, async (temporary) => {
    for (const [name, parts] of Object.entries(contents)) await writeAtomic(join(temporary, name), parts);
    await writeAtomic(join(temporary, aboutName), aboutText({ size, scaling, classes, provenance, files }));
  });
}

/**
 * Loads a model that `saveModel` wrote. On the same engine it gives the same predictions to the bit. All files of the folder are
 * checked, also those for other programs.
 *
 * @throws {SyntaxError} if the folder holds no model, or if a file is missing, cut short, changed or another model's; the message
 * begins with the file's path
 */
export async function loadModel(folder: string): Promise<TrainedModel> {
  const { size, scaling, classes, provenance, files } = await readAbout(folder);
  const contents = new Map<FileName, Uint8Array>();
  const names = trainedOnName in files ? [...fileNames, trainedOnName] as const : fileNames;
  for (const name of names) {
    const path = join(folder, name);
    const expected = files[name];
    const content = await Deno.readFile(path).catch((error) =>
      refuse(path, `the model lacks it. Received: ${error.message}`)
    );
    if (content.length !== expected.bytes) {
      const problem = content.length < expected.bytes ? "cut short" : "too long";
      refuse(path, `${problem}: about.json names ${expected.bytes} bytes. Received: ${content.length} bytes`);
    }
    const received = sha256(content);
    if (received !== expected.sha256) {
      const names = `about.json names SHA-256 ${expected.sha256}`;
      refuse(path, `changed, or another model's: ${names}. Received: ${received}`);
    }
    contents.set(name, content);
  }
  const tensors = readWeights(kerasLayers({ size, scaling, classes }), contents.get("weights.bin")!);
  const part = (name: string) => ({
    kernel: tensors.get(`${name}/kernel`)!,
    bias: tensors.get(`${name}/bias`)!,
  });
  const trainedOn = contents.get(trainedOnName);
  return {
    ...{ size, scaling, classes, provenance },
    trainedOn: trainedOn ? JSON.parse(new TextDecoder().decode(trainedOn)) : null,
    layers: convolutions.map(({ name }) => ({ name, ...part(name) })),
    head: part("predictions"),
  };
}

/** Whether a folder holds a model, whole or damaged. */
export function hasModel(folder: string): Promise<boolean> {
  return Deno.stat(join(folder, aboutName)).then(() => true, () => false);
}

/** Number of values that the softmax reads for one photo: 2,048 at 64×64. */
export function featuresOf({ size }: Pick<ModelShape, "size">): number {
  return inputLength("head", size);
}

function checkModel(model: TrainedModel): void {
  const { size, classes, layers, head } = model;
  const features = featuresOf(model);
  const expected = [
    ...convolutions.map(({ name, inputs, outputs }) => `${name} ${9 * inputs * outputs} + ${outputs}`),
    `predictions ${features * classes.length} + ${classes.length}`,
  ];
  const parts = [...layers, { name: "predictions", ...head }];
  const received = parts.map(({ name, kernel, bias }) => `${name} ${kernel.length} + ${bias.length}`);
  for (let i = 0; i < Math.max(expected.length, received.length); i++) {
    if (expected[i] === received[i]) continue;
    throw new TypeError(
      `A model of ${sizeText(size)} pixels and ${classes.length} classes must have as layer ${i + 1}: ` +
        `${expected[i] ?? "none"} values (kernel + bias). Received: ${received[i] ?? "none"}`,
    );
  }
  for (const { name, kernel, bias } of parts) {
    for (const values of [kernel, bias]) {
      const wrong = values.find((value) => !Number.isFinite(value));
      if (wrong === undefined) continue;
      throw new RangeError(
        `${name} must have finite weights. Received: ${wrong}. The training has diverged: lower its learning rate`,
      );
    }
  }
}

/** Which program reads which file, and what it needs. */
const reading = {
  "model.json":
    "TensorFlow.js: tf.loadLayersModel. With @tensorflow/tfjs-node 4.22.0 in Node 23 or newer first run " +
    'require("util").isNullOrUndefined = (value) => value == null; which it calls and Node has no more',
  "model.h5": "Keras 2 and 3: keras.saving.load_model",
};

/** The text of about.json. It ends with the digest of everything before it. */
function aboutText({ size, scaling, classes, provenance, files }: About): string {
  const about = {
    format,
    notice: [medicalNotice, ...warningsOf(provenance)].join(" "),
    input: `photos of shape (n, ${sidesOf(size).join(", ")}, 3), RGB, 0–255; scaling is part of the model`,
    output: `probabilities of shape (n, ${classes.length}), in the order of the classes`,
    reading,
    ...{ size, scaling, classes, provenance, files },
  };
  return jsonText({ ...about, digest: digestOf(about) });
}

async function readAbout(folder: string): Promise<About> {
  const path = join(folder, aboutName);
  const text = await Deno.readTextFile(path).catch(async (error) => {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory)) {
      return refuse(path, `it cannot be read. Received: ${error.message}`);
    }
    const entries = await Array.fromAsync(Deno.readDir(folder)).catch(() => null);
    const names = entries?.map((entry) => entry.name).sort().slice(0, 5).join(", ");
    const found = entries === null ? "no such folder" : `a folder with ${names || "nothing in it"}`;
    return refuse(path, `expected a model saved by this project. Received: ${found}`);
  });
  const { digest, ...about } = parseObject(text) ?? refuse(path, "cut short or changed: it is no JSON");
  if (about.format !== format) {
    refuse(path, `its format must be "${format}". Received: ${JSON.stringify(about.format) ?? "none"}`);
  }
  if (digest !== digestOf(about)) refuse(path, "changed: its digest does not fit what comes before it");
  return about as unknown as About;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

function refuse(path: string, reason: string): never {
  throw new SyntaxError(`${path}: ${reason}. Train again, or give the folder of another model (--model)`);
}
