/** Every training of a run says which leak its parts have, and is held to it: by rows and pixels, whatever anything is called. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { AugmentedImage } from "../../../lib/data/augmented_table.ts";
import type { AllowedLeak } from "../../../lib/data/leak_check.ts";
import { type Experiment, openExperiment, openSource, photoOf } from "../../../lib/experiment/experiment.ts";
import { relate, type Related, withParts } from "../../../lib/experiment/leakage/division.ts";
import { trainCrossover } from "../../../lib/experiment/leakage/networks.ts";
import type { OfficialImages } from "../../../lib/experiment/official_testing.ts";
import { readOpenings } from "../../../lib/experiment/openings.ts";
import { configurationOf, modelOf, type Run, train } from "../../../lib/experiment/run.ts";
import { openTest } from "../../../lib/experiment/testing.ts";
import { startEngine } from "../../../lib/support/engine/engine.ts";
import { randomFor, shuffled } from "../../../lib/support/random.ts";
import { planted } from "../../data/near_duplicates/plant.ts";
import { withConfig } from "../small_experiment.ts";

await startEngine();

const recipe = [{ depth: "head", epochs: 1 }] as const;
const learn = async (experiment: Experiment): Promise<Run> =>
  await train(experiment, modelOf(experiment), recipe);

/** Rows of the table whose lesions no other part has. */
interface Rows {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  /** One photo of each lesion. */
  readonly test: readonly number[];
}

/** Drawn photos. Photos of one lesion are the first of them, turned and saved again: as alike as photos taken in a row. */
async function withAlike(
  work: (experiment: Experiment, related: Related, rows: Rows) => Promise<void>,
): Promise<void> {
  await withConfig({ standInImages: 110 }, async (config) => {
    const { samples, folder } = await openSource(config);
    const pathOf = (row: number) => join(folder, samples[row].imagePath);
    const lesions = [...Map.groupBy(samples.keys(), (row) => samples[row].lesionId).values()];
    for (const [first, ...others] of lesions) {
      for (const row of others) {
        const random = randomFor("alike", row);
        await Deno.writeFile(pathOf(row), await planted(pathOf(first), "turned by any angle", random));
      }
    }
    const experiment = await openExperiment(config);
    const lesionsOf = (is: (place: number) => boolean) => lesions.filter((_, place) => is(place % 5));
    const rows = {
      train: lesionsOf((place) => place < 3).flat(),
      validation: lesionsOf((place) => place === 3).flat(),
      test: lesionsOf((place) => place === 4).map(([first]) => first),
    };
    await work(experiment, await relate(experiment), rows);
  });
}

/** What is learned is a copy of each photo, and `more`. */
function honest(
  experiment: Experiment,
  { evidence }: Pick<Related, "evidence">,
  { train, validation, test }: Rows,
  { more = [], allowed = "nothing" }: {
    more?: readonly Omit<AugmentedImage, "label">[];
    allowed?: AllowedLeak;
  } = {},
): Experiment {
  const { samples } = experiment.source;
  const learned = [...train.map((row) => ({ row, copy: 1 })), ...more];
  const images = learned.map((image) => ({ ...image, label: samples[image.row].label }));
  return withParts(experiment, { train: images, validation, test, leak: { allowed, evidence } });
}

Deno.test("an as-written run labelled leak-free is refused by train and by the test, even if its training is stored", async () => {
  await withAlike(async (experiment, { evidence }) => {
    const run = await learn(experiment); // as written: it says so, and nothing is looked for
    const unproven = { ...experiment, leak: { allowed: "nothing", evidence: null } } as const;
    const relabelled = { ...experiment, leak: { allowed: "nothing", evidence } } as const;
    for (
      const [claimed, message] of [
        [unproven, /allowed: "nothing".*Expected: evidence, as relate\(experiment\) finds it.*no evidence$/],
        [relabelled, /belong to one on another side.*copy: [1-9]\d*.*lesion: [1-9]/s],
      ] as const
    ) {
      await assert.rejects(learn(claimed), { message });
      await assert.rejects(openTest(claimed, run), { message });
    }
    const rung = {
      ...experiment,
      leak: { allowed: "copies of the test's photos, rung copy", evidence },
    } as const;
    await assert.rejects(learn(rung), /Allowed was: copies of the test's photos, rung copy.*lesion: [1-9]/s);
    assert.deepEqual(await readOpenings(experiment.config.out), [], "no test was opened");
    assert.equal((await learn(experiment)).computed, false);
    const of = (one: Experiment) => configurationOf(one, modelOf(one), recipe);
    assert.equal(of(relabelled), of(experiment), "what is claimed is no part of a training's key");
  });
});

Deno.test("each kind of leak is refused before training if it is planted in leak-free parts", async () => {
  await withAlike(async (experiment, related, rows) => {
    const { samples } = experiment.source;
    assert.equal((await learn(honest(experiment, related, rows))).computed, true, "nothing leaks");
    const [tested] = rows.test;
    const lesions = new Set(rows.test.map((row) => samples[row].lesionId));
    const relative = [...samples.keys()].find((row) =>
      lesions.has(samples[row].lesionId) && !rows.test.includes(row)
    )!;
    for (
      const [kind, leak] of [
        ["photo", { row: tested, copy: 0 }],
        ["copy", { row: tested, copy: 3 }],
        ["lesion", { row: relative, copy: 1 }],
      ] as const
    ) {
      const message = new RegExp(
        `: none\\..*${kind}: [1-9].*${samples[leak.row].imageId} copy ${leak.copy} \\(train`,
        "s",
      );
      await assert.rejects(learn(honest(experiment, related, rows, { more: [leak] })), { message }, kind);
    }
    // without lesion_ids pixels alone tell that the relative belongs to a test photo
    const alone = samples.map((sample) => ({ ...sample, lesionId: sample.imageId }));
    const nameless = { ...experiment, source: { ...experiment.source, samples: alone } };
    const evidence = { ...related.evidence, samples: alone };
    const leaky = honest(nameless, { evidence }, rows, { more: [{ row: relative, copy: 1 }] });
    await assert.rejects(learn(leaky), /lesion: 0; near-duplicate: 1 /);
    const asked = {
      more: [{ row: tested, copy: 3 }],
      allowed: "copies of the test's photos, rung copy",
    } as const;
    assert.equal((await learn(honest(experiment, related, rows, asked))).computed, true, "asked for by name");
  });
});

Deno.test("parts from scrambled lesion_ids are refused: near-duplicates span lesions, and another table's evidence does not count", async () => {
  await withAlike(async (experiment, { evidence }) => {
    const { source } = experiment;
    const ids = shuffled(source.samples, randomFor("scrambled")).map(({ lesionId }) => lesionId);
    const samples = source.samples.map((sample, row) => ({ ...sample, lesionId: ids[row] }));
    const scrambled = { ...experiment, source: { ...source, samples } };
    // All stand on one side, but a photo that is like no other: so nothing can be wrong but the lesion_ids
    const isAlike = new Set(evidence.nearDuplicates.flatMap(({ a, b }) => [a, b]));
    const single = samples.findIndex(({ lesionId }, row) =>
      !isAlike.has(row) && samples.filter((other) => other.lesionId === lesionId).length === 1
    );
    const train = [...samples.keys()].filter((row) => row !== single);
    const rows = { train, validation: [single], test: [] };
    const believed = honest(scrambled, { evidence: { ...evidence, samples } }, rows);
    await assert.rejects(
      learn(believed),
      /lesion_ids do not fit its photos: of \d+ pairs of near-duplicates only \d have one lesion_id/,
    );
    await assert.rejects(
      learn(honest(scrambled, { evidence }, rows)),
      /evidence against leaks is of another table.*Received: one of 110 photos$/,
    );
  });
});

Deno.test("deeper networks are tested like softmax-only ones: own test, official set, and the control in the set's form", async () => {
  await withConfig({ standInImages: 110 }, async (config) => {
    const experiment = await openExperiment(config);
    const { images, source: { samples } } = experiment;
    const related = await relate(experiment);
    const rows = [...samples.keys()].filter((row) => row % 10 === 0);
    const official = {
      images: {
        title: "other images",
        pixels: Buffer.concat(rows.map((row) => photoOf(images, row).map((value) => 255 - value))),
        pixelDigests: rows.map((row) => `negative of ${row}`),
        labels: rows.map((row) => samples[row].label),
        lesions: rows.map((row) => samples[row].lesionId),
      },
      kept: rows.map((row) => ({ imageId: `OTHER_${row}` })),
      set: { sameForm: new Map(samples.map(({ imageId, imagePath }) => [imageId, imagePath])) },
      load: () => Promise.resolve(images), // the form is that of the photos
    };
    const set = { partitions: [0], seeds: [0], official: official as unknown as OfficialImages };
    const recipe = [{ depth: "block5", epochs: 1, restoreBestWeights: false } as const];
    const networks = await trainCrossover(experiment, related, { recipe, ...set });
    assert.deepEqual(
      networks.map(({ network: { depth, rung, half } }) => `${depth} ${rung} ${half}`),
      ["none null", "lesion A", "lesion B", "copy A", "copy B"].map((kind) => `block5 ${kind}`),
    );
    for (const { network, own, official, control } of networks) {
      assert.equal(network.official!.n, rows.length);
      assert.equal(official!.probabilities.length, 7 * rows.length);
      // The same photos in the same form: from stored half floats, and from the images
      const { asTheyAre, sameForm } = control!;
      assert.equal(sameForm.probabilities.length, own.probabilities.length);
      const differences = Array.from(
        sameForm.probabilities,
        (value, i) => value - asTheyAre.probabilities[i],
      );
      assert.ok(Math.max(...differences.map(Math.abs)) < 2e-3, network.rung);
    }

    // Their tables of answers are enough: nothing is trained or opened again, and all is measured to the bit
    for (const kind of ["fits", "runs", "answers"]) {
      await Deno.remove(join(experiment.store.folder, kind), { recursive: true });
    }
    const log = await readOpenings(join(config.out, "leak_free"));
    assert.equal(log.length, 15, "five networks on three sets");
    assert.deepEqual(await trainCrossover(experiment, related, { recipe, ...set }), networks);
    assert.deepEqual(await readOpenings(join(config.out, "leak_free")), log);
    const tables = [...Deno.readDirSync(join(config.out, "leak_free", "answers"))].map(({ name }) => name);
    assert.deepEqual(
      tables.map((name) => name.replace(/_[0-9a-f]{12}\.csv$/, "")).sort(),
      ["copy_A", "copy_B", "lesion_A", "lesion_B", "none"].map((list) => `block5_${list}_0_0`),
    );
  });
});
