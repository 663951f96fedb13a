/** Softmax and categorical cross-entropy on logits, with the gradient in closed form. */

export interface BatchLoss {
  /** Mean over the batch, in nats. */
  readonly loss: number;
  /** Rows whose largest logit is the true class; of equal logits the first counts. */
  readonly correct: number;
  /** Of the mean loss with respect to the logits, (n, classes): (p − y) / n. */
  readonly gradient: Float32Array;
}

/**
 * Mean of log Σⱼ exp(zⱼ) − z_label, as Keras computes it from a softmax layer's logits: nothing is clipped, and the largest logit
 * is taken off first, so that no exponential overflows.
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

/** Index of the largest value of each row of (n, classes), of equal ones the first: the predicted labels. */
export function argmaxRows(values: ArrayLike<number>, classes: number): Uint8Array {
  return Uint8Array.from(
    { length: values.length / classes },
    (_, row) => argmax(values, row * classes, classes),
  );
}

/** Rows of (n, classes) whose largest value is at the row's label. */
export function countCorrect(values: Float32Array, labels: ArrayLike<number>, classes: number): number {
  let correct = 0;
  for (let row = 0; row < labels.length; row++) {
    if (argmax(values, row * classes, classes) === labels[row]) correct++;
  }
  return correct;
}

/** Index, from 0, of the first largest of `count` values from `start` on. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) {
    if (values[start + i] > values[start + best]) best = i;
  }
  return best;
}
