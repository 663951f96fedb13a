import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../lib/data/decode.ts";
import { readMetadata } from "../../lib/data/metadata.ts";
import { argmaxRows } from "../../lib/evaluation/metrics.ts";
import { openActivations } from "../../lib/model/activations.ts";
import { makeBase } from "../../lib/model/forward.ts";
import { loadWeights } from "../../lib/model/weights.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { startEngine, tf, valuesOf } from "../../lib/support/engine/engine.ts";
import { openStore } from "../../lib/support/store.ts";
import { fitSoftmax } from "../../lib/training/fit.ts";
import { softmaxAnswers } from "../../lib/training/softmax_network.ts";
import { exists, realWeights } from "../model/images.ts";
import { ham10000Folder } from "../data/leak_free_photos.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

await startEngine();

Deno.test({
  name: "activations stored as half floats give float32's answers, except for at most one photo in a hundred",
  ignore: !ham10000Folder || !exists(realWeights),
  async fn() {
    await using folder = await temporaryFolder();
    const [size, scaling, classes, n] = [64, "divide255", 7, 256] as const;
    const samples = (await readMetadata(ham10000Folder!)).filter((_, row) => row % 39 === 0).slice(0, n);
    const pixels = await Promise.all(
      samples.map(({ imagePath }) => decodeImage(join(ham10000Folder!, imagePath), size)),
    );
    const labels = Uint8Array.from(samples, ({ label }) => label);
    const weights = await loadWeights(realWeights);
    const images = pixels.map((image) => ({ key: sha256(image), pixels: () => image }));
    using activations = await openActivations(images, {
      weights,
      scaling,
      size,
      store: openStore(folder.path),
    });
    const { length } = activations;
    const stored = new Float32Array(n * length);
    labels.forEach((_, row) => activations.read(row, stored.subarray(row * length, (row + 1) * length)));

    const exact = new Float32Array(n * length);
    using base = makeBase(weights, { size, scaling });
    for (let first = 0; first < n; first += 128) { // as many a pass as `openActivations` takes
      const batch = Float32Array.from(pixels.slice(first, first + 128).flatMap((image) => [...image]));
      exact.set(valuesOf(() => base.forward(tf.tensor4d(batch, [128, size, size, 3]))), first * length);
    }
    assert.ok(stored.some((value, i) => value !== exact[i]), "half floats round");

    const head = await fitSoftmax(stored, labels, { classes, seed: 0 });
    const [answers, others] = [stored, exact].map((features) => softmaxAnswers(head, features));
    answers.forEach((share, i) => assert.ok(Math.abs(share - others[i]) < 0.01, `${share}, ${others[i]}`));
    const [labelled, unlike] = [answers, others].map((shares) => argmaxRows(shares, classes));
    const changed = labelled.filter((label, row) => label !== unlike[row]).length;
    assert.ok(changed <= n / 100, `${changed} of ${n} answers differ`);
    const right = unlike.filter((label, row) => label === labels[row]).length;
    assert.ok(right > 80, `${right} of ${n} are classified correctly: it has learned something`);
  },
});
