/** The main result as one picture, for the summary and the first page. */
import { claimBars } from "../../figures/claim.ts";
import { comparisonBars } from "../../figures/claim.ts";
import type { Figure } from "../../figures/figure.ts";
import { percent } from "../../support/format.ts";
import { asWrittenRun, deeperRun, intervalOf, type Results } from "./results.ts";

/** The claim, the run as written and the best deeper one, the baselines; null without a run. `width` in pixels. */
export function resultFigure(results: Results, options: { width?: number } = {}): Figure | null {
  const { claim, claimed, baselines, synthetic } = results;
  const [frozen, deeper] = [asWrittenRun(results), deeperRun(results)];
  if (!frozen) return null;
  if (claim && !deeper) return claimBars(claim, { synthetic, ...options });
  const ours = [deeper, frozen].filter((run) => run !== null);
  const best = ours[0];
  return comparisonBars([
    { name: "the write-up's claim", value: claimed.accuracy, kind: "claimed" },
    ...[...new Set(ours)].map((run) => ({
      name: run.name,
      value: run.test.accuracy,
      ...intervalOf(results, run),
      kind: "ours" as const,
    })),
    ...baselines.toSorted((a, b) => b.test.accuracy - a.test.accuracy)
      .map(({ name, test }) => ({ name, value: test.accuracy, kind: "baseline" as const })),
  ], {
    title: `Claimed ${percent(claimed.accuracy)}, measured ${percent(best.test.accuracy)}${
      best === frozen ? "" : `, with the network frozen ${percent(frozen.test.accuracy)}`
    }`,
    source:
      "Test accuracy on a test set that leaks. Interval where there is one: 95 %, lesions drawn with replacement",
    valueTitle: "test accuracy",
    synthetic,
    ...options,
  });
}
