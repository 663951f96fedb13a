/**
 * The units of notebook 7: near-duplicates, then a training for each network of the crossover.
 *
 *     decoding shards → near-duplicates → trainings
 *
 * The first seed of a list is trained before the others, because they read its activations. The tests are left to
 * `deno task reproduce --only 07`: they take seconds, and one process opens them.
 */
import { listKinds, listName } from "../../data/crossover.ts";
import type { CrossoverSet } from "../../experiment/study_runs.ts";
import { keyOf, stageOf } from "../../recipe.ts";
import { digestOf } from "../../support/digest.ts";
import { frozenSeconds, memoryOf, minutesOf, stageSeconds } from "../speeds.ts";
import { planBeforeParts, planDecoding, type PlanInput, relating, type Unit } from "./units.ts";

/** All units, each after those that it needs. @param sets as `crossoverPlan` gives them */
export function planCrossover(input: PlanInput, sets: readonly CrossoverSet[]): Unit[] {
  const { config, engine, official, parts, photos } = input;
  if (parts === null) return planBeforeParts(input);
  const decoding = planDecoding(input);
  const { size, scaling, precision, seed } = config;
  const { threads } = engine;
  const all = decoding.map(({ id }) => id);
  const total = photos.length + (official?.photos ?? 0);
  const related = relating(input, decoding);
  const networks: Unit[] = [];
  for (const [set, { recipe, partitions, seeds }] of sets.entries()) {
    const stages = recipe.map(stageOf);
    const { depth } = stages.at(-1)!;
    const counts = { size, train: parts.subsetTrain.length, validation: Math.round(photos.length / 10) };
    const training = stages.reduce((sum, stage) => sum + stageSeconds(stage, counts), 0);
    const frozen = counts.train * frozenSeconds(depth, size, { wasm: engine.name === "wasm" });
    for (const partition of partitions) {
      for (const [list, name] of listKinds.map(listName).entries()) {
        let first: string | null = null;
        for (const own of seeds) {
          const id = digestOf({
            ...{
              kind: "crossover",
              partition,
              list: name,
              own,
              recipe: stages.map(keyOf),
              related: related.id,
            },
            ...{ weights: input.weights, size, scaling, precision, engine, seed },
          });
          networks.push({
            ...{ id, kind: "crossover", index: networks.length, images: counts.train, cores: threads },
            name: `${name}, partition ${partition}, seed ${own}, from ${depth}`,
            needs: [...all, related.id, ...first === null ? [] : [first]],
            work: { kind: "crossover", set, partition, list, seed: own },
            memory: memoryOf({ images: total, rows: counts.train, depth, size, trained: true }),
            minutes: minutesOf((training + (first === null ? frozen : 0)) / threads),
          });
          first ??= id;
        }
      }
    }
  }
  return [...decoding, related, ...networks];
}
