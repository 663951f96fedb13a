/** `leak_free.json`: all results of notebook 7. A published report also has them in `results.json`, as `leakFree`. */
import { join } from "node:path";
import type { Rung } from "../../data/crossover.ts";
import type { Interval, Measured } from "../../evaluation/intervals.ts";
import {
  type AnsweredRows,
  compareAnswers,
  joinRows,
  measureSet,
  pickRows,
} from "../../evaluation/set_scores.ts";
import type { Depth } from "../../recipe.ts";
import { writeAtomic } from "../../support/atomic.ts";
import type { BridgeRow } from "./bridge.ts";
import type { Experiment } from "../experiment.ts";
import type { LeakEffect } from "./effects.ts";
import type { AnsweredNetwork, LeakNetwork } from "./networks.ts";
import { jsonText } from "../../support/json.ts";

export const leakFreeFile = "leak_free.json";

/** The balanced accuracy of one kind of networks on the official test set, with pooled predictions. */
export interface OfficialRow {
  readonly rung: Rung;
  readonly depth: Depth;
  readonly label: string;
  readonly networks: number;
  readonly score: Measured;
  /** What the leak adds: `score` minus that of the networks without a leak, paired by division and seed. Null for those networks. */
  readonly gain: Measured | null;
  /** Score without photos that have a near-duplicate in the table. Null if none or all have one. */
  readonly unrelated: Measured | null;
  /** Own test photos as they are and in the set's form, and what the form changes. Null if there are none. */
  readonly control:
    | {
      /** Groups that were tested. Another division may test another photo of a group. */
      readonly photos: number;
      readonly asTheyAre: Measured;
      readonly sameForm: Measured;
      readonly change: Measured;
    }
    | null;
}

export interface LeakFreeResults {
  readonly ladder: readonly LeakNetwork[];
  readonly effects: readonly (LeakEffect & { readonly difference: number; readonly interval: Interval })[];
  /** Empty if the official set was not available. */
  readonly official: readonly OfficialRow[];
  readonly bridge: readonly BridgeRow[];
}

const labels: Record<Rung, string> = { none: "nothing leaks", lesion: "lesions leak", copy: "copies leak" };

/**
 * The scores of each kind of networks on the official test set. Lesions are drawn within the classes.
 *
 * @param options.near image ids of the set's photos that have a near-duplicate in the table
 */
export function officialByLeak(
  networks: readonly AnsweredNetwork[],
  { imageIds, near, seed }: { imageIds: readonly string[]; near: readonly string[]; seed: number },
): OfficialRow[] {
  const scoreOf = (rows: AnsweredRows): Measured => {
    const { balancedAccuracy, intervals } = measureSet(rows, { seed });
    return { value: balancedAccuracy, ...intervals.balancedAccuracy };
  };
  const unrelated = [...imageIds.keys()].filter((i) => !near.includes(imageIds[i]));
  const answered = networks.flatMap(({ network: { rung, depth, partition, seed }, official, control }) =>
    official ? [{ rung, depth, division: `${depth} ${partition} ${seed}`, official, control }] : []
  );
  const withoutLeak = new Map(
    answered.filter(({ rung }) => rung === "none").map(({ division, official }) => [division, official]),
  );
  return [...Map.groupBy(answered, ({ rung, depth }) => `${depth} ${rung}`).values()].map((own) => {
    const [{ rung, depth }] = own;
    const rows = own.map(({ official }) => official);
    const joined = joinRows(rows);
    const controls = own.flatMap(({ control }) => control ?? []);
    return {
      ...{ rung, depth, label: labels[rung], networks: own.length, score: scoreOf(joined) },
      gain: rung === "none" ? null : gainOf(own, joined),
      unrelated: unrelated.length === imageIds.length || unrelated.length === 0
        ? null
        : scoreOf(joinRows(rows.map((one) => pickRows(one, unrelated)))),
      control: controls.length === 0 ? null : compareForms(controls),
    };
  });

  function gainOf(own: typeof answered, after: AnsweredRows): Measured | null {
    const before = own.flatMap(({ division }) => withoutLeak.get(division) ?? []);
    if (before.length < own.length) return null;
    return change(joinRows(before), after);
  }

  function change(before: AnsweredRows, after: AnsweredRows): Measured {
    const { difference, ...interval } = compareAnswers(before, after, { seed }).balancedAccuracy;
    return { value: difference, ...interval };
  }

  function compareForms(controls: readonly NonNullable<AnsweredNetwork["control"]>[]) {
    const asTheyAre = joinRows(controls.map(({ asTheyAre }) => asTheyAre));
    const sameForm = joinRows(controls.map(({ sameForm }) => sameForm));
    const photos = new Set(asTheyAre.groups).size;
    return {
      ...{ photos, asTheyAre: scoreOf(asTheyAre), sameForm: scoreOf(sameForm) },
      change: change(asTheyAre, sameForm),
    };
  }
}

export async function saveLeakFree(
  { config }: Pick<Experiment, "config">,
  { networks, effects, official, bridge }: {
    networks: readonly AnsweredNetwork[];
    effects: readonly LeakEffect[];
    official: readonly OfficialRow[];
    bridge: readonly BridgeRow[];
  },
): Promise<void> {
  const results: LeakFreeResults = {
    ladder: networks.map(({ network }) => network),
    effects: effects.map((each) => {
      const { value, ...interval } = each.effect;
      return { ...each, difference: value, interval };
    }),
    official,
    bridge,
  };
  await writeAtomic(join(config.out, leakFreeFile), jsonText(results));
}
