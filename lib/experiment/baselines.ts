/** Two baselines that a network must beat: the commonest class, and a logistic regression that sees only colours. */
import { countLabels } from "../data/diagnosis.ts";
import { labelsOf } from "../data/parts.ts";
import { evaluate, type Evaluation } from "../evaluation/metrics.ts";
import { evaluateShares } from "../evaluation/set_scores.ts";
import { digestOf } from "../support/digest.ts";
import { fitSoftmax } from "../training/fit.ts";
import { softmaxAnswers } from "../training/softmax_network.ts";
import { examplesDigest, type Experiment, pixelsOf } from "./experiment.ts";

export interface Baseline {
  readonly name: string;
  readonly train: Evaluation;
  readonly validation: Evaluation;
  readonly test: Evaluation;
}

/** Both baselines on the same parts as the networks. */
export async function measureBaselines(experiment: Experiment): Promise<Baseline[]> {
  return [commonestClass(experiment), await colourBaseline(experiment)];
}

/** Always answers the commonest class of the training rows. */
function commonestClass({ parts, source }: Experiment): Baseline {
  const classes = source.classes.length;
  const counts = countLabels(labelsOf(parts, parts.subsetTrain), classes);
  const on = (rows: readonly number[]) => evaluateShares(labelsOf(parts, rows), counts);
  return {
    name: "commonest class",
    ...{ train: on(parts.subsetTrain), validation: on(parts.subsetValidation), test: on(parts.test) },
  };
}

/** Multinomial logistic regression on colour histograms: the same softmax and training loop, with 512 colours in place of VGG16. */
async function colourBaseline(experiment: Experiment): Promise<Baseline> {
  const { config, parts, source, store } = experiment;
  const options = { optimizer: "adam", learningRate: 1e-2, epochs: 30, batchSize: 32 } as const;
  const classes = source.classes.length;
  const { subsetTrain, subsetValidation, test } = parts;
  const on = [subsetTrain, subsetValidation, test].map((rows) => examplesDigest(experiment, rows, "block1"));
  const { value } = await store.keep(
    "baselines",
    digestOf({ histogramLength, options, seed: config.seed, on, classes, engine: experiment.engine }),
    async () => {
      const features = (rows: readonly number[]) => {
        const values = new Float32Array(rows.length * histogramLength);
        rows.forEach((row, i) => values.set(colourHistogram(pixelsOf(experiment, row)), i * histogramLength));
        return values;
      };
      const learned = features(subsetTrain);
      const head = await fitSoftmax(learned, labelsOf(parts, subsetTrain), {
        ...options,
        classes,
        seed: config.seed,
      });
      const measure = (rows: readonly number[], values: Float32Array) =>
        evaluate(labelsOf(parts, rows), softmaxAnswers(head, values), classes);
      const value = {
        train: measure(subsetTrain, learned),
        validation: measure(subsetValidation, features(subsetValidation)),
        test: measure(test, features(test)),
      };
      return { value, tensors: {} };
    },
  );
  return { name: "logistic regression on colour histograms", ...value };
}

/** Each channel is reduced to its three highest bits: 8 bins a channel, 8 × 8 × 8 = 512 joint bins. */
export const histogramLength = 512;

/**
 * Joint RGB histogram of one image, as square roots of the shares (Hellinger): 512 values 0–1, whose squares sum to 1.
 *
 * @param pixels (height, width, 3), RGB, 0–255
 */
export function colourHistogram(pixels: Uint8Array): Float32Array {
  const counts = new Float32Array(histogramLength);
  for (let i = 0; i < pixels.length; i += 3) {
    counts[(pixels[i] >> 5) << 6 | (pixels[i + 1] >> 5) << 3 | pixels[i + 2] >> 5]++;
  }
  const total = pixels.length / 3;
  return counts.map((count) => Math.sqrt(count / total));
}
