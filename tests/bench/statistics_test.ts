import assert from "node:assert/strict";
import { startPeer } from "./peer.ts";
import { alignedTable, median, speedRatio } from "./statistics.ts";

Deno.test("the median is the middle value, in any input order", () => {
  assert.equal(median([3]), 3);
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 100, 2]), 3);
  assert.throws(() => median([]), RangeError);
});

Deno.test("a ratio compares round by round, so that one slow round does not change it", () => {
  assert.equal(speedRatio([1, 10, 1], [2, 20, 2]), 2);
  assert.equal(speedRatio([1, 1, 10], [2, 2, 2]), 2);
  assert.throws(() => speedRatio([1], [1, 2]), { message: /Received: 1 and 2/ });
});

Deno.test("table columns are aligned", () => {
  assert.equal(
    alignedTable([["who", "s"], ["Keras", "10"], ["we", "5"]]),
    "who     s\\n---------\\nKeras  10\\nwe      5".replaceAll("\\n", "\n"),
  );
});

Deno.test("a peer that crashes is named, with its output", async () => {
  const args = ["eval", "console.error('no such library'); Deno.exit(3)"];
  await assert.rejects(startPeer({ name: "Broken", command: Deno.execPath(), args }), {
    message: /Broken: .*exit code 3.*\n.*no such library/,
  });
});

Deno.test("a peer answers line by line, other output is ignored, and it ends when its input ends", async () => {
  const program = `
    console.log("chatter");
    console.log("BENCH " + JSON.stringify({ version: "x 1", note: "" }));
    for await (const part of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
      console.log("noise\\nBENCH " + JSON.stringify({ seconds: part.trim() === "go" ? 2 : 0 }));
    }`;
  const peer = await startPeer({ name: "Echo", command: Deno.execPath(), args: ["eval", program] });
  assert.equal(peer.introduction.version, "x 1");
  assert.equal(await peer.go(), 2);
  assert.equal(await peer.go(), 2);
  await peer[Symbol.asyncDispose]();
});
