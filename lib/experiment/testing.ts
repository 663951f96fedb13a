/** The test part, opened once for each network. The answers are stored and may be read again. */
import { labelsOf, lesionsOf } from "../data/parts.ts";
import { groupBootstrapInterval, type Interval } from "../evaluation/intervals.ts";
import { argmaxRows, evaluate, type Evaluation, rightAnswers } from "../evaluation/metrics.ts";
import { digestOf } from "../support/digest.ts";
import { percent } from "../support/format.ts";
import { lockWork } from "../support/lock.ts";
import { progress } from "../support/progress.ts";
import { predict } from "../training/fit.ts";
import type { LabelledImage } from "./augmentation_samples.ts";
import { examplesDigest, type Experiment, openExamples, pixelsOf } from "./experiment.ts";
import { logOpening } from "./openings.ts";
import { checkParts, networkOf, type Run } from "./run.ts";

/** A trained network with its answers to the test. */
export interface TestedRun {
  readonly run: Run;
  readonly test: Evaluation;
  /** Class probabilities of the test rows, (n, classes), rows sum to 1. */
  readonly answers: Float32Array;
  /** Predicted label of each test row, in the order of the part. */
  readonly predicted: Uint8Array;
  /** 95 % interval of the test accuracy, from resampling whole lesions: images of one lesion are not independent. */
  readonly interval: Interval;
}

/**
 * Tests a run. The first time, the opening is logged and the test is read. Later the stored answers are used, without an opening.
 *
 * @throws {Error} as `checkParts`, before anything is opened
 */
export async function openTest(experiment: Experiment, run: Run): Promise<TestedRun> {
  checkParts(experiment);
  const { config, parts, source } = experiment;
  const set = testSet(experiment);
  const answers = await openOnce(experiment, run, {
    set,
    async answer() {
      const network = await networkOf(experiment, run);
      using examples = await openExamples(experiment, parts.test, run.depth);
      return await predict(network, examples, progress(`Test: ${run.name}`));
    },
  });
  const classes = source.classes.length;
  const predicted = argmaxRows(answers, classes);
  const labels = labelsOf(parts, parts.test);
  const lesions = lesionsOf(source, parts, parts.test);
  return {
    ...{ run, predicted, answers },
    test: evaluate(labels, answers, classes),
    interval: groupBootstrapInterval(rightAnswers(labels, predicted), lesions, { seed: config.seed }),
  };
}

/**
 * A run's answers to a test set. The first time, the opening is logged and the set is read. Later the stored answers are used.
 *
 * @param options `set`: digest of its pixels and labels; `name`: its name in the log, by default the run's own test part;
 * `answer`: returns the class probabilities of its rows, (n, classes)
 */
export async function openOnce(
  { config, store }: Pick<Experiment, "config" | "store">,
  { name: run, configuration }: Pick<Run, "name" | "configuration">,
  { set, name, answer }: { set: string; name?: string; answer: () => Promise<Float32Array> },
): Promise<Float32Array> {
  const key = digestOf({ configuration, set });
  using _ = store.has("answers", key) ? null : await lockWork(store, key);
  const { tensors } = await store.keep("answers", key, async () => {
    await logOpening(config.out, { name: name ? `${run} on ${name}` : run, configuration, set });
    return { value: { name: run }, tensors: { answers: await answer() } };
  });
  return tensors.answers;
}

/** Digest of the test's pixels, their scaling and the labels. */
export function testSet(experiment: Experiment): string {
  return examplesDigest(experiment, experiment.parts.test, "block1");
}

/** A test image with the network's answer: its label is the true and the predicted diagnosis, with the latter's probability. */
export interface AnsweredImage extends LabelledImage {
  /** The true diagnosis. */
  readonly dx: string;
}

/** The first correctly classified test images of each class, then the first misclassified ones: for a grid, one row a class. */
export function answerExamples(
  experiment: Experiment,
  { answers, predicted }: Pick<TestedRun, "answers" | "predicted">,
  { right, wrong }: { right: number; wrong: number },
): AnsweredImage[] {
  const { parts, source: { classes }, config: { size } } = experiment;
  return classes.flatMap(({ code: dx }, label) => {
    const own = parts.test.map((row, i) => ({ row, i })).filter(({ row }) =>
      parts.table[row].label === label
    );
    const taken = [
      ...own.filter(({ i }) => predicted[i] === label).slice(0, right),
      ...own.filter(({ i }) => predicted[i] !== label).slice(0, wrong),
    ];
    return taken.map(({ row, i }) => {
      const answer = predicted[i];
      const said = percent(answers[i * classes.length + answer], 0);
      const text = answer === label ? `${dx} ✓ ${said}` : `${dx} → ${classes[answer].code} ${said}`;
      return { pixels: pixelsOf(experiment, row).slice(), size, label: text, dx, row: dx };
    });
  });
}
