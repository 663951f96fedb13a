/** The trained part behind the frozen network: Dense(classes) with softmax, as two float32 arrays. */
import { randomFor } from "../support/random.ts";
import { loadTensors, saveTensors } from "../support/tensor_file.ts";
import { softmax } from "./cross_entropy.ts";
import { logitsOf, makeSoftmaxNetwork } from "./softmax_network.ts";

export interface Head {
  /** (inputs, classes) */
  readonly kernel: Float32Array;
  /** (classes) */
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly classes: number;
}

/**
 * Weights before training, as Keras' Dense starts: kernel uniform in ±√(6 / (inputs + classes)), bias zero.
 *
 * X. Glorot & Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
 */
export function initialHead(options: { inputs: number; classes: number; seed: number }): Head {
  const { inputs, classes, seed } = options;
  const limit = Math.sqrt(6 / (inputs + classes));
  const random = randomFor(seed, "glorot_uniform", inputs, classes);
  const kernel = Float32Array.from({ length: inputs * classes }, () => limit * (2 * random() - 1));
  return { kernel, bias: new Float32Array(classes), inputs, classes };
}

/**
 * Class probabilities: features (n, inputs) → (n, classes), rows sum to 1.
 *
 * @throws {TypeError} when the features are no whole number of rows
 */
export function predict(head: Head, features: Float32Array): Float32Array {
  return softmax(computeLogits(head, features), head.classes);
}

/** What the softmax is taken of: features (n, inputs) → features · kernel + bias, (n, classes). */
export function computeLogits({ kernel, bias, inputs, classes }: Head, features: Float32Array): Float32Array {
  if (features.length % inputs !== 0) {
    throw new TypeError(
      `Features must have shape (n, ${inputs}): a multiple of ${inputs} values. Received: ${features.length} values`,
    );
  }
  using network = makeSoftmaxNetwork([kernel, bias], { features: inputs, classes });
  return logitsOf(network, features, classes);
}

const format = "softmax-head-2";

/** Writes a head in one step, as a file of tensors. The same head gives the same bytes. */
export async function saveHead(path: string, { kernel, bias, inputs, classes }: Head): Promise<void> {
  await saveTensors(path, {
    header: { format, inputs, classes },
    tensors: new Map([["kernel", kernel], ["bias", bias]]),
  });
}

/** Reads what `saveHead` wrote, bit for bit. @throws {SyntaxError} when the file was cut or changed, or is of another kind */
export async function loadHead(path: string): Promise<Head> {
  const { header, tensors } = await loadTensors(path);
  const { format: received, inputs, classes } = header as { format: string; inputs: number; classes: number };
  if (received !== format) {
    throw new SyntaxError(
      `${path}: expected a head, format "${format}". Received: "${received}". Delete it and train again`,
    );
  }
  return { kernel: tensors.get("kernel")!, bias: tensors.get("bias")!, inputs, classes };
}
