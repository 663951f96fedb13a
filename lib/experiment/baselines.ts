/** What must be beaten: the commonest class, and a logistic regression that sees colours alone. */
import type { Config } from "../config.ts";
import { evaluate, type Evaluation } from "../evaluation/metrics.ts";
import { countLabels } from "../data/diagnosis.ts";
import { predict } from "../training/head.ts";
import { trainHead } from "../training/train_head.ts";
import { colourHistogram, histogramLength } from "./colour_histogram.ts";
import { type Inputs, pixelsOf } from "./features.ts";
import { labelsOf } from "./parts.ts";

export interface Baseline {
  readonly name: string;
  readonly train: Evaluation;
  readonly validation: Evaluation;
  readonly test: Evaluation;
}

/** Always answers the class that is commonest among the rows trained on. */
export function commonestClass(inputs: Inputs): Baseline {
  const classes = inputs.source.classes.length;
  const counts = countLabels(labelsOf(inputs.parts, inputs.parts.subsetTrain), classes);
  const total = counts.reduce((a, b) => a + b, 0);
  const shares = Float32Array.from(counts, (count) => count / total);
  const on = (rows: readonly number[]) => {
    const probabilities = new Float32Array(rows.length * classes);
    rows.forEach((_, index) => probabilities.set(shares, index * classes));
    return evaluate(labelsOf(inputs.parts, rows), probabilities, classes);
  };
  return { name: "commonest class", ...onParts(inputs, on) };
}

/** Multinomial logistic regression on colour histograms: the same softmax and loop, 512 colours in place of VGG16. */
export async function colourBaseline(
  config: Config,
  inputs: Inputs,
  onProgress?: (done: number, total: number) => void,
): Promise<Baseline> {
  const epochs = 30;
  const classes = inputs.source.classes.length;
  const features = (rows: readonly number[]) => {
    const values = new Float32Array(rows.length * histogramLength);
    rows.forEach((row, i) => values.set(colourHistogram(pixelsOf(config, inputs, row)), i * histogramLength));
    return values;
  };
  const { subsetTrain } = inputs.parts;
  const trained = features(subsetTrain);
  const { head } = await trainHead(trained, labelsOf(inputs.parts, subsetTrain), {
    classes,
    optimizer: "adam",
    learningRate: 1e-2,
    epochs,
    batchSize: config.batchSize,
    seed: config.seed,
    onEpoch: ({ epoch }) => onProgress?.(epoch, epochs),
  });
  const on = (rows: readonly number[]) => {
    const values = rows === subsetTrain ? trained : features(rows);
    return evaluate(labelsOf(inputs.parts, rows), predict(head, values), classes);
  };
  return { name: "logistic regression on colour histograms", ...onParts(inputs, on) };
}

function onParts(inputs: Inputs, on: (rows: readonly number[]) => Evaluation) {
  const { subsetTrain, subsetValidation, test } = inputs.parts;
  return { train: on(subsetTrain), validation: on(subsetValidation), test: on(test) };
}
