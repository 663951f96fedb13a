import assert from "node:assert/strict";
import { digestTraining, findShared } from "../../lib/model/trained_on.ts";
import { sha256 } from "../../lib/support/digest.ts";

const photo = (file: string, lesionId: string | null) => ({ fileDigest: sha256(file), lesionId });

Deno.test("photos are found by their bytes, lesions by their names; each photo counts once", () => {
  const trained = digestTraining([photo("a", "L1"), photo("b", "L1"), photo("c", "L2"), photo("a", "L1")]);
  assert.deepEqual([trained.photos.length, trained.lesions!.length], [3, 2]);
  assert.ok(!JSON.stringify(trained).includes("L1"), "names are kept as digests alone");
  const set = [photo("a", "other"), photo("x", "L2"), photo("c", "L2"), photo("y", "L3")];
  const { counts, isShared } = findShared(trained, set);
  assert.deepEqual(counts, { photos: 2, lesions: 2, either: 3 });
  assert.deepEqual(isShared, [true, true, true, false]);
});

Deno.test("without lesion names the number of shared lesions is null; shared photos are still found", () => {
  const named = digestTraining([photo("a", "L1")]);
  const nameless = digestTraining([photo("a", null)]);
  assert.equal(nameless.lesions, null);
  for (
    const [trained, set] of [
      [named, [photo("a", null), photo("b", null)]],
      [nameless, [photo("a", "L1"), photo("b", "L1")]],
    ] as const
  ) {
    assert.deepEqual(findShared(trained, set), {
      counts: { photos: 1, lesions: null, either: 1 },
      isShared: [true, false],
    });
  }
});

Deno.test("lesion names match as exact text in any form: numbers, spaces, letters of any alphabet", () => {
  for (const name of ["HAM_0000118", "12", "patient 7, left", "Läsion", "0012"]) {
    const trained = digestTraining([photo("a", name)]);
    const { counts } = findShared(trained, [photo("b", name), photo("c", `${name} `)]);
    assert.equal(counts.lesions, 1, name);
  }
});
