/**
 * The effect of a leak: recall of test photos by networks that have seen them (or their relatives), minus recall of the same photos
 * by networks that have not. Answers are pooled over seeds and partitions; whole groups of photos are drawn, within the classes.
 */
import { bootstrap, meanAndDeviation, type Measured } from "../../evaluation/intervals.ts";
import { argmaxRows } from "../../evaluation/metrics.ts";
import type { Depth } from "../../recipe.ts";
import type { AnsweredNetwork } from "./networks.ts";

export interface LeakEffect {
  readonly kind: "copy" | "lesion";
  readonly depth: Depth;
  /** Networks that have seen a half; as many have seen the other one. */
  readonly pairs: number;
  /** Different test photos, and of them those that the kind of leak can reach: for "lesion", those that have relatives. */
  readonly photos: number;
  readonly reached: number;
  /** Recall of reached photos, the mean over the classes, in points of 1. */
  readonly seen: Measured;
  readonly unseen: Measured;
  /** Of "lesion": seen − unseen of the reached photos, minus the same of those without relatives, who show what else differs. */
  readonly effect: Measured;
  /** Standard deviation of the effect over partitions and seeds, each for itself; null of one. */
  readonly deviation: number | null;
  /** In label order; null of a class without reached photos. */
  readonly perClass: readonly (ClassEffect | null)[];
}

export interface ClassEffect {
  readonly photos: number;
  readonly seen: Measured;
  readonly unseen: Measured;
  readonly effect: Measured;
}

/** One test photo by two networks of one partition and seed. */
interface PairedAnswer {
  readonly group: string;
  readonly photo: number;
  readonly label: number;
  readonly isReached: boolean;
  /** 1 where the answer is right. */
  readonly seen: number;
  readonly unseen: number;
}

/** The effects of both kinds of leak at each depth, without those that `leakEffect` cannot measure. @throws as `leakEffect` */
export function leakEffects(
  networks: readonly AnsweredNetwork[],
  options: { classes: number; seed: number },
): LeakEffect[] {
  return [...Map.groupBy(networks, ({ network }) => network.depth).values()].flatMap((own) =>
    (["copy", "lesion"] as const).flatMap((kind) => leakEffect(kind, own, options) ?? [])
  );
}

/**
 * Compares the networks of a kind of leak, all of one depth. Null of "lesion" where no class has test photos of both kinds, with
 * relatives and without: in a table where each photo is a lesion of its own, say.
 *
 * @throws {RangeError} when there is no pair of networks, one of each half
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
    labels: rows.map(({ label, isReached }) => 2 * label + Number(isReached)), // so that no draw lacks one
  });
  const measured = (name: string): Measured => ({ value: found[name], ...intervals[name] });
  const effects = paired.map((own) => statisticOf(kind, own, classes)(Uint32Array.from(own, () => 1)).effect)
    .filter((effect) => !Number.isNaN(effect)); // of a division without photos of both kinds
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

/** Recall seen and unseen, and the effect: of each class as `4 seen`, and their means over the classes. */
function statisticOf(kind: LeakEffect["kind"], rows: readonly PairedAnswer[], classes: number) {
  return (times: Uint32Array): Record<string, number> => {
    /** Drawn rows and right answers: [label][reached]. */
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
