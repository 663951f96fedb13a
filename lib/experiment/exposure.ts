/** Accuracy on test images grouped by what training has shown of them. */
import { exposureOf, exposures } from "../data/leakage.ts";
import { lesionsOf } from "../data/parts.ts";
import { groupBootstrapInterval, type Interval } from "../evaluation/intervals.ts";
import { rightAnswers } from "../evaluation/metrics.ts";
import type { Experiment } from "./experiment.ts";
import type { TestedRun } from "./testing.ts";

/** Accuracy on one of these groups. */
export interface ExposureRow {
  /** One of `exposures`, or "all of these classes". */
  readonly seen: string;
  readonly n: number;
  /** Null if there are no such images. */
  readonly accuracy: number | null;
  /** 95 % interval over lesions; null as above. */
  readonly interval: Interval | null;
}

/**
 * Groups the test images of some classes by what training has shown of them. The groups contain different classes (as written,
 * every test image of df and vasc has a copy in training). So pass only classes that all groups have: see `comparableClasses`.
 */
export function accuracyByExposure(
  { source, parts, config }: Pick<Experiment, "source" | "parts" | "config">,
  { predicted }: Pick<TestedRun, "predicted">,
  classes: readonly string[],
): ExposureRow[] {
  const exposure = exposureOf(source, parts, parts.subsetTrain);
  const rows = parts.test.map((row, i) => ({ row, predicted: predicted[i], label: parts.table[row].label }))
    .filter(({ label }) => classes.includes(source.classes[label].code));
  const measure = (seen: string, group: typeof rows): ExposureRow => {
    if (group.length === 0) return { seen, n: 0, accuracy: null, interval: null };
    const right = rightAnswers(group.map(({ label }) => label), group.map(({ predicted }) => predicted));
    const lesions = lesionsOf(source, parts, group.map(({ row }) => row));
    return {
      ...{ seen, n: group.length },
      accuracy: right.reduce((a, b) => a + b, 0) / group.length,
      interval: groupBootstrapInterval(right, lesions, { seed: config.seed }),
    };
  };
  return [
    ...exposures.map((seen, place) => measure(seen, rows.filter(({ row }) => exposure(row) === place))),
    measure("all of these classes", rows),
  ];
}
