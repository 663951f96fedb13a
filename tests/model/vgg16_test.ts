import assert from "node:assert/strict";
import {
  convolutions,
  frozenLayers,
  inputLength,
  inputShape,
  layers,
  outputShapes,
  parameterCount,
  trainedLayers,
} from "../../lib/model/vgg16.ts";
import { type Depth, depths } from "../../lib/recipe.ts";

Deno.test("VGG16 without top has 14,714,688 parameters in 13 convolutions and 18 layers", () => {
  assert.equal(parameterCount(), 14_714_688);
  assert.equal(convolutions.length, 13);
  assert.equal(layers.length, 18);
});

Deno.test("layer names, shapes at 64×64 and parameter counts match Keras' summary", () => {
  const summary = `
    block1_conv1 64,64,64 1792
    block1_conv2 64,64,64 36928
    block1_pool 32,32,64 0
    block2_conv1 32,32,128 73856
    block2_conv2 32,32,128 147584
    block2_pool 16,16,128 0
    block3_conv1 16,16,256 295168
    block3_conv2 16,16,256 590080
    block3_conv3 16,16,256 590080
    block3_pool 8,8,256 0
    block4_conv1 8,8,512 1180160
    block4_conv2 8,8,512 2359808
    block4_conv3 8,8,512 2359808
    block4_pool 4,4,512 0
    block5_conv1 4,4,512 2359808
    block5_conv2 4,4,512 2359808
    block5_conv3 4,4,512 2359808
    block5_pool 2,2,512 0`;
  const ours = outputShapes(64).map(({ name, shape }, i) =>
    `${name} ${shape} ${parameterCount([layers[i]])}`
  );
  assert.deepEqual(ours, summary.trim().split("\n").map((line) => line.trim()));
});

Deno.test("pools drop an odd last row, as Keras' do", () => {
  assert.deepEqual(outputShapes(75).at(-1)!.shape, [2, 2, 512]);
  assert.deepEqual(outputShapes(224).at(-1)!.shape, [7, 7, 512]);
});

Deno.test("rectangles keep height and width separate, also odd sizes", () => {
  const shapes = new Map(outputShapes([150, 200]).map(({ name, shape }) => [name, String(shape)]));
  const pools = [1, 2, 3, 4, 5].map((block) => shapes.get(`block${block}_pool`));
  assert.deepEqual(pools, ["75,100,64", "37,50,128", "18,25,256", "9,12,512", "4,6,512"]);
  assert.equal(inputLength("head", [150, 200]), 12_288);
  assert.deepEqual(inputShape("block1", [150, 200]), [150, 200, 3]);
  assert.deepEqual(inputShape("block3", [75, 96]), [18, 24, 128]);
});

Deno.test("trained layers read the last frozen layer's output; frozen and trained layers are the whole network", () => {
  const expected: Record<Depth, [string, string]> = {
    head: ["block5_pool", "2,2,512"],
    block5: ["block4_pool", "4,4,512"],
    block4: ["block3_pool", "8,8,256"],
    block3: ["block2_pool", "16,16,128"],
    block2: ["block1_pool", "32,32,64"],
    block1: ["the images", "64,64,3"],
  };
  for (const depth of depths) {
    const last = frozenLayers(depth).at(-1)?.name ?? "the images";
    assert.deepEqual([last, String(inputShape(depth, 64))], expected[depth]);
    assert.equal(trainedLayers(depth)[0]?.name, depth === "head" ? undefined : `${depth}_conv1`);
    assert.deepEqual([...frozenLayers(depth), ...trainedLayers(depth)], layers);
  }
});

Deno.test("an invalid depth or size is refused, with the value received", () => {
  assert.throws(() => frozenLayers("block6" as Depth), { name: "RangeError", message: /Received: block6/ });
  for (const size of [31, 0, -64, 64.5, NaN, [31, 64] as const]) {
    assert.throws(() => outputShapes(size), { name: "RangeError", message: new RegExp(`Received: ${size}`) });
  }
});
