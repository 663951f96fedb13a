import assert from "node:assert/strict";
import { join } from "node:path";
import { normal, randomFor } from "../../lib/support/random.ts";
import { saveTensors } from "../../lib/support/tensor_file.ts";
import { tf } from "../../lib/support/engine/engine.ts";
import {
  computeLogits,
  type Head,
  initialHead,
  loadHead,
  predict,
  saveHead,
} from "../../lib/training/head.ts";

function drawHead(seed: number, inputs = 20, classes = 7): Head {
  const random = randomFor("head", seed);
  const draw = (length: number) => Float32Array.from({ length }, () => normal(random));
  return { kernel: draw(inputs * classes), bias: draw(classes), inputs, classes };
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the initial kernel is uniform within ±√(6 / (inputs + classes)), the bias zero", () => {
  const limit = Math.sqrt(6 / 2055);
  for (let seed = 0; seed < 10; seed++) {
    const { kernel, bias } = initialHead({ inputs: 2048, classes: 7, seed });
    const mean = kernel.reduce((a, b) => a + b, 0) / kernel.length;
    const variance = kernel.reduce((a, b) => a + b * b, 0) / kernel.length;
    assert.equal(kernel.length, 14_336);
    assert.ok(kernel.every((value) => Math.abs(value) <= limit));
    assert.ok(
      kernel.some((value) => value > 0.999 * limit) && kernel.some((value) => value < -0.999 * limit),
    );
    assert.ok(Math.abs(mean) < 0.03 * limit, `mean ${mean}`);
    assert.ok(Math.abs(variance / (limit ** 2 / 3) - 1) < 0.03, `variance ${variance}`);
    assert.deepEqual([...bias], new Array(7).fill(0));
  }
});

Deno.test("the initial head follows from the seed and from nothing else", () => {
  const size = { inputs: 16, classes: 3 };
  assert.deepEqual(initialHead({ ...size, seed: 4 }), initialHead({ ...size, seed: 4 }));
  assert.notDeepEqual(initialHead({ ...size, seed: 4 }).kernel, initialHead({ ...size, seed: 5 }).kernel);
});

Deno.test("predict is the softmax of features · kernel + bias, computed in double by hand", () => {
  for (let seed = 0; seed < 10; seed++) {
    const head = drawHead(seed);
    const random = randomFor("rows", seed);
    const n = 9;
    const features = Float32Array.from({ length: n * head.inputs }, () => normal(random));
    const probabilities = predict(head, features);
    assert.equal(probabilities.length, n * head.classes);
    for (let row = 0; row < n; row++) {
      const logits = Array.from(head.bias, (offset, c) => {
        let sum = offset;
        for (let i = 0; i < head.inputs; i++) {
          sum += features[row * head.inputs + i] * head.kernel[i * head.classes + c];
        }
        return sum;
      });
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      logits.forEach((z, c) => {
        assert.ok(Math.abs(probabilities[row * head.classes + c] - Math.exp(z) / total) < 1e-5);
      });
    }
  }
});

Deno.test("more rows than a batch holds: each row's answer is its own", () => {
  const head = drawHead(1, 4, 3);
  const random = randomFor("many rows");
  const features = Float32Array.from({ length: 2500 * 4 }, () => normal(random));
  const all = computeLogits(head, features);
  for (const row of [0, 31, 32, 1023, 1024, 2499]) {
    const alone = computeLogits(head, features.slice(row * 4, row * 4 + 4));
    assert.deepEqual(alone, all.slice(row * 3, row * 3 + 3), `row ${row}`);
  }
});

Deno.test("predict takes no rows, refuses broken rows, and leaves no tensor behind", () => {
  const before = tf.memory().numTensors;
  const head = drawHead(2);
  assert.equal(predict(head, new Float32Array(0)).length, 0);
  predict(head, new Float32Array(60));
  assert.throws(() => predict(head, new Float32Array(30)), {
    name: "TypeError",
    message: /\(n, 20\).*Received: 30 values/,
  });
  assert.throws(() => predict({ ...head, kernel: new Float32Array(5) }, new Float32Array(20)), {
    name: "TypeError",
    message: /20 × 7 and 7 biases. Received: 5 and 7/,
  });
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("a saved head comes back bit for bit, and the same head gives the same bytes", async () => {
  await withFolder(async (folder) => {
    const head = drawHead(3);
    head.kernel.set([-0, 1e-45, 3.4028234663852886e38, Math.PI]);
    await saveHead(join(folder, "a.head"), head);
    await saveHead(join(folder, "deeper/b.head"), head);
    const read = await loadHead(join(folder, "a.head"));
    assert.deepEqual(read, head);
    assert.ok(Object.is(read.kernel[0], -0));
    assert.deepEqual(
      await Deno.readFile(join(folder, "a.head")),
      await Deno.readFile(join(folder, "deeper/b.head")),
    );
  });
});

Deno.test("a cut file, a longer one, one with a byte changed and one of another kind are refused", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "head");
    await saveHead(path, drawHead(4, 3, 2));
    const bytes = await Deno.readFile(path);
    const flipped = bytes.slice();
    flipped[bytes.length - 40] ^= 1;
    for (
      const wrong of [bytes.subarray(0, 20), bytes.subarray(0, -1), new Uint8Array([...bytes, 0]), flipped]
    ) {
      await Deno.writeFile(path, wrong);
      await assert.rejects(() => loadHead(path), {
        name: "SyntaxError",
        message: /head: .*cut short.*Delete it/,
      });
    }
    await saveTensors(path, { header: { format: "other" }, tensors: new Map() });
    await assert.rejects(() => loadHead(path), {
      name: "SyntaxError",
      message: /head: expected a head.*"other"/,
    });
  });
});

Deno.test("a missing file says which", async () => {
  await assert.rejects(() => loadHead("no/such.head"), { code: "ENOENT", message: /no\/such\.head/ });
});
