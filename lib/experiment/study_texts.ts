/** What studies say, in words: computed from their numbers, so that it is true of every run. Markdown. */
import type { Interval } from "../evaluation/intervals.ts";
import type { FairComparison, OptimizerDifference } from "./fair_comparison.ts";
import type { StudyResult } from "./studies.ts";

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const points = (share: number) => (100 * share).toFixed(2);
const signed = (share: number) => `${share < 0 ? "−" : share > 0 ? "+" : ""}${points(Math.abs(share))}`;

/** The title of the ladder's figure: what the best run adds to the first, and its cost. */
export function ladderTitle(results: readonly StudyResult[]): string {
  const [head] = results;
  const best = bestOf(results);
  if (best === head) return `Nothing beats the ${head.label}: ${percent(head.validation.accuracy)}`;
  return `From ${percent(head.validation.accuracy)} (${head.label}) to ${
    percent(best.validation.accuracy)
  } ` +
    `(${best.label}) in ${best.minutes.toFixed(0)} minutes of training`;
}

/** Whether the second of two runs is better, in one line a pair. */
export function describeScaling(results: readonly StudyResult[]): string {
  const lines = [...new Set(results.map(({ depth }) => depth))].map((depth) => {
    const of = (scaling: string) => results.find((run) => run.depth === depth && run.scaling === scaling)!;
    const [divided, imagenet] = [of("divide255"), of("imagenet")];
    const gain = imagenet.validation.accuracy - divided.validation.accuracy;
    return `- **${depth}**: ${percent(divided.validation.accuracy)} divided by 255, ` +
      `${percent(imagenet.validation.accuracy)} as ImageNet's weights were trained: ${signed(gain)} points.`;
  });
  return lines.join("\n");
}

/** Which optimizer is best, and what the numbers allow to say. */
export function describeOptimizers({ optimizers, differences }: FairComparison): string {
  const best = optimizers.reduce((best, one) => (one.mean > best.mean ? one : best));
  const sure = differences.filter((difference) => excludesZero(difference));
  return [
    `**${best.optimizer}** has the highest mean, ${percent(best.mean)} ± ${
      points(best.deviation)
    } over ${best.accuracies.length} seeds.`,
    sure.length === 0
      ? "No difference between two optimizers has both intervals on one side of zero: the numbers do not say which is best."
      : `Beyond chance in both senses, of seeds and of lesions: ${sure.map(winner).join("; ")}.`,
  ].join(" ");
}

/** Best of a study on validation. */
export function bestOf(results: readonly StudyResult[]): StudyResult {
  return results.reduce((best, one) => (one.validation.accuracy > best.validation.accuracy ? one : best));
}

/** A run as the figure of accuracy against minutes takes it. */
export function pointOf({ label, minutes, validation }: StudyResult) {
  return { name: label, minutes, accuracy: validation.accuracy };
}

/** A pair of optimizers as a row of texts. */
export function differenceRow({ a, b, seeds, lesions }: OptimizerDifference) {
  return {
    pair: `${a} − ${b}`,
    seeds: differenceText(seeds),
    lesions: differenceText({ ...lesions, mean: seeds.mean }),
  };
}

/** A difference in points with its interval, as `+0.42 (−0.10 to +0.94)`. */
function differenceText({ low, high, mean }: Interval & { mean: number }): string {
  return `${signed(mean)} (${signed(low)} to ${signed(high)})`;
}

function excludesZero({ seeds, lesions }: OptimizerDifference): boolean {
  const outside = ({ low, high }: Interval) => low > 0 || high < 0;
  return outside(seeds) && outside(lesions);
}

function winner({ a, b, seeds }: OptimizerDifference): string {
  const [first, second] = seeds.mean > 0 ? [a, b] : [b, a];
  return `${first} before ${second} by ${points(Math.abs(seeds.mean))} points`;
}
