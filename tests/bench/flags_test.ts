import assert from "node:assert/strict";
import { caseNames, readFlags } from "./flags.ts";

Deno.test("without flags all cases but whole-run are measured; lists take names in any order", () => {
  const { cases, depths, images, data } = readFlags([]);
  assert.deepEqual(cases, caseNames.filter((name) => name !== "whole-run"), "it needs photos and weights");
  assert.deepEqual(readFlags(["--data", "x", "--weights", "y"]).cases, [...caseNames]);
  assert.equal(depths.length, 6);
  assert.deepEqual([images, data], [256, null]);
  assert.deepEqual(readFlags(["--depths", "block1, head"]).depths, ["block1", "head"]);
});

Deno.test("the short form has few images and one round, unless a flag says otherwise", () => {
  const { cases, images, rounds } = readFlags(["--short", "--images", "64"]);
  assert.deepEqual([cases.includes("growth"), cases.includes("comparison")], [true, false]);
  assert.deepEqual([images, rounds], [64, 1]);
});

Deno.test("an invalid flag is reported, with the value received", () => {
  for (
    const [args, message] of [
      [["--cases", "speed"], /--cases takes names out of decode, .*whole-run\. Received: speed/],
      [["--depths", "block6"], /--depths .*Received: block6/],
      [["--training-images", "100"], /--training-images is a multiple of 32\. Received: 100/],
      [["--rounds", "0"], /--rounds is a whole number of at least 1\. Received: 0/],
      [["--cases", "whole-run", "--data", "x"], /whole-run needs --data and --weights/],
      [["--precisions", "float16"], /--precisions .*Received: float16/],
    ] as const
  ) {
    assert.throws(() => readFlags(args), message);
  }
});
