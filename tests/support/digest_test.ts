import assert from "node:assert/strict";
import { digestOf, sha256 } from "../../lib/support/digest.ts";

Deno.test("SHA-256 of known texts", () => {
  assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(sha256("a", new TextEncoder().encode("bc")), sha256("abc"));
});

Deno.test("digestOf ignores the order of keys, but depends on every value and the order of lists", () => {
  assert.equal(digestOf({ a: 1, b: { c: 2, d: 3 } }), digestOf({ b: { d: 3, c: 2 }, a: 1 }));
  const different = [{ a: 1 }, { a: 2 }, { a: "1" }, { b: 1 }, { a: [1, 2] }, { a: [2, 1] }, { a: null }];
  assert.equal(new Set(different.map(digestOf)).size, different.length);
});
