/**
 * The units of notebook 6: a training for each configuration of its studies.
 *
 *     decoding shards → trainings
 *
 * The first training that decodes an image size or computes activations comes before the others that read them. The comparison of
 * optimizers over seeds and the tests are left to `deno task reproduce --only 06`: they take minutes.
 */
import { type Config, experimentOf } from "../../config.ts";
import { sizeText } from "../../image_size.ts";
import { studyConfigs } from "../../experiment/study_runs.ts";
import { digestOf } from "../../support/digest.ts";
import { partSizesOf } from "../estimate.ts";
import { frozenSeconds, memoryOf, minutesOf, stageSeconds } from "../speeds.ts";
import { planBeforeParts, type PlanInput, type Unit } from "./units.ts";

/** All units, each after those that it needs. @param counts photos of each class */
export function planStudies(input: PlanInput, counts: readonly number[]): Unit[] {
  const before = planBeforeParts(input);
  const { config, engine, photos, weights } = input;
  if (input.parts === null) return before;
  const all = before.map(({ id }) => id);
  const first = new Map<string, string>(); // the id of the first unit that makes what others share
  const studies = studyConfigs(config).map(({ config: own }, index): Unit => {
    const { train, subset } = partSizesOf(own, counts);
    const { depth } = own.recipe.at(-1)!;
    const training = own.recipe.reduce(
      (sum, stage) => sum + stageSeconds(stage, { size: own.size, train, validation: subset - train }),
      0,
    );
    const id = digestOf({ kind: "study", experiment: experimentOf(own), photos: all, weights, engine });
    const makes = madeBy(own, config);
    const shared = makes.flatMap((key) => first.get(key) ?? []);
    const frozen = makes.every((key) => first.has(key))
      ? 0
      : subset * frozenSeconds(depth, own.size, { wasm: engine.name === "wasm" });
    for (const key of makes) if (!first.has(key)) first.set(key, id);
    return {
      ...{ id, kind: "study", index, images: train, cores: engine.threads },
      name: `study ${index + 1}: ${sizeText(own.size)}, from ${depth}, ${own.recipe.at(-1)!.optimizer}`,
      needs: [...all, ...new Set(shared)],
      work: { kind: "study", study: index },
      memory: memoryOf({ images: photos.length, rows: subset, depth, size: own.size, trained: true }),
      minutes: minutesOf((training + frozen) / engine.threads),
    };
  });
  return [...before, ...studies];
}

/** Names of what a training stores besides its network: images of another size than the run's, and activations. */
function madeBy({ size, scaling, subsetShare, recipe }: Config, run: Config): string[] {
  const images = sizeText(size);
  const depths = new Set(recipe.map(({ depth }) => depth).filter((depth) => depth !== "block1"));
  return [
    ...images === sizeText(run.size) ? [] : [images],
    ...[...depths].map((depth) => [images, scaling, subsetShare, depth].join(" ")),
  ];
}
