/** What must hold before a training starts. */

/**
 * @param part "training" or "validation", for the message
 * @returns the number of features a row
 * @throws {TypeError} when features and labels have no common number of rows
 * @throws {RangeError} when a label is no class or a feature is not finite
 */
export function checkExamples(
  part: string,
  features: Float32Array,
  labels: Uint8Array,
  { classes, inputs }: { classes: number; inputs?: number },
): number {
  const n = labels.length;
  if (n === 0) throw new RangeError(`The ${part} part must have at least one row. Received: none`);
  const columns = inputs ?? features.length / n;
  if (columns < 1 || !Number.isInteger(columns) || features.length !== n * columns) {
    throw new TypeError(
      `The ${part} features must have shape (${n}, ${
        inputs ?? "inputs"
      }) for ${n} labels. Received: ${features.length} values`,
    );
  }
  const label = labels.findIndex((value) => value >= classes);
  if (label >= 0) {
    throw new RangeError(
      `The ${part} label of row ${label} must be 0 … ${classes - 1}. Received: ${labels[label]}`,
    );
  }
  for (let i = 0; i < features.length; i++) {
    if (!Number.isFinite(features[i])) {
      throw new RangeError(
        `The ${part} features must be finite: row ${Math.floor(i / columns)}, column ${i % columns}. ` +
          `Received: ${features[i]}`,
      );
    }
  }
  return columns;
}

/** @throws {RangeError} when the number of classes, epochs, rows a step or the learning rate cannot be */
export function checkTraining(
  options: { classes: number; epochs: number; batchSize: number; learningRate: number },
): void {
  for (const [name, least] of [["classes", 2], ["epochs", 1], ["batchSize", 1]] as const) {
    if (!Number.isInteger(options[name]) || options[name] < least) {
      throw new RangeError(`${name} must be a whole number of at least ${least}. Received: ${options[name]}`);
    }
  }
  if (!(options.learningRate > 0 && Number.isFinite(options.learningRate))) {
    throw new RangeError(`learningRate must be a positive number. Received: ${options.learningRate}`);
  }
}

/** Says where a training's loss left all bounds and what to change. @param remedy what helps besides a smaller learning rate */
export function diverged(
  { optimizer, learningRate }: { optimizer: string; learningRate: number },
  at: { epoch: number; step: number; loss: number },
  remedy: string,
): Error {
  return new Error(
    `Training with ${optimizer} diverged in epoch ${at.epoch}, step ${at.step}, at learning rate ${learningRate}. ` +
      `Take a smaller learning rate (try ${learningRate / 10}) or ${remedy}. Received: loss ${at.loss}`,
  );
}
