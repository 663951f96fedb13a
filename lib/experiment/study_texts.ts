/** Studies in words, computed from their numbers, so the texts are true of every run. Markdown. */
import { excludesZero } from "../evaluation/intervals.ts";
import { sizeText } from "../image_size.ts";
import { capitalized, differenceText, percent, points, signedPoints as signed } from "../support/format.ts";
import { durationText } from "../support/pace.ts";
import type { FairComparison, OptimizerDifference } from "./fair_comparison.ts";
import type { AllImagesRow, StudyResult } from "./studies.ts";

/**
 * The effect of depth and of notebook 5's recipe, and which runs reach the claim.
 *
 * @param results the runs of each depth, labelled with the depth, and other recipes
 * @param claimed accuracy, a share from 0 to 1
 */
export function describeLadder(results: readonly StudyResult[], claimed: number): string {
  const rungs = results.filter(({ label, depth }) => label === depth);
  const others = results.filter((run) => !rungs.includes(run));
  const best = bestOf(rungs);
  const passing = results.filter(({ validation }) => validation.accuracy >= claimed)
    .toSorted((a, b) => a.minutes - b.minutes);
  return [
    `- **Depth** takes validation from ${percent(rungs[0].validation.accuracy)} (${rungs[0].label}) to ${
      percent(best.validation.accuracy)
    } (${best.label}). That network classifies ${
      percent(best.train.accuracy)
    } of its own training images correctly.`,
    ...others.map(({ label, train, validation, minutes, epochs }) =>
      `- **${capitalized(label)}**: ${percent(validation.accuracy)} on validation, ${
        percent(train.accuracy)
      } on train, after ${epochs} epochs and ${minutes.toFixed(0)} minutes.`
    ),
    passing.length === 0
      ? `- None of these runs reaches the claimed ${percent(claimed)} on validation.`
      : `- ${
        capitalized(`${passing.length < results.length ? "only " : ""}${
          passing.map(({ label, minutes }) => `${label} (${minutes.toFixed(0)} minutes)`).join(" and ")
        }`)
      } ${passing.length === 1 ? "reaches" : "reach"} the claimed ${percent(claimed)} on validation.`,
  ].join("\n");
}

/** The effect of larger images at each depth, and their cost. */
export function describeSizes(results: readonly StudyResult[]): string {
  const depths = [...new Set(results.map(({ depth }) => depth))];
  return depths.map((depth) => {
    const runs = results.filter((run) => run.depth === depth);
    const said = runs.map(({ size, validation, minutes }) =>
      `${percent(validation.accuracy)} at ${sizeText(size)} (${durationText(60 * minutes)})`
    );
    const gain = bestOf(runs).validation.accuracy - runs[0].validation.accuracy;
    return `- **${depth}**: ${said.join(", ")}. ${
      gain > 0
        ? `The best, ${sizeText(bestOf(runs).size)}, adds ${points(gain)} points.`
        : "The smallest is best."
    }`;
  }).join("\n");
}

/** The effect of using the whole training side instead of the subset; rows as `testOnAllImages` makes them. */
export function describeAllImages([subset, all]: readonly AllImagesRow[]): string {
  const gain = all.test - subset.test;
  return `With ${all.name} instead of ${subset.name}, of which training learns from 80 % in both cases, the test accuracy goes from ${
    percent(subset.test)
  } to ${percent(all.test)} (${
    signed(gain)
  } points). The share of test images with a copy in training rises from ${percent(subset.copyShare)} to ${
    percent(all.copyShare)
  }, which alone may raise the accuracy.${
    all.interval.low <= subset.interval.high && subset.interval.low <= all.interval.high
      ? " The 95 % intervals overlap, and each has one seed: the difference may be chance."
      : ""
  }`;
}

/** The effect of ImageNet's scaling instead of division by 255, in one line for each depth. */
export function describeScaling(results: readonly StudyResult[]): string {
  const lines = [...new Set(results.map(({ depth }) => depth))].map((depth) => {
    const of = (scaling: string) => results.find((run) => run.depth === depth && run.scaling === scaling)!;
    const [divided, imagenet] = [of("divide255"), of("imagenet")];
    const gain = imagenet.validation.accuracy - divided.validation.accuracy;
    const both = ({ validation, train }: StudyResult) =>
      `${percent(validation.accuracy)} (${percent(train.accuracy)} on train)`;
    return `- **${depth}**: divided by 255, ${both(divided)}; as ImageNet's weights were trained, ${
      both(imagenet)
    }. ${signed(gain)} points on validation.`;
  });
  return lines.join("\n");
}

/** The best optimizer, and whether the differences are more than chance. */
export function describeOptimizers({ optimizers, differences }: FairComparison): string {
  const best = optimizers.reduce((best, one) => (one.mean > best.mean ? one : best));
  const sure = differences.filter((difference) => isSure(difference));
  return [
    `**${best.optimizer}** has the highest mean, ${percent(best.mean)} (standard deviation ${
      points(best.deviation)
    } points over ${best.accuracies.length} seeds).`,
    sure.length === 0
      ? "For no pair of optimizers do both intervals exclude zero: the numbers do not say which is best."
      : `More than chance, over seeds and over lesions: ${sure.map(winner).join("; ")}.`,
  ].join(" ");
}

/** The best run on validation; the first of equal ones. */
function bestOf(results: readonly StudyResult[]): StudyResult {
  return results.reduce((best, one) => (one.validation.accuracy > best.validation.accuracy ? one : best));
}

/** A pair of optimizers as a table row of texts. */
export function differenceRow({ a, b, seeds, lesions }: OptimizerDifference) {
  return {
    pair: `${a} − ${b}`,
    seeds: differenceText({ ...seeds, value: seeds.mean }),
    lesions: differenceText({ ...lesions, value: seeds.mean }),
  };
}

function isSure({ seeds, lesions }: OptimizerDifference): boolean {
  return excludesZero(seeds) && excludesZero(lesions);
}

function winner({ a, b, seeds }: OptimizerDifference): string {
  const [first, second] = seeds.mean > 0 ? [a, b] : [b, a];
  return `${first} before ${second} by ${points(Math.abs(seeds.mean))} points`;
}
