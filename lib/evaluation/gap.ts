/** How far a model does better on what it was trained on. */

/**
 * The gap as the write-up means it: (train − test) / train × 100, in per cent of the train accuracy.
 *
 * @param train accuracy on the training part, above 0 and at most 1
 * @param test accuracy on the test part, 0 … 1
 * @throws {RangeError} when a value is no such share: without any right answer in training there is no gap to speak of
 */
export function gapPercent(train: number, test: number): number {
  if (!(train > 0 && train <= 1)) {
    throw new RangeError(`Train accuracy must be above 0 and at most 1. Received: ${train}`);
  }
  if (!(test >= 0 && test <= 1)) throw new RangeError(`Test accuracy must be from 0 to 1. Received: ${test}`);
  return (train - test) / train * 100;
}
