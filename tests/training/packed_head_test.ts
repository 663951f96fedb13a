import assert from "node:assert/strict";
import { normal, randomFor } from "../../lib/random.ts";
import { packHead, transpose, unpackHead } from "../../lib/training/packed_head.ts";

Deno.test("a class's row holds its kernel column, then its bias", () => {
  const head = {
    kernel: new Float32Array([1, 2, 3, 4, 5, 6]),
    bias: new Float32Array([7, 8]),
    inputs: 3,
    classes: 2,
  };
  assert.deepEqual([...packHead(head, head)], [1, 3, 5, 7, 2, 4, 6, 8]);
});

Deno.test("unpacking gives back what was packed, for many sizes", () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = randomFor("packed", seed);
    const inputs = 1 + Math.floor(random() * 9);
    const classes = 1 + Math.floor(random() * 9);
    const draw = (length: number) => Float32Array.from({ length }, () => normal(random));
    const head = { kernel: draw(inputs * classes), bias: draw(classes), inputs, classes };
    assert.deepEqual(unpackHead(packHead(head, head), head), head);
    assert.deepEqual(transpose(transpose(head.kernel, inputs, classes), classes, inputs), head.kernel);
  }
});

Deno.test("a head of other sizes is refused", () => {
  const head = { kernel: new Float32Array(6), bias: new Float32Array(2), inputs: 3, classes: 2 };
  assert.throws(() => packHead(head, { inputs: 4, classes: 2 }), {
    name: "TypeError",
    message: /4 × 2 and 2 biases. Received: 6 and 2 values/,
  });
});
