/** Trainings in words, computed from their numbers, so the texts are true of every run. Markdown. */
import { stageOf, type StageOptions } from "../recipe.ts";
import { capitalized, measuredText, percent, points, signedPoints, thousands } from "../support/format.ts";
import type { Experiment } from "./experiment.ts";
import { rankRuns } from "../evaluation/metrics.ts";
import { lesionInterval, rightOnValidation, type Run, validationInterval } from "./run.ts";

/** A recipe in words: one line of Markdown for each stage, numbered if there are several. */
export function describeRecipe(recipe: readonly StageOptions[]): string {
  const epochs = (count: number) => `${count} ${count === 1 ? "epoch" : "epochs"}`; // may be a fraction
  return recipe.map(stageOf).map((stage, index) => {
    const { depth, optimizer, learningRate, schedule, warmUpEpochs, patience, emaMomentum } = stage;
    const kept = `${emaMomentum > 0 ? "the averages" : "the weights"} of the ${
      stage.restoreBestWeights ? "best" : "last"
    } epoch are kept`;
    const course = [
      ...warmUpEpochs > 0 ? [`rising over the first ${epochs(warmUpEpochs)}`] : [],
      ...schedule === "cosine" ? ["falling along half a cosine to 0"] : [],
    ];
    return (recipe.length > 1 ? `${index + 1}. ` : "") + [
      `**${depth === "head" ? "the softmax alone" : `${depth} and all layers after it`}**: ${optimizer}`,
      `${epochs(stage.epochs)} of batches of ${stage.batchSize}`,
      `learning rate ${learningRate}${course.length > 0 ? ` (${course.join(", then ")})` : ""}`,
      ...stage.dropout > 0 ? [`dropout ${stage.dropout} before the softmax`] : [],
      ...stage.weightDecay > 0 ? [`weight decay ${stage.weightDecay}`] : [],
      ...stage.randomOrientation
        ? ["each image in one of its eight orientations, drawn anew every epoch"]
        : [],
      ...patience === null ? [] : [`ended after ${epochs(patience)} without a better validation`],
      ...stage.balancedSoftmax ? ["balanced softmax loss"] : [],
      ...emaMomentum > 0 ? [`weights averaged over the steps (momentum ${emaMomentum})`] : [],
      kept,
    ].join(", ");
  }).join("\n");
}

/** A run for the figure of learning curves: its epochs are counted 1, 2, … over all stages. */
export function learningCurveOf({ name, history, recipe, bestEpoch }: Run) {
  const chosen = history.findIndex(({ stage, epoch }) => stage === recipe.length && epoch === bestEpoch) + 1;
  return {
    name,
    history: history.map((record, index) => ({ ...record, epoch: index + 1 })),
    ...bestEpoch !== null && { chosen },
  };
}

/** A run's train and validation accuracy in one line: the title of its learning curves. */
export function runsTitle({ name, train, validation }: Run): string {
  return `${capitalized(name)}: ${percent(train.accuracy)} on its training images, ${
    percent(validation.accuracy)
  } on validation`;
}

/** The choice in words: which run, by how much, and whether the difference may be chance. Markdown. */
export function describeChoice(experiment: Experiment, runs: readonly Run[]): string {
  const [best, ...others] = rankRuns(runs);
  const withInterval = (run: Run) =>
    measuredText(run.validation.accuracy, validationInterval(experiment, run));
  const { n } = best.validation;
  const ofBest = rightOnValidation(experiment, best);
  const lines = others.map((run) => {
    const ofRun = rightOnValidation(experiment, run);
    const behind = ofBest.map((value, row) => value - ofRun[row]);
    const images = behind.reduce((a, b) => a + b, 0);
    const { low, high } = lesionInterval(experiment, behind);
    return `- **${run.optimizer}**: ${withInterval(run)}. ` +
      (images === 0
        ? "Equally many correct answers, but a higher loss."
        : `${thousands(images)} of ${thousands(n)} images behind, ${points(images / n)} points ` +
          `(95 % interval of the paired difference ${signedPoints(low)} to ${signedPoints(high)}): ` +
          (low > 0
            ? "more than the draw of lesions explains; another seed may change it."
            : "this may be chance."));
  });
  return [`**${best.optimizer}** is chosen: ${withInterval(best)} on validation.`, "", ...lines].join("\n");
}

/** What notebook 4 shows: how close the optimizers are, how the softmax overfits, and what depth adds. */
export function describeTraining(runs: readonly Run[], deep: Run | null): string {
  const ranked = rankRuns(runs);
  const [best, last] = [ranked[0], ranked.at(-1)!];
  const apart = points(best.validation.accuracy - last.validation.accuracy, 1);
  return [
    `- On the frozen network the ${runs.length} optimizers end within ${apart} points of each other on validation.`,
    `- The best softmax classifies ${percent(best.train.accuracy)} of its training images correctly and ` +
    `${percent(best.validation.accuracy)} of the validation images.`,
    ...deep
      ? [
        `- Trained from ${deep.depth} on, the same network on the same images takes validation from ` +
        `${percent(best.validation.accuracy)} to ${percent(deep.validation.accuracy)}.`,
      ]
      : [],
  ].join("\n");
}
