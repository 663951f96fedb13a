import assert from "node:assert/strict";
import { check, markdown, show } from "../../lib/figures/show.ts";

Deno.test("a cell goes on only after its output thread has had turns, even if the process stalls at times", async () => {
  let [stalls, end] = [0, 0];
  const stall = () => {
    for (end = performance.now() + 60; performance.now() < end;);
    if (++stalls === 15) clearInterval(stalling);
  };
  let stalling: ReturnType<typeof setInterval> | undefined;
  // deno-lint-ignore require-await
  await show(markdown("text"), { broadcast: async () => void (stalling = setInterval(stall, 0)) });
  assert.equal(stalls, 15);
  const turns = performance.now() - end;
  assert.ok(turns >= 45, `Expected at least ten turns of 5 ms after the last stall. Received: ${turns} ms`);
});

Deno.test("a system whose timers are coarse does not hold up a cell", async () => {
  let stalls = 0;
  const stall = () => {
    stalls++;
    for (const end = performance.now() + 12; performance.now() < end;);
  };
  let stalling: ReturnType<typeof setInterval> | undefined;
  // deno-lint-ignore require-await
  await show(markdown("text"), { broadcast: async () => void (stalling = setInterval(stall, 0)) });
  clearInterval(stalling);
  assert.ok(stalls < 100, `Expected an end after ten turns. Received: ${stalls} stalls`);
});

Deno.test("a false statement stops its cell", async () => {
  await assert.rejects(check("1 is 2", false), { message: "✗ This does not hold: 1 is 2" });
});
