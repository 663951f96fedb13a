/**
 * The units of work of the main notebooks. Each can be done alone, in any process that sees the run's folder.
 *
 *     decoding shards → activation shards of each depth → trainings → evaluations
 *
 * Planning only counts and computes digests. It opens no photo and loads no engine, and no step takes quadratic time.
 */
import type { Config } from "../../config.ts";
import { labelsOf, type Parts } from "../../data/parts.ts";
import { activationStage, forwardBatchSize } from "../../model/activations.ts";
import { type Depth, keyOf, type Recipe } from "../../recipe.ts";
import { bytesOf, digestOf, sha256 } from "../../support/digest.ts";
import type { EngineIdentity } from "../../support/engine/engine.ts";
import { fitKey } from "../../training/fit.ts";
import { recipesOf } from "../estimate.ts";
import { depthsOf, namesOf, rowsAt, shardAt, shardsOf } from "./shards.ts";
import {
  answerSeconds,
  decodeSeconds,
  frozenSeconds,
  memoryOf,
  minutesOf,
  secondsPerPair,
  stageSeconds,
} from "../speeds.ts";

export const unitKinds = [
  ...["decode", "activations", "training", "evaluation", "official"] as const,
  "near-duplicates", // if the split depends on them
  ...["study", "crossover", "honest"] as const, // notebooks 6, 7 and 8
] as const;
export type UnitKind = (typeof unitKinds)[number];

/** What a unit does. Numbers but `seed` are indices into lists that source and configuration decide; `end` is excluded. */
export type Work =
  /** Photos of the table, in its order. */
  | { readonly kind: "decode"; readonly first: number; readonly end: number }
  /** Rows of the augmented table, in the order of `rowsAt`. */
  | { readonly kind: "activations"; readonly depth: Depth; readonly first: number; readonly end: number }
  /** Trains a recipe of `recipesOf`. */
  | { readonly kind: "training"; readonly recipe: number }
  /** Tests a recipe's network on the run's own test set, or measures the baselines on all parts. */
  | { readonly kind: "evaluation"; readonly of: number | "baselines" }
  /** Tests the frozen network that validation chose, and the recipe's, on the official test set. */
  | { readonly kind: "official" }
  /** Finds near-duplicates among the table's photos and, if `official`, the official test set's. */
  | { readonly kind: "near-duplicates"; readonly official: boolean }
  /** Trains a network of notebook 7: on training list `list` of a partition, with the recipe of set `set` of `crossoverPlan`. */
  | {
    readonly kind: "crossover";
    readonly set: number;
    readonly partition: number;
    readonly list: number;
    readonly seed: number;
  }
  /** Trains a configuration of `studyConfigs`, for notebook 6. */
  | { readonly kind: "study"; readonly study: number }
  /** Trains a network of notebook 8. `place` is 0 for the start of its plan, then the step from 1; `network` is the seed's index. */
  | { readonly kind: "honest"; readonly place: number; readonly network: number };

export interface Unit {
  /** SHA-256 of everything that decides the result. Except for decoding and near-duplicates, engine and threads are part of it. */
  readonly id: string;
  readonly kind: UnitKind;
  /** For readers: `activations block5, 3 of 9`. */
  readonly name: string;
  /** Index among the units of its kind, from 0. */
  readonly index: number;
  /** Ids of the units that must be stored before this one can be done. */
  readonly needs: readonly string[];
  /** Number of photos, rows, or images that are trained on or classified. */
  readonly images: number;
  readonly work: Work;
  readonly cores: number;
  /** Megabytes, a first guess. */
  readonly memory: number;
  /** A first guess, with this number of cores. */
  readonly minutes: number;
}

export interface PlanInput {
  readonly config: Config;
  /** Id, size and date of each photo, in the table's order: the text changes when the photo does. */
  readonly photos: readonly string[];
  /** Null if not known yet (see `Plan`). Then only the units that they depend on are planned. */
  readonly parts: Parts | null;
  /** Maps a row of the parts' own table of photos to an index in `photos`. Default: the same number. */
  readonly photoOf?: (row: number) => number;
  readonly classes: number;
  /** Digests of VGG16's initial weights and of the network before training. */
  readonly weights: string;
  readonly model: string;
  readonly engine: EngineIdentity;
  /** Average number of pixels of a photo before it is resized. */
  readonly photoPixels: number;
  /** Approximate number of photos or rows in a shard. Default: `usualShard`. */
  readonly shardImages?: number;
  /** The official test set: a digest of photos and labels, and the number of photos; null if there is none. */
  readonly official: { readonly digest: string; readonly photos: number } | null;
}

/** Approximate number of photos or rows in a shard, which takes some seconds to a minute. */
const usualShard = 2500;

/** The units that decode photos, one per shard. */
export function planDecoding(
  { config: { size }, photos, engine: { threads }, photoPixels, shardImages = usualShard }: Omit<
    PlanInput,
    "parts"
  >,
): Unit[] {
  return shardsOf(photos.length, shardImages).map(([first, end], index, { length }): Unit => {
    const images = end - first;
    return {
      id: digestOf({ kind: "decode", size, photos: sha256(photos.slice(first, end).join("\n")) }),
      ...{ kind: "decode", name: `decode, ${index + 1} of ${length}`, index, needs: [], images },
      work: { kind: "decode", first, end },
      cores: Math.min(threads, 4),
      memory: memoryOf({ images, size, engine: false }),
      minutes: minutesOf(images * decodeSeconds(photoPixels, threads)),
    };
  });
}

/** The units before the split: decoding, and the search for near-duplicates if the split depends on it. */
export function planBeforeParts(input: Omit<PlanInput, "parts">): Unit[] {
  const decoding = planDecoding(input);
  if (input.config.protocol === "as-written") return decoding;
  return [...decoding, relating({ ...input, official: null }, decoding)]; // only the table's photos are split
}

/** All units, each after those that it needs. */
export function planUnits(input: PlanInput): Unit[] {
  const { config, photos, parts, engine, photoPixels, shardImages = usualShard } = input;
  const { size } = config;
  const { threads } = engine;
  const wasm = engine.name === "wasm";
  const first = planBeforeParts(input);
  if (parts === null) return first;

  const photoOf = input.photoOf ?? ((row: number) => row);
  const all = first.filter(({ kind }) => kind === "decode").map(({ id }) => id);
  const recipes = recipesOf(config);
  const activations: Unit[] = [];
  const ofDepth = new Map<Depth, readonly string[]>();
  for (const [depth, opensTest] of depthsOf(recipes)) {
    const rows = rowsAt(parts, { opensTest });
    const spec = {
      ...{ kind: "activations", depth, size, weights: input.weights, scaling: config.scaling, engine },
      ...{ precision: config.precision, stage: activationStage, batchSize: forwardBatchSize(size) },
      ...{ seed: config.seed, ranges: config.augmentation },
    };
    const shards = shardsOf(rows.length, shardImages).map(([first, end], index, { length }): Unit => {
      const own = rows.subarray(first, end);
      const [from, to] = [own[0], own[own.length - 1]].map((row) =>
        shardAt(photoOf(parts.table[row].row), photos.length, shardImages)
      );
      const needs = all.slice(from, to + 1);
      const images = end - first;
      return {
        id: digestOf({ ...spec, needs, rows: sha256(bytesOf(namesOf(parts, own, photoOf))) }),
        ...{ kind: "activations", name: `activations ${depth}, ${index + 1} of ${length}` },
        ...{ index: activations.length + index, needs, images, cores: threads },
        work: { kind: "activations", depth, first, end },
        memory: memoryOf({ images, rows: images, depth, size }),
        minutes: minutesOf(images * frozenSeconds(depth, size, { wasm }) / threads),
      };
    });
    activations.push(...shards);
    ofDepth.set(depth, shards.map(({ id }) => id));
  }

  const [train, validation, test] = [parts.subsetTrain, parts.subsetValidation, parts.test]
    .map((rows) =>
      digestOf({
        ...{ photos: all, rows: sha256(bytesOf(namesOf(parts, rows, photoOf))) },
        labels: sha256(labelsOf(parts, rows)),
      })
    );
  const total = photos.length;
  const trainings = recipes.map((recipe, index): Unit => {
    const on = { train, validation, seed: config.seed };
    const { depth, optimizer } = recipe.at(-1)!;
    const images = parts.subsetTrain.length;
    const counts = { size, train: images, validation: parts.subsetValidation.length };
    const seconds = recipe.reduce((sum, stage) => sum + stageSeconds(stage, counts), 0);
    return {
      id: digestOf({
        kind: "training",
        key: recipe.reduce((model, stage) => fitKey(model, stage, on, engine), input.model),
        needs: needsOf(recipe, ofDepth),
        recipe: recipe.map(keyOf),
      }),
      ...{ kind: "training", name: `training from ${depth}, ${optimizer}`, index, images, cores: threads },
      needs: [...all, ...needsOf(recipe, ofDepth)],
      work: { kind: "training", recipe: index },
      memory: memoryOf({ images: total, rows: images, depth, size, trained: true }),
      minutes: minutesOf((seconds + answering(parts.subset.length, depth, size)) / threads),
    };
  });
  const tests = recipes.map((recipe, index): Unit => {
    const { depth } = recipe.at(-1)!;
    const images = parts.test.length;
    return {
      id: digestOf({ kind: "evaluation", training: trainings[index].id, test }),
      ...{ kind: "evaluation", name: `test of the ${trainings[index].name}`, index, images, cores: threads },
      needs: [trainings[index].id],
      work: { kind: "evaluation", of: index },
      memory: memoryOf({ images: total, rows: images, depth, size }),
      minutes: minutesOf(answering(images, depth, size) / threads),
    };
  });
  const on = { photos: all, train, validation, test, engine, seed: config.seed };
  const baselines: Unit = {
    id: digestOf({ kind: "evaluation", of: "baselines", ...on }),
    ...{ kind: "evaluation", name: "baselines", index: tests.length, needs: all, images: parts.test.length },
    work: { kind: "evaluation", of: "baselines" },
    cores: threads,
    memory: memoryOf({ images: total, rows: parts.subset.length, size }),
    minutes: minutesOf(parts.subset.length * 0.01 / threads),
  };
  const official: Unit[] = input.official === null ? [] : [
    {
      id: digestOf({ kind: "official", set: input.official.digest, ...on, tests: tests.map(({ id }) => id) }),
      ...{ kind: "official", name: "the official test", index: 0, images: input.official.photos },
      needs: tests.map(({ id }) => id),
      work: { kind: "official" },
      cores: threads,
      memory: memoryOf({ images: total + input.official.photos, size }),
      minutes: minutesOf(
        input.official.photos *
          (decodeSeconds(photoPixels, threads) + answering(2, "block1", size) / threads),
      ),
    } as const,
  ];
  return [...first, ...activations, ...trainings, ...tests, baselines, ...official];
}

/** The unit that finds near-duplicates, in the official set too if there is one. @param decoding units of the photos */
export function relating(
  { config: { size }, engine, official, photos }: Omit<PlanInput, "parts">,
  decoding: readonly Pick<Unit, "id">[],
): Unit {
  const needs = decoding.map(({ id }) => id);
  const images = photos.length + (official?.photos ?? 0);
  return {
    id: digestOf({ kind: "near-duplicates", photos: needs, official: official?.digest ?? null }),
    ...{ kind: "near-duplicates", name: "near-duplicates", index: 0, needs, images },
    work: { kind: "near-duplicates", official: official !== null },
    cores: engine.threads,
    memory: memoryOf({ images, size, engine: false }),
    minutes: minutesOf(secondsPerPair * images ** 2 / 2),
  };
}

function answering(images: number, depth: Depth, size: Config["size"]): number {
  return images * answerSeconds(depth, size);
}

function needsOf(recipe: Recipe, ofDepth: ReadonlyMap<Depth, readonly string[]>): string[] {
  const depths = [...new Set(recipe.map(({ depth }) => depth))];
  return depths.flatMap((depth) => ofDepth.get(depth) ?? []); // training from block1 reads no activations
}
