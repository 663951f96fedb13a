/**
 * The effect of a leak: recall of test photos by networks that have seen them (or their relatives), minus recall of the same photos
 * by networks that have not. Predictions are pooled over seeds and partitions. Whole groups of photos are drawn, within the classes.
 */
import { bootstrap, meanAndDeviation, type Measured } from "../../evaluation/intervals.ts";
import { argmaxRows } from "../../evaluation/metrics.ts";
import type { Depth } from "../../recipe.ts";
import type { AnsweredNetwork } from "./networks.ts";

export interface LeakEffect {
  readonly kind: "copy" | "lesion";
  readonly depth: Depth;
  /** Pairs of networks: one has seen half A, the other half B. */
  readonly pairs: number;
  /** Numbers of different test photos, and of those that the leak reaches: for "lesion", photos with relatives. */
  readonly photos: number;
  readonly reached: number;
  /** Recall of reached photos, mean over the classes, 0–1. */
  readonly seen: Measured;
  readonly unseen: Measured;
  /** seen − unseen. For "lesion", the same difference of photos without relatives is subtracted: it shows what else changes. */
  readonly effect: Measured;
  /** Standard deviation of the separate effects of each partition and seed. Null if there is only one. */
  readonly deviation: number | null;
  /** In label order. Null for a class without reached photos or, for "lesion", without other photos. */
  readonly perClass: readonly (ClassEffect | null)[];
}

export interface ClassEffect {
  readonly photos: number;
  readonly seen: Measured;
  readonly unseen: Measured;
  readonly effect: Measured;
}

/** One test photo, answered by two networks of one partition and seed. */
interface PairedAnswer {
  readonly group: string;
  readonly photo: number;
  readonly label: number;
  readonly isReached: boolean;
  /** 1 if the answer is right, else 0. */
  readonly seen: number;
  readonly unseen: number;
}

/** The effects of both kinds of leak at each depth, without those that cannot be measured. @throws as `leakEffect` */
export function leakEffects(
  networks: readonly AnsweredNetwork[],
  options: { classes: number; seed: number },
): LeakEffect[] {
  return [...Map.groupBy(networks, ({ network }) => network.depth).values()].flatMap((own) =>
    (["copy", "lesion"] as const).flatMap((kind) => leakEffect(kind, own, options) ?? [])
  );
}

/**
 * Compares the networks of one kind of leak, all of one depth. Returns null for "lesion" if no class has test photos both with and
 * without relatives, for example in a table where each photo shows another lesion.
 *
 * @throws {RangeError} if there is no pair of networks, one of each half
 */
export function leakEffect(
  kind: LeakEffect["kind"],
  networks: readonly AnsweredNetwork[],
  { classes, seed }: { classes: number; seed: number },
): LeakEffect | null {
  const own = networks.filter(({ network }) => network.rung === kind);
  const pairs = Map.groupBy(own, ({ network: { partition, seed } }) => `${partition} ${seed}`);
  const paired = [...pairs.values()].map((pair) => pairAnswers(kind, pair, classes));
  if (paired.length === 0) {
    throw new RangeError(`The effect of "${kind}" needs a network of each half. Received: none`);
  }
  const rows = paired.flat();
  const statistic = statisticOf(kind, rows, classes);
  const found = statistic(Uint32Array.from(rows, () => 1));
  if (Number.isNaN(found.effect)) return null;
  const intervals = bootstrap(rows.map(({ group }) => group), statistic, {
    seed,
    labels: rows.map(({ label, isReached }) => 2 * label + Number(isReached)), // strata: every resample has them all
  });
  const measured = (name: string): Measured => ({ value: found[name], ...intervals[name] });
  const effects = paired.map((own) => statisticOf(kind, own, classes)(Uint32Array.from(own, () => 1)).effect)
    .filter((effect) => !Number.isNaN(effect)); // NaN: a division that lacks one kind of photos
  const photosOf = (chosen: readonly PairedAnswer[]) => new Set(chosen.map(({ photo }) => photo)).size;
  return {
    ...{ kind, depth: own[0].network.depth, pairs: paired.length },
    ...{ photos: photosOf(rows), reached: photosOf(rows.filter(({ isReached }) => isReached)) },
    ...{ seen: measured("seen"), unseen: measured("unseen"), effect: measured("effect") },
    deviation: effects.length > 1 ? meanAndDeviation(effects).deviation : null,
    perClass: Array.from({ length: classes }, (_, label) => {
      const photos = photosOf(rows.filter((row) => row.isReached && row.label === label));
      if (!(`${label} effect` in found)) return null;
      const of = (name: string) => measured(`${label} ${name}`);
      return { photos, seen: of("seen"), unseen: of("unseen"), effect: of("effect") };
    }),
  };
}

/** @param pair the networks that have seen half A and half B, in any order */
function pairAnswers(
  kind: LeakEffect["kind"],
  pair: readonly AnsweredNetwork[],
  classes: number,
): PairedAnswer[] {
  const [{ parts, own: { truth } }] = pair;
  const right = new Map(pair.map(({ network: { half }, own }) => {
    const predicted = argmaxRows(own.probabilities, classes);
    return [half, Array.from(predicted, (answer, i) => Number(answer === truth[i]))];
  }));
  const withRelatives = new Set(parts.relatives.map((row) => parts.groupOf[row]));
  return parts.test.map((photo, i) => {
    const half = parts.halfOf[photo];
    const group = parts.groupOf[photo];
    return {
      ...{ group: `${group}`, photo, label: truth[i] },
      isReached: kind === "copy" || withRelatives.has(group),
      seen: right.get(half)![i],
      unseen: right.get(half === "A" ? "B" : "A")![i],
    };
  });
}

/** Recall seen, recall unseen and the effect: of each class, named like `4 seen`, and as means over the classes. */
function statisticOf(kind: LeakEffect["kind"], rows: readonly PairedAnswer[], classes: number) {
  return (times: Uint32Array): Record<string, number> => {
    /** [label][reached]: drawn rows, right answers when seen, right answers when unseen. */
    const counts = Array.from({ length: classes }, () => [[0, 0, 0], [0, 0, 0]]);
    rows.forEach(({ label, isReached, seen, unseen }, row) => {
      const count = counts[label][Number(isReached)];
      count[0] += times[row];
      count[1] += times[row] * seen;
      count[2] += times[row] * unseen;
    });
    const result: Record<string, number> = {};
    const sums = { seen: 0, unseen: 0, effect: 0 };
    let present = 0;
    for (const [label, [others, [n, seen, unseen]]] of counts.entries()) {
      if (n === 0 || kind === "lesion" && others[0] === 0) continue;
      const change = kind === "lesion" ? (others[1] - others[2]) / others[0] : 0;
      const own = { seen: seen / n, unseen: unseen / n, effect: (seen - unseen) / n - change };
      for (const name of ["seen", "unseen", "effect"] as const) {
        result[`${label} ${name}`] = own[name];
        sums[name] += own[name];
      }
      present++;
    }
    for (const [name, sum] of Object.entries(sums)) result[name] = sum / present;
    return result;
  };
}
