/** `leak_free.json`: what notebook 7 has measured. A published report has it in `results.json` too, as `leakFree`. */
import { join } from "node:path";
import type { Rung } from "../data/crossover.ts";
import type { Interval, Measured } from "../evaluation/intervals.ts";
import { type AnsweredRows, joinRows, measureSet } from "../evaluation/set_scores.ts";
import { writeAtomic } from "../support/atomic.ts";
import type { BridgeRow } from "./bridge.ts";
import type { Experiment } from "./experiment.ts";
import type { LeakEffect } from "./leak_effects.ts";
import type { AnsweredNetwork, LeakNetwork } from "./leak_networks.ts";

export const leakFreeFile = "leak_free.json";

/** Networks of one kind on the official test set: their balanced accuracy, answers pooled. */
export interface OfficialRow {
  readonly rung: Rung;
  readonly label: string;
  readonly networks: number;
  readonly score: Measured;
}

export interface LeakFreeResults {
  readonly ladder: readonly LeakNetwork[];
  readonly effects: readonly (LeakEffect & { readonly difference: number; readonly interval: Interval })[];
  /** Empty where the official set was not there. */
  readonly official: readonly OfficialRow[];
  readonly bridge: readonly BridgeRow[];
}

const labels: Record<Rung, string> = { none: "nothing leaks", lesion: "lesions leak", copy: "copies leak" };

/** The networks of each kind on the official test set; photos are drawn within the classes. */
export function officialByLeak(
  networks: readonly AnsweredNetwork[],
  { seed }: { seed: number },
): OfficialRow[] {
  const answered = networks.flatMap(({ network: { rung }, official }) =>
    official ? [{ rung, official }] : []
  );
  return [...Map.groupBy(answered, ({ rung }) => rung)].map(([rung, own]) => {
    const rows: AnsweredRows = joinRows(own.map(({ official }) => official));
    const { balancedAccuracy, intervals } = measureSet(rows, { seed });
    const score = { value: balancedAccuracy, ...intervals.balancedAccuracy };
    return { rung, label: labels[rung], networks: own.length, score };
  });
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
  await writeAtomic(join(config.out, leakFreeFile), `${JSON.stringify(results, null, 2)}\n`);
}
