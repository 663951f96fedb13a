/** Rows of 05's tables: results side by side, the gap, intervals, and what the write-up says. */
import type { Config } from "../config.ts";
import { gapPercent } from "../evaluation/gap.ts";
import { percent, points, thousands } from "../support/format.ts";
import { groupBootstrapInterval, type Interval } from "../evaluation/intervals.ts";
import type { Evaluation } from "../evaluation/metrics.ts";
import { isOwnTable } from "../data/metadata.ts";
import type { Inputs } from "./features.ts";
import type { FinalEvaluation, TestedRun } from "./final_evaluation.ts";
import { countLeakage } from "./leakage.ts";
import { labelsOf } from "./parts.ts";
import { claimed } from "./write_up.ts";

export interface ResultRow {
  readonly name: string;
  readonly train: Evaluation;
  readonly validation: Evaluation;
  readonly test: Evaluation;
  /** 95 % interval of the test's accuracy; null for a baseline. */
  readonly interval: Interval | null;
}

/** The optimizers, the chosen one marked, the trained network, then the baselines. */
export function resultRows(config: Config, inputs: Inputs, final: FinalEvaluation): ResultRow[] {
  const row = (run: TestedRun) => ({ ...run, interval: testInterval(inputs, run, config.seed) });
  const frozen = final.frozen.map((run) => ({
    ...row(run),
    name: `${run.name}${run.optimizer === final.chosen ? " (chosen)" : ""}`,
  }));
  const baselines = final.baselines.map((baseline) => ({ ...baseline, interval: null }));
  return [...frozen, ...final.trained ? [row(final.trained)] : [], ...baselines];
}

/**
 * 95 % interval of a run's test accuracy. Whole lesions are drawn, since images of one lesion are not independent: the interval
 * speaks of other lesions photographed and augmented in the same way, still with copies on both sides.
 */
export function testInterval(inputs: Inputs, { predicted }: TestedRun, seed: number): Interval {
  const { parts, source } = inputs;
  const labels = labelsOf(parts, parts.test);
  const right = Array.from(predicted, (label, index) => Number(label === labels[index]));
  const lesions = parts.test.map((row) => source.samples[parts.table[row].row].lesionId);
  return groupBootstrapInterval(right, lesions, { seed });
}

/** The comparison's chosen run, on the test. */
export function chosenOf({ frozen, chosen }: FinalEvaluation): TestedRun {
  return frozen.find(({ optimizer }) => optimizer === chosen)!;
}

/** What the main figure shows. */
export function claimOf(config: Config, inputs: Inputs, final: FinalEvaluation) {
  const measured = (run: TestedRun) => ({
    ours: run.test.accuracy,
    interval: testInterval(inputs, run, config.seed),
    optimizer: run.optimizer,
  });
  return {
    claimed: claimed.accuracy,
    ...measured(chosenOf(final)),
    trained: final.trained && { ...measured(final.trained), depth: final.trained.depth },
    baselines: final.baselines.map(({ name, test }) => ({ name, accuracy: test.accuracy })),
  };
}

/** What the numbers say, in Markdown: computed, so that it is true of every run. */
export function conclusion(
  config: Config,
  inputs: Inputs,
  final: FinalEvaluation,
): string {
  const { ours, interval, trained, baselines } = claimOf(config, inputs, final);
  const { best, changedByHalfFloats: changed } = final;
  const range = ({ low, high }: Interval) => `(95 % interval ${percent(low)} to ${percent(high)})`;
  const toClaim = (accuracy: number) => {
    const behind = claimed.accuracy - accuracy;
    return `${points(Math.abs(behind), 1)} points ${behind > 0 ? "below" : "above"} the claim`;
  };
  const beaten = baselines.filter((baseline) => baseline.accuracy < ours).length;
  const [seen] = countLeakage(inputs.source, inputs.parts, inputs.parts.subsetTrain).slice(-1);
  return [
    "**What we saw**",
    "",
    `- A frozen VGG16 with a softmax (${final.chosen}) reaches ${percent(ours)} ${range(interval)}. ` +
    `The write-up claims ${percent(claimed.accuracy)}: this is ${toClaim(ours)}.`,
    ...trained
      ? [
        `- Trained from ${trained.depth} on (${trained.optimizer}), on the same images, it reaches ${
          percent(trained.ours)
        } ` +
        `${range(trained.interval)}: ${toClaim(trained.ours)}.`,
      ]
      : [],
    `- The frozen one beats ${beaten} of the ${baselines.length} baselines: ` +
    `${baselines.map(({ name, accuracy }) => `${name}, ${percent(accuracy)}`).join("; ")}.`,
    `- The gap between train and test is ${
      gapPercent(best.train.accuracy, best.test.accuracy).toFixed(1)
    } % of the train accuracy (${best.name}). ` +
    "Since the test leaks, it hides part of the true one.",
    `- A copy of ${percent(seen.copyShare)} of the test images was trained on, and the lesion of ${
      percent(seen.lesionShare)
    }. ` +
    "An accuracy on such copies is not an accuracy on patients.",
    `- Storing activations as half floats changes the frozen one's answer for ${changed.frozen} of ` +
    `${thousands(best.test.n)} test images` +
    (changed.trained === null ? "." : `, the trained one's for ${changed.trained}.`),
    ...isOwnTable(config)
      ? ["- These are not the write-up's photos: the difference to its number says nothing about its claim."]
      : [],
    ...inputs.source.synthetic
      ? ["", "**SYNTHETIC** stand-in data: nothing of this says anything about skin."]
      : [],
  ].join("\n");
}

/** The write-up's numbers beside the measured ones, as text; `trained` is empty without a recipe. */
export function besideTheClaim(inputs: Inputs, final: FinalEvaluation) {
  const { parts, source } = inputs;
  const { trained } = final;
  const frozen = chosenOf(final);
  const gap = ({ train, test }: TestedRun) => `${gapPercent(train.accuracy, test.accuracy).toFixed(2)} %`;
  const same = (what: string, claim: number, ours: number) => ({
    what,
    claim: thousands(claim),
    frozen: thousands(ours),
    trained: trained ? thousands(ours) : "",
  });
  return [
    same("photos", claimed.images, source.samples.length),
    same("images after augmentation", claimed.augmented, parts.table.length),
    same("train", claimed.train, parts.train.length),
    same("test", claimed.test, parts.test.length),
    same("trained on", claimed.subset, parts.subset.length),
    {
      what: "test accuracy",
      claim: percent(claimed.accuracy, 2),
      frozen: percent(frozen.test.accuracy, 2),
      trained: trained ? percent(trained.test.accuracy, 2) : "",
    },
    {
      what: "gap, (train − test) / train",
      claim: "formula misplaced",
      frozen: gap(frozen),
      trained: trained ? gap(trained) : "",
    },
  ];
}
