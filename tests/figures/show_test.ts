import assert from "node:assert/strict";
import { check, markdown, show } from "../../lib/figures/show.ts";

Deno.test("a cell goes on only after turns for the thread that sends its output, also in a process that stands still at times", async () => {
  let turns = 0;
  const standStill = () => {
    turns++;
    for (const end = performance.now() + 60; performance.now() < end;);
  };
  let stops: ReturnType<typeof setInterval> | undefined;
  // deno-lint-ignore require-await
  await show(markdown("text"), { broadcast: async () => void (stops = setInterval(standStill, 0)) });
  clearInterval(stops);
  assert.ok(turns >= 5, `Expected at least 5 turns. Received: ${turns}`);
});

Deno.test("a statement that does not hold stops its cell", async () => {
  await assert.rejects(check("1 is 2", false), { message: "✗ This does not hold: 1 is 2" });
});
