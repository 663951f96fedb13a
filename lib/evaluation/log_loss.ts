/** Mean cross-entropy of given probabilities. */

/**
 * Mean of −ln p of the true class, in nats, as Keras' `categorical_crossentropy` defines it for probabilities: each row is
 * divided by its sum, then p is clipped to 1e-7 … 1 − 1e-7, so one wrong answer costs at most 16.12.
 *
 * A loss that Keras reports in training is computed from logits and not clipped (`crossEntropy` in training/).
 *
 * @param truth n class indices
 * @param probabilities (n, classes)
 */
export function logLoss(truth: ArrayLike<number>, probabilities: ArrayLike<number>, classes: number): number {
  const epsilon = 1e-7;
  let total = 0;
  for (let row = 0; row < truth.length; row++) {
    let sum = 0;
    for (let i = row * classes; i < (row + 1) * classes; i++) sum += probabilities[i];
    const share = probabilities[row * classes + truth[row]] / sum;
    total -= Math.log(Math.min(Math.max(share, epsilon), 1 - epsilon));
  }
  return total / truth.length;
}
