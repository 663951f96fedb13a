import assert from "node:assert/strict";
import type { Tensor4D } from "@tensorflow/tfjs";
import { normal, randomFor } from "../../lib/support/random.ts";
import { engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { makeWinograd, winogradFits } from "../../lib/model/winograd.ts";

await startEngine();

const ignore = engine.name === "wasm"; // never used there: see forward.ts
/** What an error of either kind of tiles stays below on noise, as a share of the largest value, and the same with 512 channels. */
const bounds = { fine: { error: 5e-6, wide: 1e-5 }, coarse: { error: 1e-4, wide: 3e-4 } };
const kinds = ["fine", "coarse"] as const;

function draw(length: number, ...seed: (string | number)[]): Float32Array {
  const random = randomFor("winograd", ...seed);
  return Float32Array.from({ length }, () => normal(random));
}

/** 3×3 convolution with zero padding by its definition, in double precision. */
function convolve(x: Float32Array, kernel: Float32Array, shape: number[], outputs: number): Float64Array {
  const [n, side, , inputs] = shape;
  const result = new Float64Array(n * side * side * outputs);
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const to = ((image * side + row) * side + column) * outputs;
        for (let tap = 0; tap < 9; tap++) {
          const [y, z] = [row + Math.floor(tap / 3) - 1, column + tap % 3 - 1];
          if (y < 0 || z < 0 || y >= side || z >= side) continue;
          for (let i = 0; i < inputs; i++) {
            const value = x[((image * side + y) * side + z) * inputs + i];
            for (let o = 0; o < outputs; o++) {
              result[to + o] += value * kernel[(tap * inputs + i) * outputs + o];
            }
          }
        }
      }
    }
  }
  return result;
}

Deno.test({
  name: "the result is the convolution by definition at every side, borders included",
  ignore,
  fn: () => {
    for (const side of [4, 8, 12, 16, 20, 24, 32]) {
      const [n, inputs, outputs] = [3, 5, 7];
      const shape: [number, number, number, number] = [n, side, side, inputs];
      const x = draw(n * side * side * inputs, "x", side);
      const kernel = draw(9 * inputs * outputs, "kernel", side);
      const expected = convolve(x, kernel, shape, outputs);
      const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      for (const tiles of kinds) {
        const winograd = makeWinograd(side, { tiles });
        const received = tf.tidy(() => {
          const turned = tf.tensor4d(x, shape).transpose<Tensor4D>([1, 2, 0, 3]);
          return winograd.convolve(turned, winograd.filter(tf.tensor4d(kernel, [3, 3, inputs, outputs])))
            .transpose([2, 0, 1, 3])
            .dataSync<"float32">();
        });
        winograd[Symbol.dispose]();
        const error = received.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i])), 0);
        assert.ok(error < bounds[tiles].error * largest, `side ${side}, ${tiles}: error ${error / largest}`);
      }
    }
  },
});

Deno.test({
  name: "with VGG16's 512 channels, errors stay below 1e-5 (fine tiles) and 3e-4 (coarse tiles)",
  ignore,
  fn: () => {
    const [n, side, channels] = [2, 16, 512];
    const x = draw(n * side * side * channels, "wide").map((value) => Math.max(0, value));
    const kernel = draw(9 * channels * channels, "wide kernel");
    const errors = kinds.map((tiles) => {
      const winograd = makeWinograd(side, { tiles });
      const error = tf.tidy(() => {
        const images = tf.tensor4d(x, [n, side, side, channels]);
        const taps = tf.tensor4d(kernel, [3, 3, channels, channels]);
        const direct = tf.conv2d(images, taps, 1, "same");
        const ours = winograd.convolve(images.transpose([1, 2, 0, 3]), winograd.filter(taps));
        return ours.transpose([2, 0, 1, 3]).sub(direct).abs().max().div(direct.abs().max()).dataSync()[0];
      });
      winograd[Symbol.dispose]();
      assert.ok(error > 0 && error < bounds[tiles].wide, `${tiles}: error ${error}`);
      return error;
    });
    assert.ok(errors[0] < errors[1], `fine tiles are finer: ${errors}`);
  },
});

Deno.test({
  name: "an all-ones kernel on ones counts the neighbours: 9 inside, 6 at an edge, 4 in a corner",
  ignore,
  fn: () => {
    for (const tiles of kinds) {
      const winograd = makeWinograd(8, { tiles });
      const counts = tf.tidy(() => {
        const filter = winograd.filter(tf.ones([3, 3, 1, 1]));
        return winograd.convolve(tf.ones([8, 8, 1, 1]), filter).round().dataSync();
      });
      winograd[Symbol.dispose]();
      const edge = (i: number) => (i === 0 || i === 7 ? 2 : 3);
      counts.forEach((count, i) => assert.equal(count, edge(Math.floor(i / 8)) * edge(i % 8)));
    }
  },
});

Deno.test({
  name: "gradients for images and kernel match those of the direct convolution",
  ignore,
  fn: () => {
    for (const side of [4, 8, 16, 32]) {
      const [n, inputs, outputs] = [3, 6, 5];
      const x = tf.tensor4d(draw(n * side * side * inputs, "x", side), [n, side, side, inputs]);
      const kernel = tf.tensor4d(draw(9 * inputs * outputs, "kernel", side), [3, 3, inputs, outputs]);
      const gradient = tf.tensor4d(draw(n * side * side * outputs, "dy", side), [n, side, side, outputs]);
      const direct = (x: Tensor4D, kernel: Tensor4D) => tf.conv2d(x, kernel, 1, "same");
      const expected = tf.grads(direct as never)([x, kernel], gradient);
      for (const tiles of kinds) {
        const winograd = makeWinograd(side, { tiles });
        const ours = (x: Tensor4D, kernel: Tensor4D) =>
          winograd.convolve(x.transpose([1, 2, 0, 3]), winograd.filter(kernel)).transpose<Tensor4D>([
            2,
            0,
            1,
            3,
          ]);
        const received = tf.grads(ours as never)([x, kernel], gradient);
        expected.forEach((values, index) => {
          const error = received[index].sub(values).abs().max().div(values.abs().max()).dataSync()[0];
          assert.ok(
            error < 2 * bounds[tiles].error,
            `side ${side}, ${tiles}, gradient ${index}: ${error}`,
          );
        });
        winograd[Symbol.dispose]();
      }
    }
  },
});

Deno.test({
  name: "no tensors stay on the engine",
  ignore,
  fn: () => {
    const before = tf.memory().numTensors;
    for (const [side, tiles] of [[4, "fine"], [16, "fine"], [16, "coarse"], [32, "coarse"]] as const) {
      const winograd = makeWinograd(side, { tiles });
      const filter = tf.tidy(() => winograd.filter(tf.zeros([3, 3, 2, 2])));
      tf.tidy(() => {
        winograd.convolve(tf.ones([side, side, 1, 2]), filter);
      });
      filter.dispose();
      winograd[Symbol.dispose]();
    }
    assert.equal(tf.memory().numTensors, before);
  },
});

Deno.test("a side must be a multiple of 4, at most 32", () => {
  for (const side of [2, 6, 30, 36, 64]) {
    assert.equal(winogradFits(side), false);
    assert.throws(() => makeWinograd(side, { tiles: "fine" }), {
      name: "RangeError",
      message: new RegExp(`Received: ${side}`),
    });
  }
});
