import assert from "node:assert/strict";
import type { Message } from "../../../lib/support/notebook/kernel.ts";
import { BoundedText, collectOutputs } from "../../../lib/support/notebook/outputs.ts";
import { randomFor } from "../../../lib/support/random.ts";

const message = (type: string, content: Record<string, unknown>): Message => ({
  type,
  content,
  bytes: 0,
});
const print = (text: string, name = "stdout") => message("stream", { name, text });
const show = (size: number) =>
  message("display_data", { data: { "text/html": "x".repeat(size) }, metadata: {}, transient: {} });

Deno.test("text up to the limit is kept whole; longer text keeps its start and end, half the limit each, in any pieces", () => {
  for (let seed = 0; seed < 100; seed++) {
    const random = randomFor("outputs_test", seed);
    const limit = 20 + Math.floor(random() * 3000);
    const whole = Array.from(
      { length: Math.floor(random() * 9000) },
      (_, i) => String.fromCharCode(97 + i % 26),
    ).join("");
    const text = new BoundedText(limit);
    for (let start = 0; start < whole.length;) {
      const end = start + 1 + Math.floor(random() * (seed % 3 === 0 ? 5000 : 40));
      text.add(whole.slice(start, end));
      start = end;
    }
    const half = Math.floor(limit / 2);
    const leftOut = whole.length - 2 * half;
    const expected = leftOut <= 0
      ? whole
      : `${whole.slice(0, half)}\n[… ${leftOut.toLocaleString("en")} characters left out …]\n${
        whole.slice(-half)
      }`;
    assert.equal(text.toString(), expected);
  }
});

Deno.test("displays beyond the limit of a cell are left out with a note; the next cell begins anew", () => {
  const collector = collectOutputs({ displays: 1000 });
  collector.startCell(1);
  for (const size of [400, 400, 400]) collector.add(show(size));
  collector.add(print("text"));
  assert.deepEqual(collector.outputs().map(({ output_type }) => output_type), [
    "display_data",
    "display_data",
    "stream",
    "stream",
  ]);
  assert.match((collector.outputs()[2] as { text: string }).text, /^\[An output of 416 characters left out/);
  collector.startCell(2);
  collector.add(show(400));
  assert.deepEqual(collector.outputs().length, 1);
});

Deno.test("a picture cleared for the next one, at once or later, does not count towards the limit", () => {
  for (const wait of [false, true]) {
    const collector = collectOutputs({ displays: 1000 });
    collector.startCell(1);
    for (let i = 0; i < 20; i++) {
      collector.add(message("clear_output", { wait }));
      collector.add(show(400 + i));
    }
    const [last, ...others] = collector.outputs();
    assert.equal(others.length, 0);
    assert.deepEqual((last as { data: unknown }).data, { "text/html": "x".repeat(419) });
  }
});

Deno.test("a cell that alternates between two streams a million times gives only a thousand outputs", () => {
  const collector = collectOutputs({ text: 100_000 });
  collector.startCell(1);
  for (let i = 0; i < 1e6; i++) collector.add(print(`${i}\n`, i % 2 ? "stderr" : "stdout"));
  const outputs = collector.outputs() as { text: string }[];
  assert.equal(outputs.length, 1000);
  assert.ok(outputs.some(({ text }) => text.endsWith("999999\n")));
  assert.ok(outputs.reduce((sum, { text }) => sum + text.length, 0) < 300_000);
});

Deno.test("outputs that were handed out do not change when more text arrives", () => {
  const collector = collectOutputs();
  collector.startCell(1);
  collector.add(print("a"));
  const before = collector.outputs();
  collector.add(print("b"));
  assert.deepEqual(before, [{ output_type: "stream", name: "stdout", text: "a" }]);
  assert.deepEqual(collector.outputs(), [{ output_type: "stream", name: "stdout", text: "ab" }]);
});
