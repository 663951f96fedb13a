/** The ladder of depths: validation accuracy against the minutes of training, with the claim to compare. */
import { accuracyByCost, type CostOptions, type CostPoint } from "./accuracy_by_cost.ts";
import type { Figure } from "./figure.ts";

/** @param options.claimed accuracy, a share from 0 to 1 */
export function ladderFigure(
  points: readonly CostPoint[],
  { claimed, ...options }: Omit<CostOptions, "source" | "valueTitle" | "level"> & { claimed: number },
): Figure {
  return accuracyByCost(points, {
    source: "Each with its best epoch; minutes on a logarithmic axis",
    valueTitle: "validation accuracy",
    level: { name: "claimed", accuracy: claimed },
    ...options,
  });
}
