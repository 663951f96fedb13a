import assert from "node:assert/strict";
import { caseNames, readFlags } from "./flags.ts";

Deno.test("without flags all is measured; lists take names in any order", () => {
  const { cases, depths, images, data, quick } = readFlags([]);
  assert.deepEqual(cases, [...caseNames]);
  assert.equal(depths.length, 6);
  assert.deepEqual([images, data, quick], [256, null, false]);
  assert.deepEqual(readFlags(["--depths", "block1, head"]).depths, ["block1", "head"]);
});

Deno.test("a flag that cannot be is told, with what came", () => {
  for (
    const [args, message] of [
      [["--cases", "speed"], /--cases takes names out of decode, .*comparison\. Received: speed/],
      [["--depths", "block6"], /--depths .*Received: block6/],
      [["--training-images", "100"], /--training-images is a multiple of 32\. Received: 100/],
      [["--rounds", "0"], /--rounds is a whole number of at least 1\. Received: 0/],
      [["--quick", "--data", "x"], /--quick needs --data, --weights and the case features/],
    ] as const
  ) {
    assert.throws(() => readFlags(args), message);
  }
});
