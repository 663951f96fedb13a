/** The main result as one picture: the claimed accuracy, the measured one, the baselines. */
import { comparisonBars } from "./comparison_bars.ts";
import type { Figure } from "./figure.ts";
import { percent } from "../support/format.ts";
import type { FigureOptions } from "./theme.ts";

/** Accuracies are shares from 0 to 1. */
export interface Measured {
  ours: number;
  /** 95 % interval of `ours`. */
  interval: { low: number; high: number };
  optimizer: string;
}

export interface Claim extends Measured {
  claimed: number;
  /** The network that was trained deeper; null or missing: none was. */
  trained?: Measured & { depth: string } | null;
  baselines: readonly { name: string; accuracy: number }[];
}

/**
 * Bars from the claim down to the baselines, the best of them first, with the interval of the measured accuracy.
 *
 * @throws RangeError for a share outside 0 to 1, or an interval that does not hold `ours`
 */
export function claimBars(claim: Claim, options: Partial<FigureOptions> = {}): Figure {
  const { claimed, ours, optimizer, trained } = claim;
  const bar = (name: string, { ours, interval }: Measured) => ({
    ...{ name, value: ours, ...interval },
    kind: "ours" as const,
  });
  const baselines = claim.baselines.toSorted((a, b) => b.accuracy - a.accuracy);
  return comparisonBars([
    { name: "the write-up's claim", value: claimed, kind: "claimed" },
    ...trained ? [bar(`trained from ${trained.depth}, ${trained.optimizer}`, trained)] : [],
    bar(`frozen VGG16, ${optimizer}`, claim),
    ...baselines.map(({ name, accuracy }) => ({ name, value: accuracy, kind: "baseline" as const })),
  ], {
    title: trained
      ? `Claimed ${percent(claimed)}; trained ${percent(trained.ours)}, frozen ${percent(ours)}`
      : `Claimed ${percent(claimed)}, measured ${percent(ours)}`,
    source:
      "Test accuracy as written, on a test set that leaks. Interval: 95 %, lesions drawn with replacement",
    valueTitle: "test accuracy",
    ...options,
  });
}
