/** The 26 tensors of VGG16 without top: read from Keras' file, or drawn at random. */
import { weightsFile } from "../config.ts";
import { bytesOf, sha256 } from "../support/digest.ts";
import { randomFor } from "../support/random.ts";
import { convolutions } from "./vgg16.ts";
import { type ConvolutionWeights, readKerasTensors } from "./keras_weights.ts";

export type { ConvolutionWeights } from "./keras_weights.ts";

export interface Vgg16Weights {
  /** SHA-256 of all tensors, `weightsDigest(layers)`. */
  readonly digest: string;
  /** "imagenet": the published weights; "random": drawn here; "other": a file of the right shapes, accepted on request. */
  readonly source: "imagenet" | "random" | "other";
  /** The 13 convolutions in the network's order. */
  readonly layers: readonly ConvolutionWeights[];
}

/** `weightsDigest` of the ImageNet weights that Keras' `applications.VGG16` downloads. */
export const imagenetDigest = "d9a27cc1fc7f975ef8cff49180e794ccd7c4bc868ebb49740803b3bbaa8dbefd";

/** First 12 digits of each ImageNet tensor's SHA-256, kernel and bias, in the network's order. They show which one differs. */
const imagenetTensors = [
  ["564034bfdba3", "1ef208fe2fce"], // block1_conv1
  ["88349446ede8", "4b72fa1a0ca6"],
  ["4eedcea5414f", "9319bfabce80"], // block2_conv1
  ["d04e9376fa06", "753369cbe1f3"],
  ["61854131434c", "bfb722887891"], // block3_conv1
  ["0a3ba315ec7a", "2dfcb4bb7f8a"],
  ["ace776cfb805", "bd23367d7170"],
  ["1909f6c1a80a", "c33c2dcc6290"], // block4_conv1
  ["1250abdd410c", "c36252293630"],
  ["dc4ec7c7bd32", "59a2abf76b13"],
  ["8396e0b82aee", "312ab22d6dec"], // block5_conv1
  ["691a5087bbf6", "16bb5bca01ee"],
  ["5be0ee0f7ddc", "384c7a4f72e8"],
];

/**
 * Reads the weights from an HDF5 file: Keras' `vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5`, or one that Keras' `save`
 * or `save_weights` wrote for a model with VGG16's layers. A relative path starts at the working directory.
 *
 * The file's layout may differ, because its tensors are compared, not its bytes.
 *
 * @param options.imagenetOnly whether to refuse weights other than ImageNet's. If false, finite weights of the right shapes are accepted.
 * Default: true
 * @throws {Error} if the file is missing, not HDF5, cut off, or holds another network, other shapes, NaN or other weights
 */
export async function loadWeights(
  path: string,
  { imagenetOnly = true }: { imagenetOnly?: boolean } = {},
): Promise<Vgg16Weights> {
  const layers = await readKerasTensors(path);
  for (const { name, kernel, bias } of layers) {
    checkFinite(path, `${name}'s kernel`, kernel);
    checkFinite(path, `${name}'s bias`, bias);
  }
  const digest = weightsDigest(layers);
  const isImagenet = digest === imagenetDigest;
  if (imagenetOnly && !isImagenet) {
    throw new Error(
      `${path}: expected VGG16's ImageNet weights, tensor digest ${imagenetDigest}. Received: tensor digest ${digest}. ` +
        `All 26 tensors have the right shapes, but ${howItDiffers(layers)}`,
    );
  }
  return { digest, source: isImagenet ? "imagenet" : "other", layers };
}

/**
 * Untrained weights, for runs without a weight file: kernels uniform in ±√(6 / fan-in) (He et al. 2015, Keras' `he_uniform`),
 * which keeps the variance through the ReLUs, and biases 0. They are uniform rather than normal, because this needs only operations
 * that every machine rounds alike, so the same seed gives the same bits everywhere.
 */
export function randomWeights(seed: number): Vgg16Weights {
  const layers = convolutions.map(({ name, inputs, outputs }) => {
    const random = randomFor("vgg16", seed, name);
    const limit = Math.sqrt(6 / (9 * inputs));
    const kernel = new Float32Array(9 * inputs * outputs);
    for (let i = 0; i < kernel.length; i++) kernel[i] = (2 * random() - 1) * limit;
    return { name, kernel, bias: new Float32Array(outputs) };
  });
  return { digest: weightsDigest(layers), source: "random", layers };
}

/** SHA-256 over the tensors' little-endian float32 bytes, layer by layer, kernel then bias. */
export function weightsDigest(layers: readonly ConvolutionWeights[]): string {
  return sha256(...layers.flatMap(({ kernel, bias }) => [bytesOf(kernel), bytesOf(bias)]));
}

/** Says which tensors differ from ImageNet's, and what to do. */
function howItDiffers(layers: readonly ConvolutionWeights[]): string {
  const differs = (values: Float32Array, digest: string) => !sha256(bytesOf(values)).startsWith(digest);
  const names = layers.flatMap(({ name, kernel, bias }, i) => [
    ...differs(kernel, imagenetTensors[i][0]) ? [`${name}'s kernel`] : [],
    ...differs(bias, imagenetTensors[i][1]) ? [`${name}'s bias`] : [],
  ]);
  if (names.length <= 3) {
    const others = 26 - names.length;
    return `${
      names.join(", ")
    } differs; the other ${others} are right. The file was damaged: download it again`;
  }
  return `${names.length} of them differ: these are other weights, trained further or elsewhere. Download Keras' file, ${weightsFile}`;
}

function checkFinite(path: string, tensor: string, values: Float32Array): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  throw new Error(
    `${path}: ${tensor} should hold finite numbers. Received: ${values[index]} at index ${index}. ` +
      "The file was damaged or its training diverged: download it again",
  );
}
