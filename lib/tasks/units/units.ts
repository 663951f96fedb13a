/**
 * The units of work that the main notebooks need, each of which can be done alone, in any process that sees the run's folder.
 *
 *     decoding shards → activation shards of each depth → trainings → evaluations
 *
 * Everything here is counting and digests: no photo is opened, no engine is loaded, no step is quadratic.
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
  "near-duplicates", // where parts are divided by them
  ...["study", "crossover", "honest"] as const, // of the notebooks 6, 7 and 8
] as const;
export type UnitKind = (typeof unitKinds)[number];

/** What a unit does; rows and photos as places in lists that the source and the configuration decide, from `first` to before `end`. */
export type Work =
  /** Photos of the table, in its order. */
  | { readonly kind: "decode"; readonly first: number; readonly end: number }
  /** Rows of the augmented table in the order of `rowsAt`. */
  | { readonly kind: "activations"; readonly depth: Depth; readonly first: number; readonly end: number }
  /** A recipe of `recipesOf`, by its place. */
  | { readonly kind: "training"; readonly recipe: number }
  /** The run's own test, opened for a recipe's network; or the baselines on all parts. */
  | { readonly kind: "evaluation"; readonly of: number | "baselines" }
  /** The official test set, for the networks that validation prefers. */
  | { readonly kind: "official" }
  /** Photos that are almost the same, among the table's or the official set's too. */
  | { readonly kind: "near-duplicates"; readonly official: boolean }
  /** A network of notebook 7: of a set of `crossoverPlan`, by its place, and of a training list of the partition, by its place. */
  | {
    readonly kind: "crossover";
    readonly set: number;
    readonly partition: number;
    readonly list: number;
    readonly seed: number;
  }
  /** A training of notebook 6: a configuration of `studyConfigs`, by its place. */
  | { readonly kind: "study"; readonly study: number }
  /** A network of notebook 8: of a place of its plan, by the place of its seed. */
  | { readonly kind: "honest"; readonly place: number; readonly network: number };

export interface Unit {
  /** SHA-256 of all that decides what it makes, the engine with its threads included. */
  readonly id: string;
  readonly kind: UnitKind;
  /** For readers: `activations block5, 3 of 9`. */
  readonly name: string;
  /** Among the units of its kind, from 0. */
  readonly index: number;
  /** Ids of what must be stored before. */
  readonly needs: readonly string[];
  /** Photos, rows, or images that are trained on or answered. */
  readonly images: number;
  readonly work: Work;
  readonly cores: number;
  /** Megabytes, a first guess. */
  readonly memory: number;
  /** A first guess, on these cores. */
  readonly minutes: number;
}

/** What units are planned from. */
export interface PlanInput {
  readonly config: Config;
  /** Of all photos of the table, in its order: what changes when the photo does, as id, bytes and date. */
  readonly photos: readonly string[];
  /** Null while they are not known, see `Plan`: then only what tells them is planned. */
  readonly parts: Parts | null;
  /** The photo of the list of each row of the parts' own table of photos; none given: they are the same. */
  readonly photoOf?: (row: number) => number;
  readonly classes: number;
  /** Digest of VGG16's first weights, and of the new network. */
  readonly weights: string;
  readonly model: string;
  readonly engine: EngineIdentity;
  /** Pixels of a photo as it is, on the average. */
  readonly photoPixels: number;
  /** About how many photos or rows a shard has. Default: `usualShard`. */
  readonly shardImages?: number;
  /** The official test set: what decides it, and its photos; null: none. */
  readonly official: { readonly digest: string; readonly photos: number } | null;
}

/** Photos or rows of a shard, about: some seconds to a minute of work. */
const usualShard = 2500;

/** The shards of photos to decode. */
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

/** What tells the parts where they depend on pixels, and the shards of photos in any case. */
export function planBeforeParts(input: Omit<PlanInput, "parts">): Unit[] {
  const decoding = planDecoding(input);
  if (input.config.protocol === "as-written") return decoding;
  return [...decoding, relating({ ...input, official: null }, decoding)]; // the table's photos alone are divided
}

/** The units in an order in which each comes after what it needs. */
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

/** Finds photos that are almost the same, the official set's too where there is one. @param decoding the units that decode the photos */
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
  return depths.flatMap((depth) => ofDepth.get(depth) ?? []); // from block1 on nothing is frozen
}
