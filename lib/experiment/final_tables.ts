/** Rows of 05's tables: results side by side, the gap, intervals, and what the write-up says. */
import type { Config } from "../config.ts";
import { gapPercent } from "../evaluation/gap.ts";
import { groupBootstrapInterval, type Interval } from "../evaluation/intervals.ts";
import type { Evaluation } from "../evaluation/metrics.ts";
import { isOwnTable } from "../ham10000/metadata.ts";
import type { OptimizerRun } from "./comparison.ts";
import type { Inputs } from "./features.ts";
import type { FinalEvaluation } from "./final_evaluation.ts";
import { countLeakage } from "./leakage.ts";
import { labelsOf } from "./parts.ts";
import { claimed } from "./write_up.ts";

export interface ResultRow {
  readonly name: string;
  readonly train: Evaluation;
  readonly validation: Evaluation;
  readonly test: Evaluation;
}

/** The optimizers, the chosen one marked, then the baselines. */
export function resultRows(runs: readonly OptimizerRun[], final: FinalEvaluation): ResultRow[] {
  const trained = runs.map(({ optimizer, train, validation }) => ({
    name: `frozen VGG16, ${optimizer}${optimizer === final.chosen ? " (chosen)" : ""}`,
    train,
    validation,
    test: final.tests[optimizer],
  }));
  return [...trained, ...final.baselines];
}

/**
 * 95 % interval of the chosen run's test accuracy. Whole lesions are drawn, since images of one lesion are not independent: the
 * interval speaks of other lesions photographed and augmented in the same way, still with copies on both sides.
 */
export function testInterval(inputs: Inputs, final: FinalEvaluation, seed: number): Interval {
  const { parts, source } = inputs;
  const labels = labelsOf(parts, parts.test);
  const right = Array.from(final.predicted, (label, index) => Number(label === labels[index]));
  const lesions = parts.test.map((row) => source.samples[parts.table[row].row].lesionId);
  return groupBootstrapInterval(right, lesions, { seed });
}

/** What the main figure shows. */
export function claimOf(config: Config, inputs: Inputs, final: FinalEvaluation) {
  return {
    claimed: claimed.accuracy,
    ours: final.tests[final.chosen].accuracy,
    interval: testInterval(inputs, final, config.seed),
    optimizer: final.chosen,
    baselines: final.baselines.map(({ name, test }) => ({ name, accuracy: test.accuracy })),
  };
}

/** What the numbers say, in Markdown: computed, so that it is true of every run. */
export function conclusion(
  config: Config,
  inputs: Inputs,
  chosen: OptimizerRun,
  final: FinalEvaluation,
): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const { ours, interval, baselines } = claimOf(config, inputs, final);
  const behind = (claimed.accuracy - ours) * 100;
  const beaten = baselines.filter((baseline) => baseline.accuracy < ours).length;
  const [seen] = countLeakage(inputs.source, inputs.parts, inputs.parts.subsetTrain).slice(-1);
  return [
    "**What we saw**",
    "",
    `- As written, a frozen VGG16 with a softmax (${chosen.optimizer}) reaches ${percent(ours)} ` +
    `(95 % interval ${percent(interval.low)} to ${percent(interval.high)}). The write-up claims ${
      percent(claimed.accuracy)
    }: ` +
    `${Math.abs(behind).toFixed(1)} points ${behind > 0 ? "more" : "less"}.`,
    `- It beats ${beaten} of the ${baselines.length} baselines: ` +
    `${baselines.map(({ name, accuracy }) => `${name}, ${percent(accuracy)}`).join("; ")}.`,
    `- The gap between train and test is ${
      gapPercent(chosen.train.accuracy, ours).toFixed(1)
    } % of the train accuracy. ` +
    "Since the test leaks, it hides part of the true one.",
    `- A copy of ${percent(seen.copyShare)} of the test images was trained on, and the lesion of ${
      percent(seen.lesionShare)
    }. ` +
    "An accuracy on such copies is not an accuracy on patients.",
    `- Storing activations as half floats changes the answer for ${final.changedByHalfFloats} of ` +
    `${final.tests[final.chosen].n.toLocaleString("en-US")} test images.`,
    ...isOwnTable(config)
      ? ["- These are not the write-up's photos: the difference to its number says nothing about its claim."]
      : [],
    ...inputs.source.synthetic
      ? ["", "**SYNTHETIC** stand-in data: nothing of this says anything about skin."]
      : [],
  ].join("\n");
}

/** The write-up's numbers beside the measured ones, as text. */
export function besideTheClaim(inputs: Inputs, run: OptimizerRun, test: Evaluation) {
  const number = (n: number) => n.toLocaleString("en-US");
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const { parts, source } = inputs;
  return [
    { what: "photos", claim: number(claimed.images), ours: number(source.samples.length) },
    { what: "images after augmentation", claim: number(claimed.augmented), ours: number(parts.table.length) },
    { what: "train", claim: number(claimed.train), ours: number(parts.train.length) },
    { what: "test", claim: number(claimed.test), ours: number(parts.test.length) },
    { what: "trained on", claim: number(claimed.subset), ours: number(parts.subset.length) },
    { what: "test accuracy", claim: percent(claimed.accuracy), ours: percent(test.accuracy) },
    {
      what: "gap, (train − test) / train",
      claim: "formula misplaced",
      ours: `${gapPercent(run.train.accuracy, test.accuracy).toFixed(2)} %`,
    },
  ];
}
