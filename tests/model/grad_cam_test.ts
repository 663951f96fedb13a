import assert from "node:assert/strict";
import { gradCam, withHeat } from "../../lib/model/grad_cam.ts";
import { engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { noiseImages } from "./images.ts";
import { seededModel } from "./seeded_model.ts";

await startEngine();
const ignore = engine.name === "wasm";
const size = 64;
const image = Uint8Array.from(noiseImages(1, size));
const model = seededModel({ size, scaling: "divide255" });
const network = { ...model, head: { ...model.head, classes: 7 } };

/** The network with the softmax's kernel changed: gets a value with its position of block5_pool, channel and class. */
function withKernel(
  change: (value: number, place: { position: number; channel: number; label: number }) => number,
) {
  const kernel = model.head.kernel.map((value, i) =>
    change(value, {
      position: Math.floor(i / 7 / 512),
      channel: Math.floor(i / 7) % 512,
      label: i % 7,
    })
  );
  return { ...network, head: { ...network.head, kernel } };
}

Deno.test({
  name: "heat is 0 to 1 over the image, differs for each class, and leaves no tensor behind",
  ignore,
  async fn() {
    const before = tf.memory().numTensors;
    const heats = await Promise.all(Array.from({ length: 7 }, (_, label) => gradCam(network, image, label)));
    assert.equal(tf.memory().numTensors, before);
    for (const heat of heats) {
      assert.equal(heat.length, size * size);
      assert.ok(heat.every((value) => value >= 0 && value <= 1 + 1e-6));
    }
    assert.ok(heats.some((heat) => Math.max(...heat) > 0.5));
    assert.equal(new Set(heats.map((heat) => heat.join())).size, 7);
  },
});

Deno.test({
  name: "scaling the softmax weights does not change heat; zero weights give none; signs decide what is hot",
  ignore,
  async fn() {
    const heat = await gradCam(network, image, 2);
    (await gradCam(withKernel((value) => 5 * value), image, 2)).forEach((value, i) =>
      assert.ok(Math.abs(value - heat[i]) < 1e-4)
    );
    const without = withKernel((value, { label }) => (label === 2 ? 0 : value));
    assert.ok((await gradCam(without, image, 2)).every((value) => value === 0));
    // One channel speaks for class 0 and against class 1: what it shows is hot for the one, and nothing is for the other
    const one = withKernel((
      _,
      { channel, label },
    ) => (channel === 7 && label < 2 ? (label === 0 ? 1 : -1) : 0));
    const [own, other] = await Promise.all([0, 1].map((label) => gradCam(one, image, label)));
    assert.ok(other.every((value) => value === 0));
    assert.ok(Math.max(...own) > 0.5);
    // Positions of the kernel count alike: Grad-CAM takes the mean over them
    const first = withKernel((
      _,
      { position, channel, label },
    ) => (position === 0 && channel === 7 && label === 0 ? 4 : 0));
    (await gradCam(first, image, 0)).forEach((value, i) => assert.ok(Math.abs(value - own[i]) < 1e-4));
  },
});

Deno.test("heat is laid over an image in red; without heat the image stays as it is", () => {
  const pixels = Uint8Array.of(10, 20, 30, 40, 50, 60);
  assert.deepEqual(withHeat(pixels, Float32Array.of(0, 0)), pixels);
  const [red, green, blue] = withHeat(pixels, Float32Array.of(1, 0));
  assert.ok(red > 150 && green < 40 && blue < 40);
});
