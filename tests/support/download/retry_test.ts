import assert from "node:assert/strict";
import { persist, retryAfter } from "../../../lib/support/download/retry.ts";

const giveUp = (reason: string) => new Error(`gave up: ${reason}`);

Deno.test("Retry-After is read as seconds and as a date", () => {
  const now = Date.parse("Tue, 24 Nov 2026 12:00:00 GMT");
  assert.equal(retryAfter("17", now), 17);
  assert.equal(retryAfter("0", now), 0);
  assert.equal(retryAfter("Tue, 24 Nov 2026 12:00:30 GMT", now), 30);
  assert.equal(retryAfter("Tue, 24 Nov 2026 11:00:00 GMT", now), 0);
  for (const none of [null, "", "soon", "-5x"]) assert.equal(retryAfter(none, now), undefined, String(none));
});

Deno.test("there is one attempt more than waits", async () => {
  for (const count of [0, 1, 3]) {
    let attempts = 0;
    const attempt = () => Promise.resolve({ passing: `fault ${++attempts}` });
    const waits = Array<number>(count).fill(0);
    await assert.rejects(persist(attempt, { waits, giveUp }), { message: `gave up: fault ${count + 1}` });
    assert.equal(attempts, count + 1);
  }
});

Deno.test("progress begins the waits anew", async () => {
  let attempts = 0;
  const attempt = () =>
    Promise.resolve(++attempts < 20 ? { passing: "cut", progress: true } : { value: attempts });
  assert.equal(await persist(attempt, { waits: [0], giveUp }), 20);
});

Deno.test("an error ends it at once", async () => {
  let attempts = 0;
  const attempt = () => {
    attempts++;
    return Promise.reject(new Error("refused"));
  };
  await assert.rejects(persist(attempt, { waits: [0, 0], giveUp }), { message: "refused" });
  assert.equal(attempts, 1);
});

Deno.test("an abort ends a wait", async () => {
  const stop = new AbortController();
  const attempt = () => Promise.resolve({ passing: "busy", wait: 60 });
  const result = persist(attempt, {
    giveUp,
    signal: stop.signal,
    onNotice: () => stop.abort(new Error("stopped")),
  });
  await assert.rejects(result, { message: "stopped" });
});
