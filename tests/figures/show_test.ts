import assert from "node:assert/strict";
import { check, markdown, show } from "../../lib/figures/show.ts";

Deno.test("a cell goes on only after its output thread has had turns, even if the process stalls at times", async () => {
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

Deno.test("a false statement stops its cell", async () => {
  await assert.rejects(check("1 is 2", false), { message: "✗ This does not hold: 1 is 2" });
});
