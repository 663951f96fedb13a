/** Softmax and categorical cross-entropy on logits, with the gradient in closed form. */
import { argmax } from "../evaluation/metrics.ts";

/** (n, classes) logits → probabilities of the same shape, rows sum to 1 within float32's precision. */
export function softmax(logits: Float32Array, classes: number): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const top = logits[start + argmax(logits, start, classes)];
    let sum = 0;
    for (let i = start; i < start + classes; i++) sum += probabilities[i] = Math.exp(logits[i] - top);
    for (let i = start; i < start + classes; i++) probabilities[i] /= sum;
  }
  return probabilities;
}

export interface BatchLoss {
  /** Mean over the batch, in nats. */
  readonly loss: number;
  /** Number of rows whose largest logit is the true class; of equal logits the first counts. */
  readonly correct: number;
  /** Gradient of the mean loss with respect to the logits, (n, classes): (p − y) / n. */
  readonly gradient: Float32Array;
}

/**
 * The mean of log Σⱼ exp(zⱼ) − z_label, as Keras computes it from a softmax layer's logits. Nothing is clipped. The largest logit is
 * subtracted first, so no exponential overflows.
 *
 * @param logits (n, classes)
 * @param labels n class indices
 */
export function crossEntropy(logits: Float32Array, labels: ArrayLike<number>, classes: number): BatchLoss {
  const n = labels.length;
  const gradient = new Float32Array(logits.length);
  let loss = 0;
  let correct = 0;
  for (let row = 0, start = 0; row < n; row++, start += classes) {
    const largest = argmax(logits, start, classes);
    const top = logits[start + largest];
    let sum = 0;
    for (let i = start; i < start + classes; i++) sum += gradient[i] = Math.exp(logits[i] - top);
    loss += Math.log(sum) - (logits[start + labels[row]] - top);
    correct += largest === labels[row] ? 1 : 0;
    for (let i = start; i < start + classes; i++) gradient[i] /= sum * n;
    gradient[start + labels[row]] -= 1 / n;
  }
  return { loss: loss / n, correct, gradient };
}

/** Logarithms of the classes' shares. A class without rows has one too small to affect the others. @param counts rows of each class */
export function logShares(counts: readonly number[]): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  return counts.map((count) => Math.log(Math.max(count, 1e-6) / total));
}
