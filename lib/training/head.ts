/** The trained part behind the frozen network: Dense(classes) with softmax, as two float32 arrays. */
import { writeAtomic } from "../atomic.ts";
import { sha256 } from "../digest.ts";
import { randomFor } from "../random.ts";
import { tf } from "../tensorflow/engine.ts";
import { softmax } from "./cross_entropy.ts";

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
export function computeLogits(head: Head, features: Float32Array): Float32Array {
  const { kernel, bias, inputs, classes } = head;
  if (features.length % inputs !== 0) {
    throw new TypeError(
      `Features must have shape (n, ${inputs}): a multiple of ${inputs} values. Received: ${features.length} values`,
    );
  }
  const n = features.length / inputs;
  const logits = new Float32Array(n * classes);
  const batch = 1024; // 8 MB of features at 2,048 a row
  tf.tidy(() => {
    const weights = tf.tensor2d(kernel, [inputs, classes]);
    const offset = tf.tensor1d(bias);
    for (let start = 0; start < n; start += batch) {
      const rows = Math.min(batch, n - start);
      tf.tidy(() => {
        const x = tf.tensor2d(features.subarray(start * inputs, (start + rows) * inputs), [rows, inputs]);
        const values = tf.add(tf.matMul(x, weights), offset).dataSync();
        logits.set(values as Float32Array, start * classes);
      });
    }
  });
  return logits;
}

const format = "softmax-head-1";
const digestLength = 32;

/**
 * Writes a head in one step: length of the header (uint32), header (JSON), kernel and bias (float32), SHA-256 of all before it.
 * Numbers are little-endian. The same head gives the same bytes.
 */
export async function saveHead(path: string, head: Head): Promise<void> {
  const { kernel, bias, inputs, classes } = head;
  const header = new TextEncoder().encode(JSON.stringify({ format, inputs, classes }));
  const bytes = new Uint8Array(4 + header.length + 4 * (kernel.length + bias.length) + digestLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, header.length, true);
  bytes.set(header, 4);
  let at = 4 + header.length;
  for (const values of [kernel, bias]) {
    for (const value of values) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  bytes.set(digestBytes(bytes.subarray(0, at)), at);
  await writeAtomic(path, bytes);
}

/** Reads what `saveHead` wrote, bit for bit. @throws {SyntaxError} when the file was cut or changed, or is of another kind */
export async function loadHead(path: string): Promise<Head> {
  const bytes = await Deno.readFile(path);
  const refuse = (reason: string): never => {
    throw new SyntaxError(`${path}: ${reason}. Delete it and train again.`);
  };
  const view = new DataView(bytes.buffer);
  const headerLength = bytes.length > 4 ? view.getUint32(0, true) : Infinity;
  const payload = 4 + headerLength;
  if (payload + digestLength > bytes.length) {
    return refuse(`cut short, or no head that this project saved. Received: ${bytes.length} bytes`);
  }
  const header = parseHeader(bytes.subarray(4, payload));
  if (!header) return refuse(`header must be JSON with format "${format}", inputs and classes`);
  const { inputs, classes } = header;
  const expected = payload + 4 * (inputs + 1) * classes + digestLength;
  if (bytes.length !== expected) {
    return refuse(
      `${bytes.length < expected ? "cut short" : "too long"}: ` +
        `(${inputs} + 1) × ${classes} weights take ${expected} bytes. Received: ${bytes.length} bytes`,
    );
  }
  const end = bytes.length - digestLength;
  if (!digestBytes(bytes.subarray(0, end)).every((byte, index) => byte === bytes[end + index])) {
    return refuse("bytes were changed: the SHA-256 at the end does not fit what comes before it");
  }
  const values = Float32Array.from(
    { length: (inputs + 1) * classes },
    (_, index) => view.getFloat32(payload + 4 * index, true),
  );
  return { kernel: values.slice(0, inputs * classes), bias: values.slice(inputs * classes), inputs, classes };
}

function parseHeader(bytes: Uint8Array): { inputs: number; classes: number } | null {
  try {
    const header = JSON.parse(new TextDecoder().decode(bytes));
    return header.format === format && header.inputs > 0 && header.classes > 0 ? header : null;
  } catch {
    return null;
  }
}

function digestBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(sha256(bytes).match(/../g)!, (hex) => parseInt(hex, 16));
}
