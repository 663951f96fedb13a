import assert from "node:assert/strict";
import { join } from "node:path";
import { createConfig } from "../../lib/config.ts";
import { parse } from "../../lib/support/csv.ts";
import { countLeakage } from "../../lib/experiment/leakage.ts";
import { makeParts, type Parts, saveParts } from "../../lib/experiment/parts.ts";
import type { Source } from "../../lib/experiment/source.ts";
import { countLabels, diagnoses, ham10000Classes, ham10000Counts } from "../../lib/data/diagnosis.ts";

/** A table with HAM10000's class counts, two photos a lesion. */
const source: Source = {
  synthetic: true,
  folder: "nowhere",
  table: "nowhere",
  classes: ham10000Classes,
  skipped: null,
  about: [],
  counts: ham10000Counts,
  samples: ham10000Counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({
      imageId: `${diagnoses[label]}_${i}`,
      lesionId: `${diagnoses[label]}_lesion_${i >> 1}`,
      dx: diagnoses[label],
      label,
      dxType: "histo",
      age: null,
      sex: "male",
      localization: "back",
      imagePath: "",
    }))
  ),
};

Deno.test("the write-up's counts: 42,650, 34,120 / 8,530, 12,000, 9,600 / 2,400", () => {
  const parts = makeParts(createConfig({ preset: "smoke" }), source);
  const sizes = [
    parts.table,
    parts.train,
    parts.test,
    parts.subset,
    parts.subsetTrain,
    parts.subsetValidation,
  ];
  assert.deepEqual(sizes.map((part) => part.length), [42_650, 34_120, 8_530, 12_000, 9_600, 2_400]);
});

Deno.test("over seeds: parts are complete and disjoint", () => {
  for (let seed = 0; seed < 5; seed++) {
    const parts = makeParts(createConfig({ preset: "smoke", seed }), source);
    assert.equal(new Set([...parts.train, ...parts.test]).size, parts.table.length);
    assert.equal(new Set([...parts.subsetTrain, ...parts.subsetValidation]).size, parts.subset.length);
    const train = new Set(parts.train);
    assert.ok(parts.subset.every((row) => train.has(row)));
    const shares = countLabels(parts.test.map((row) => parts.table[row].label)).map((count) => count / 8_530);
    shares.forEach((share, label) =>
      assert.ok(Math.abs(share - [5991, 5991, 5991, 5991, 5991, 6705, 5990][label] / 42_650) < 2e-4)
    );
  }
});

Deno.test("leakage is counted by photo and by lesion, as worked by hand", () => {
  const image = (row: number, copy: number) => ({ row, copy, label: 0 });
  const parts = {
    table: [image(0, 0), image(0, 1), image(1, 0), image(2, 0)],
    test: [1, 2, 3],
  } as unknown as Parts;
  // Photos 0 and 1 show lesion 0, photo 2 lesion 1; trained on photo 0 alone.
  const all = countLeakage(source, parts, [0]).at(-1)!;
  assert.deepEqual([all.images, all.withCopy, all.withLesion], [3, 1, 2]);
});

Deno.test("each part is saved with image_id, copy, lesion_id, dx", async () => {
  const out = await Deno.makeTempDir();
  try {
    const config = createConfig({ preset: "smoke", out });
    const parts = makeParts(config, source);
    const files = await saveParts(config, source, parts);
    assert.deepEqual(
      files.sort(),
      (await Array.fromAsync(Deno.readDir(out))).map((entry) => entry.name).sort(),
    );
    const rows = parse(await Deno.readTextFile(join(out, "subset_validation.csv")), { skipFirstRow: true });
    assert.equal(rows.length, 2_400);
    const { row, copy } = parts.table[parts.subsetValidation[7]];
    assert.deepEqual(rows[7], {
      image_id: source.samples[row].imageId,
      copy: `${copy}`,
      lesion_id: source.samples[row].lesionId,
      dx: source.samples[row].dx,
    });
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
