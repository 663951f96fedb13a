/** The main result as one picture: the claimed accuracy, the measured one, the baselines. */
import { comparisonBars } from "./comparison_bars.ts";
import type { Figure } from "./figure.ts";
import { percent } from "./format.ts";
import type { FigureOptions } from "./theme.ts";

/** Accuracies are shares from 0 to 1. */
export interface Claim {
  claimed: number;
  ours: number;
  /** 95 % interval of `ours`. */
  interval: { low: number; high: number };
  optimizer: string;
  baselines: readonly { name: string; accuracy: number }[];
}

/**
 * Bars from the claim down to the baselines, the best of them first, with the interval of the measured accuracy.
 *
 * @throws RangeError for a share outside 0 to 1, or an interval that does not hold `ours`
 */
export function claimBars(claim: Claim, options: Partial<FigureOptions> = {}): Figure {
  const { claimed, ours, interval: { low, high }, optimizer } = claim;
  const baselines = claim.baselines.toSorted((a, b) => b.accuracy - a.accuracy);
  return comparisonBars([
    { name: "the write-up's claim", value: claimed, kind: "claimed" },
    { name: `frozen VGG16, ${optimizer}`, value: ours, low, high, kind: "ours" },
    ...baselines.map(({ name, accuracy }) => ({ name, value: accuracy, kind: "baseline" as const })),
  ], {
    title: `Claimed ${percent(claimed)}, measured ${percent(ours)}`,
    source:
      "Test accuracy as written, on a test set that leaks. Interval: 95 %, lesions drawn with replacement",
    valueTitle: "test accuracy",
    ...options,
  });
}
