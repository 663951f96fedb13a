import assert from "node:assert/strict";
import { randomFor } from "../../../lib/support/random.ts";
import { tf } from "../../../lib/support/engine/engine.ts";
import { makeTensorReader } from "../../../lib/support/engine/tensor_reader.ts";
import { makeMemory } from "../../../lib/support/webassembly/module.ts";

/** Normal numbers of all sizes, and those that are like no other. */
function draw(length: number, ...seed: (string | number)[]): Float32Array {
  const random = randomFor("tensor_reader", ...seed);
  const special = [0, -0, NaN, Infinity, -Infinity, 1e-45, -3.4e38];
  return Float32Array.from(
    { length },
    (_, i) => i % 1000 < special.length ? special[i % 1000] : (random() - 0.5) * 10 ** (60 * random() - 30),
  );
}

const bits = (values: Float32Array) => new Uint32Array(values.slice().buffer);

for (
  const [what, length, start] of [
    ["where TensorFlow can write", 300_000, 64],
    ["at an address that TensorFlow cannot write to", 300_000, 4],
    ["too small to be worth it", 7, 64],
  ] as const
) {
  Deno.test(`an array ${what} gets every tensor's bits, and what is beside it stays`, () => {
    const before = tf.memory().numTensors;
    const memory = makeMemory(start + 4 * length + 64);
    const all = new Float32Array(memory.buffer).fill(5);
    const array = new Float32Array(memory.buffer, start, length);
    {
      using reader = makeTensorReader(array);
      for (const step of [1, 2, 3]) {
        const values = draw(length, what, step);
        const tensor = tf.tensor(values.slice(), [length, 1]);
        const computed = tf.tidy(() => tf.concat([tensor, tensor]).slice([length, 0], [length, 1]));
        assert.equal(reader.read(computed), array);
        assert.deepEqual(bits(array), bits(values));
        array.fill(9); // the reader's alone: the tensor keeps its own
        assert.deepEqual(bits(computed.dataSync<"float32">()), bits(values));
        tf.dispose([tensor, computed]);
      }
    }
    const around = [...all.subarray(0, start / 4), ...all.subarray(start / 4 + length)];
    assert.ok(around.length > 0 && around.every((value) => value === 5));
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("without an array every answer is a new one", () => {
  using reader = makeTensorReader();
  const tensor = tf.tidy(() => tf.tensor1d([1, 2, 3]).square());
  const [first, second] = [reader.read(tensor), reader.read(tensor)];
  first[0] = 7;
  assert.deepEqual([...second], [1, 4, 9]);
  tensor.dispose();
});
