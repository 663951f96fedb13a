import assert from "node:assert/strict";
import { convolutions } from "../../lib/model/vgg16.ts";
import {
  imagenetDigest,
  loadWeights,
  randomWeights,
  type Vgg16Weights,
  weightsDigest,
} from "../../lib/model/weights.ts";
import { type Datasets, writeHdf5 } from "./hdf5.ts";
import { exists, realWeights } from "./images.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

const weights = randomWeights(0);
const folder = await lastingFolder("weights é ");
const sound = `${folder}/sound.h5`;
await writeHdf5(sound, layout(weights, (name) => [`${name}/${name}_W_1:0`, `${name}/${name}_b_1:0`]));
const soundBytes = await Deno.readFile(sound);

/** The tensors of all layers under the names of one of Keras' layouts. */
function layout({ layers }: Vgg16Weights, names: (layer: string, i: number) => [string, string]): Datasets {
  return Object.fromEntries(layers.flatMap(({ name, kernel, bias }, i) => {
    const [kernelName, biasName] = names(name, i);
    const shape = [3, 3, convolutions[i].inputs, convolutions[i].outputs];
    return [[kernelName, { data: kernel, shape }], [biasName, { data: bias, shape: [bias.length] }]];
  }));
}

/** Where an array's bytes begin in a file, by default the sound one. */
function offsetOf(values: Float32Array, bytes = soundBytes): number {
  const start = new Uint8Array(values.buffer, values.byteOffset, 32);
  for (let at = bytes.indexOf(start[0]); at >= 0; at = bytes.indexOf(start[0], at + 1)) {
    if (start.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  throw new Error("The tensor is not in the file");
}

async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = `${folder}/${name}`;
  await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  return path;
}

/** Every layer named, but its arrays tiny. */
function tiny(): Datasets {
  return Object.fromEntries(convolutions.flatMap(({ name }) => [
    [`${name}/kernel`, { data: new Float32Array(1), shape: [1, 1, 1, 1] }],
    [`${name}/bias`, { data: new Float32Array(1), shape: [1] }],
  ]));
}

Deno.test("the same seed gives the same weights, another seed others", () => {
  assert.equal(weights.digest, "b8e187e34d8a2dd8c2e181f16a49949a46664885fd806c6bdf3f103a0bd6653f");
  assert.equal(weightsDigest(weights.layers), weights.digest);
  assert.equal(weights.source, "random");
  assert.notEqual(randomWeights(1).digest, weights.digest);
});

Deno.test("random kernels have He's variance, 2 / fan-in, and mean 0; biases are 0", () => {
  for (const [i, { kernel, bias }] of weights.layers.entries()) {
    const variance = 2 / (9 * convolutions[i].inputs);
    const mean = kernel.reduce((sum, value) => sum + value, 0) / kernel.length;
    const square = kernel.reduce((sum, value) => sum + value * value, 0) / kernel.length;
    assert.ok(Math.abs(mean) < 5 * Math.sqrt(variance / kernel.length), `mean ${mean}`);
    // a uniform variable's square has the relative standard deviation 2/√5
    assert.ok(Math.abs(square / variance - 1) < 5 * 0.9 / Math.sqrt(kernel.length), `variance ${square}`);
    assert.ok(bias.every((value) => value === 0));
  }
});

Deno.test("file layouts of three Keras generations load alike", async () => {
  const layouts: ((name: string, i: number) => [string, string])[] = [
    (name) => [`model_weights/${name}/${name}/kernel:0`, `model_weights/${name}/${name}/bias:0`],
    (_, i) => [`layers/conv2d${i ? `_${i}` : ""}/vars/0`, `layers/conv2d${i ? `_${i}` : ""}/vars/1`],
  ];
  const first = await loadWeights(sound, { imagenetOnly: false });
  assert.equal(first.source, "other");
  assert.deepEqual(first.layers, weights.layers);
  for (const names of layouts) {
    const path = `${folder}/layout.h5`;
    await writeHdf5(path, layout(weights, names));
    assert.equal((await loadWeights(path, { imagenetOnly: false })).digest, weights.digest);
  }
});

Deno.test("a relative path starts at the working directory", async () => {
  const before = Deno.cwd();
  try {
    Deno.chdir(folder);
    assert.equal((await loadWeights("sound.h5", { imagenetOnly: false })).digest, weights.digest);
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("weights that are not ImageNet's are refused, with both digests", async () => {
  await assert.rejects(loadWeights(sound), (error: Error) => {
    assert.match(error.message, new RegExp(`expected.*${imagenetDigest}.*Received.*${weights.digest}`));
    assert.match(error.message, /26 of them differ: these are other weights.*Download Keras' file, vgg16_w/);
    return error.message.startsWith(sound);
  });
});

Deno.test("NaN is found and its layer named, even if any weights are allowed", async () => {
  const damaged = soundBytes.slice();
  const at = offsetOf(weights.layers[5].kernel) + 4 * 1000;
  new DataView(damaged.buffer).setFloat32(at, NaN, true);
  await assert.rejects(loadWeights(await file("nan.h5", damaged), { imagenetOnly: false }), {
    message: /block3_conv2's kernel .*Received: NaN at index 1000/,
  });
});

Deno.test("the error for a truncated file gives expected and received size", async () => {
  for (const length of [100, 4096, 30_000_000, soundBytes.length - 1]) {
    const message = new RegExp(`cut off: expected ${soundBytes.length} bytes. Received: ${length} bytes`);
    await assert.rejects(loadWeights(await file("cut.h5", soundBytes.subarray(0, length))), message);
  }
});

Deno.test("a missing file, a folder, an empty file and a web page are told apart", async () => {
  const cases: [string, RegExp][] = [
    [`${folder}/none.h5`, /none\.h5: .*cannot be opened.*[Nn]o such/],
    [folder, /is a folder|directory/],
    [await file("empty.h5", ""), /HDF5.*Received: 0 bytes/],
    [await file("page.h5", "<!doctype html><title>404</title>"), /HDF5.*beginning with "<!doctype html>/],
  ];
  for (const [path, message] of cases) await assert.rejects(loadWeights(path), message);
});

Deno.test({
  name: "a symbolic link loop is named, with the reason and what to do",
  ignore: Deno.build.os === "windows", // makes no links without a special right
  fn: async () => {
    const [loop, other] = [`${folder}/loop.h5`, `${folder}/loop_2.h5`];
    await Deno.symlink(other, loop);
    await Deno.symlink(loop, other);
    await assert.rejects(loadWeights(loop), (error: Error) => {
      assert.match(error.message, /cannot be opened\. Received: .*symbolic links.*Check the path/);
      return error.message.startsWith(loop);
    });
  },
});

Deno.test("a file with damaged content is refused, not misread", async () => {
  const damaged = soundBytes.slice();
  damaged.fill(0xa5, 96, 2000); // the root group's headers
  await assert.rejects(loadWeights(await file("inside.h5", damaged)), {
    message: /inside\.h5: .* cannot be read. Received: [^\n]+\. The file was damaged/,
  });
  assert.equal((await loadWeights(sound, { imagenetOnly: false })).digest, weights.digest); // and the library recovers
});

Deno.test("another network is refused; missing or extra layers or a wrong tensor shape or type are named", async () => {
  const path = `${folder}/other.h5`;
  const one = { data: new Float32Array(1), shape: [1, 1, 1, 1] };
  const double = { data: new Float64Array(3 * 3 * 3 * 64), shape: [3, 3, 3, 64] };
  const { "block4_conv2/kernel": _1, "block4_conv2/bias": _2, ...lacking } = tiny();
  const cases: [Datasets, RegExp][] = [
    [{ "conv1/kernel": one, "fc/kernel": one }, /no block1_conv1, .*holds conv1, fc/],
    [lacking, /Received: no block4_conv2;/],
    [{ ...tiny(), "block3_conv4/kernel": one }, /Received: block3_conv4 as well/], // VGG19
    [
      tiny(),
      /block1_conv1 should have a kernel of shape \(3, 3, 3, 64\), float32. Received: .*\(1, 1, 1, 1\)/,
    ],
    [{ ...tiny(), "block1_conv1/kernel": double }, /float32. Received: .*float64/],
  ];
  for (const [datasets, message] of cases) {
    await writeHdf5(path, datasets);
    await assert.rejects(loadWeights(path), message);
  }
});

Deno.test({
  name: "one bit changed in the real file: the error names the tensor and both digests, nothing is loaded",
  ignore: !exists(realWeights),
  fn: async () => {
    const { layers, source } = await loadWeights(realWeights);
    assert.equal(source, "imagenet");
    const real = await Deno.readFile(realWeights);
    const tensors = { "block3_conv2's kernel": layers[5].kernel, "block5_conv3's bias": layers[12].bias };
    for (const [name, values] of Object.entries(tensors)) {
      const damaged = real.slice();
      damaged[offsetOf(values, real) + 4 * 17] ^= 1; // the lowest bit of value 17
      await assert.rejects(loadWeights(await file("real.h5", damaged)), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`expected.*${imagenetDigest}.*Received: tensor digest [0-9a-f]{64}`),
        );
        assert.ok(error.message.includes(`but ${name} differs; the other 25 are right.`), error.message);
        return /damaged: download it again$/.test(error.message);
      });
    }
  },
});
