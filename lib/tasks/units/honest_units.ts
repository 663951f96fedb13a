/**
 * The units of notebook 8: near-duplicates, then a training for each network that its plan tries.
 *
 *     decoding shards → near-duplicates → networks of the start → networks of each step that trains, in order
 *
 * Each unit decides, on validation and from stored networks, which earlier steps stay: every process decides the same. So a step
 * needs all networks before it, but its own can be trained at the same time. The tests are left to `deno task reproduce --only 08`.
 */
import { leakFreeCount } from "../../data/leak_free_parts.ts";
import { stageOf } from "../../recipe.ts";
import { honestPlan, honestStage, trainedPlaces } from "../../experiment/honest/choice.ts";
import { digestOf } from "../../support/digest.ts";
import { frozenSeconds, memoryOf, minutesOf, stageSeconds } from "../speeds.ts";
import { planBeforeParts, planDecoding, type PlanInput, relating, type Unit } from "./units.ts";

/** All units, each after those that it needs. */
export function planHonest(input: PlanInput): Unit[] {
  const { config, engine, photos, weights } = input;
  if (input.parts === null) return planBeforeParts(input);
  const decoding = planDecoding(input);
  const related = relating(input, decoding);
  const plan = honestPlan(config);
  const wasm = engine.name === "wasm";
  const [train, validation] = (["train", "validation"] as const).map((part) =>
    leakFreeCount(part, photos.length)
  );
  const networks: Unit[] = [];
  for (const { place, choice } of trainedPlaces(plan)) {
    const { size, depth } = choice;
    const stage = stageOf(honestStage(choice));
    const drawn = stage.epochs * (train + validation) * frozenSeconds(depth, size, { wasm });
    const seconds = drawn + stageSeconds(stage, { size, train, validation });
    const needs = [...decoding, related, ...networks].map(({ id }) => id);
    const label = place === 0 ? "photos as they are" : plan.steps[place - 1].label;
    for (const [network, seed] of plan.seeds.entries()) {
      networks.push({
        id: digestOf({
          ...{
            kind: "honest",
            start: plan.start,
            steps: plan.steps.slice(0, place),
            own: seed,
            engine,
            weights,
          },
          ...{ related: related.id, precision: config.precision, seed: config.seed, needs },
        }),
        ...{ kind: "honest", name: `${label}, network ${network + 1} of ${plan.seeds.length}` },
        ...{ index: networks.length, needs, images: train, cores: engine.threads },
        work: { kind: "honest", place, network },
        memory: memoryOf({ images: photos.length, depth: "block1", size, trained: true }),
        minutes: minutesOf(seconds / engine.threads),
      });
    }
  }
  return [...decoding, related, ...networks];
}
