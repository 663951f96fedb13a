/** A recipe in words and its training as a curve, for readers. */
import type { Recipe, Stage } from "../recipe.ts";
import type { DeepRun } from "./deep_training.ts";

/** One line of Markdown a stage. */
export function aboutRecipe(recipe: Recipe): string {
  return recipe.map((stage, index) => `${index + 1}. ${aboutStage(stage)}`).join("\n");
}

function aboutStage(stage: Stage): string {
  const { depth, optimizer, learningRate, schedule, warmUpEpochs, epochs, batchSize } = stage;
  const epochsText = (count: number) => `${count} ${count === 1 ? "epoch" : "epochs"}`;
  return [
    `**${depth === "head" ? "the softmax alone" : `${depth} and all behind it`}**: ${optimizer}`,
    `${epochsText(epochs)} of batches of ${batchSize}`,
    `learning rate ${learningRate}${schedule === "cosine" ? ", falling along half a cosine to 0" : ""}`,
    ...warmUpEpochs > 0 ? [`rising over the first ${epochsText(warmUpEpochs)}`] : [],
    ...stage.dropout > 0 ? [`dropout ${stage.dropout} before the softmax`] : [],
    ...stage.weightDecay > 0 ? [`weight decay ${stage.weightDecay}`] : [],
    ...stage.randomOrientation ? ["each image in one of its eight orientations, drawn anew every epoch"] : [],
    ...stage.patience === null
      ? []
      : [`ended after ${epochsText(stage.patience)} without a better validation`],
  ].join(", ");
}

/** The epoch whose weights are kept, counted from 1 over all stages. */
export function keptEpoch({ history, recipe, bestEpoch }: DeepRun): number {
  return history.findIndex(({ stage, epoch }) => stage === recipe.length && epoch === bestEpoch) + 1;
}

/** All stages as one run with epochs 1, 2, …, as the figure of learning curves takes it. */
export function learningCurveOf(run: DeepRun) {
  const { depth, history } = run;
  return {
    name: `from ${depth}`,
    history: history.map((record, index) => ({ ...record, epoch: index + 1 })),
    chosen: keptEpoch(run),
  };
}
