/** Changes trained weights without training: averages several networks, and adjusts the softmax's logits. */
import { classMean, rowLosses } from "../../evaluation/metrics.ts";
import { digestOf } from "../../support/digest.ts";
import { randomFor, shuffled } from "../../support/random.ts";
import { logShares } from "../../training/cross_entropy.ts";
import type { Model } from "../../training/model.ts";

/**
 * One network with the mean weights of several networks. They share one recipe and started from ImageNet's weights.
 *
 * M. Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference
 * time", ICML 2022, arXiv:2203.05482.
 */
export function averageWeights(models: readonly Model[]): Model {
  const [first] = models;
  const meanOf = (arrays: readonly Float32Array[]) =>
    arrays[0].map((_, i) => arrays.reduce((sum, array) => sum + array[i], 0) / arrays.length);
  return {
    ...first,
    layers: first.layers.map(({ name }, i) => ({
      name,
      kernel: meanOf(models.map(({ layers }) => layers[i].kernel)),
      bias: meanOf(models.map(({ layers }) => layers[i].bias)),
    })),
    head: {
      ...first.head,
      kernel: meanOf(models.map(({ head }) => head.kernel)),
      bias: meanOf(models.map(({ head }) => head.bias)),
    },
    digest: digestOf({ average: models.map(({ digest }) => digest) }),
  };
}

/**
 * Logits z become scale · z − prior · ln π, where π are the classes' shares of the training photos.
 *
 * The scale is one over the temperature of C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017. The second term is the
 * logit adjustment of A. K. Menon et al., "Long-tail learning via logit adjustment", ICLR 2021.
 */
export interface LogitAdjustment {
  readonly scale: number;
  readonly prior: number;
}

/** The network with the adjustment built into its softmax's weights. @param counts number of training photos of each class */
export function adjustLogits(
  model: Model,
  { scale, prior }: LogitAdjustment,
  counts: readonly number[],
): Model {
  const shares = takenShares(counts);
  return {
    ...model,
    head: {
      ...model.head,
      kernel: model.head.kernel.map((value) => scale * value),
      bias: model.head.bias.map((value, label) => scale * value - prior * shares[label]),
    },
    digest: digestOf({ model: model.digest, scale, prior, counts }),
  };
}

/** Logarithms of the classes' shares. A class without photos has 0, so its logit is only scaled. */
function takenShares(counts: readonly number[]): number[] {
  return logShares(counts).map((share, label) => counts[label] > 0 ? share : 0);
}

/** Probabilities, (n, classes), as the network with adjusted logits would give them. */
export function adjustAnswers(
  answers: Float32Array,
  { scale, prior }: LogitAdjustment,
  counts: readonly number[],
): Float32Array {
  const classes = counts.length;
  const shares = takenShares(counts);
  const adjusted = new Float32Array(answers.length);
  for (let start = 0; start < answers.length; start += classes) {
    let sum = 0;
    for (let label = 0; label < classes; label++) {
      const logit = Math.log(Math.max(answers[start + label], 1e-30));
      sum += adjusted[start + label] = Math.exp(scale * logit - prior * shares[label]);
    }
    for (let label = 0; label < classes; label++) adjusted[start + label] /= sum;
  }
  return adjusted;
}

/**
 * The adjustment with the least log loss on labelled rows, with equal weight for each class. If several networks answered the same rows,
 * their mean loss counts. The loss is convex in both numbers, so a search along the axes finds its minimum.
 */
export function fitAdjustment(
  answers: readonly Float32Array[],
  truth: readonly number[],
  counts: readonly number[],
): LogitAdjustment {
  const classes = counts.length;
  const lossOf = (adjustment: LogitAdjustment) =>
    answers.reduce(
      (sum, one) =>
        sum + classMean(rowLosses(truth, adjustAnswers(one, adjustment, counts), classes), truth, classes),
      0,
    );
  let best: LogitAdjustment = { scale: 1, prior: 0 };
  let least = lossOf(best);
  for (let step = 0.25; step > 1e-3;) {
    const { scale, prior } = best;
    const near = [
      { scale: scale + step, prior },
      { scale: Math.max(scale - step, 1e-3), prior },
      { scale, prior: prior + step },
      { scale, prior: prior - step },
    ].map((adjustment) => ({ adjustment, loss: lossOf(adjustment) }));
    const found = near.reduce((a, b) => (b.loss < a.loss ? b : a));
    if (found.loss < least) [best, least] = [found.adjustment, found.loss];
    else step /= 2;
  }
  return best;
}

/** The validation photos. */
export interface Validation {
  readonly truth: readonly number[];
  /** The group of each photo, such as its lesion. */
  readonly groups: readonly string[];
  /** Number of training photos of each class. */
  readonly counts: readonly number[];
  readonly seed: number;
}

/** Adjusted predictions for a fair comparison: each half of the groups uses the adjustment fitted on the other half. */
export function crossFittedAnswers(
  answers: readonly Float32Array[],
  { truth, groups, counts, seed }: Validation,
): Float32Array[] {
  const classes = counts.length;
  const first = new Set<string>(); // half of the groups of each class
  for (const own of Map.groupBy(truth.keys(), (row) => truth[row]).values()) {
    const order = shuffled(
      [...new Set(own.map((row) => groups[row]))],
      randomFor(seed, "halves", truth[own[0]]),
    );
    order.slice(0, Math.floor(order.length / 2)).forEach((group) => first.add(group));
  }
  const result = answers.map((one) => one.slice());
  for (const half of [true, false]) {
    const fitted = [...truth.keys()].filter((row) => first.has(groups[row]) !== half);
    const rowsOf = (one: Float32Array) =>
      Float32Array.from(
        { length: fitted.length * classes },
        (_, i) => one[fitted[Math.floor(i / classes)] * classes + i % classes],
      );
    const adjustment = fitAdjustment(answers.map(rowsOf), fitted.map((row) => truth[row]), counts);
    answers.forEach((one, i) => {
      const adjusted = adjustAnswers(one, adjustment, counts);
      for (const row of truth.keys()) {
        if (first.has(groups[row]) !== half) continue;
        result[i].set(adjusted.subarray(row * classes, (row + 1) * classes), row * classes);
      }
    });
  }
  return result;
}
