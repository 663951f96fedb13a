import assert from "node:assert/strict";
import { progressLine } from "../../../lib/support/notebook/progress.ts";
import {
  durationText,
  percentDone,
  progressText,
  rateText,
} from "../../../lib/support/notebook/progress_text.ts";

interface Sent {
  type: string;
  text: string;
  done: number;
  id: string;
}

/** A kernel's broadcast that notes what it is sent, and takes its time. */
function fakeKernel(milliseconds = 0) {
  const sent: Sent[] = [];
  let sending = 0;
  const broadcast = async (type: string, content: Record<string, unknown>) => {
    assert.equal(++sending, 1, "one message at a time: others could overtake it");
    const { data, metadata, transient } = content as {
      data: Record<string, string>;
      metadata: { ham10000: { progress: { done: number } } };
      transient: { display_id: string };
    };
    const { done } = metadata.ham10000.progress;
    if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
    sent.push({ type, text: data["text/plain"], done, id: transient.display_id });
    sending--;
  };
  return { sent, broadcast };
}

Deno.test("a rate is told where it is known, and turned round where an item takes longer than a second", () => {
  const state = { stage: "Images", done: 1, total: 9, secondsLeft: 8 };
  assert.equal(progressText({ ...state, perSecond: 3.21 }), "Images  11 %  1 of 9  3.2 a second  8 s left");
  assert.equal(progressText({ ...state, done: 9, perSecond: 3 }), "Images  100 %  9 of 9");
  assert.equal(progressText({ ...state, perSecond: null }), "Images  11 %  1 of 9  8 s left");
  assert.deepEqual([0.4, 0.94, 1, 9.94, 54.4, 1204.4].map(rateText), [
    "2.5 s each",
    "1.1 s each",
    "1.0 a second",
    "9.9 a second",
    "54 a second",
    "1,204 a second",
  ]);
});

Deno.test("progress in words has stage, share, counts and the time left", () => {
  const at = (done: number, secondsLeft: number | null) =>
    progressText({ stage: "Activations", done, total: 20_530, secondsLeft });
  assert.equal(at(9240, 130), "Activations  45 %  9,240 of 20,530  2 min 10 s left");
  assert.equal(at(0, null), "Activations  0 %  0 of 20,530");
  assert.equal(at(20_529, 0.2), "Activations  99 %  20,529 of 20,530  1 s left");
  assert.equal(at(20_530, 0), "Activations  100 %  20,530 of 20,530");
});

Deno.test("durations are rounded up and read as people write them", () => {
  const cases: [number, string][] = [
    [0, "0 s"],
    [0.1, "1 s"],
    [59, "59 s"],
    [59.5, "1 min 00 s"],
    [130, "2 min 10 s"],
    [
      3599.5,
      "1 h 00 min",
    ],
    [3900, "1 h 05 min"],
    [90_000, "25 h 00 min"],
    [-3, "0 s"],
  ];
  for (const [seconds, text] of cases) assert.equal(durationText(seconds), text);
});

Deno.test("100 % means all is done", () => {
  assert.deepEqual([percentDone(0, 0), percentDone(999, 1000), percentDone(1000, 1000), percentDone(2, 1)], [
    100,
    99,
    100,
    100,
  ]);
});

Deno.test("in a notebook one display is made and then changed, five times a second at most, the last state always", async () => {
  const { sent, broadcast } = fakeKernel();
  let time = 0;
  const line = progressLine("Images", { broadcast, now: () => time });
  for (let done = 0; done <= 100; done++) {
    line(done, 100);
    await line.shown();
    time += 0.05;
  }
  assert.deepEqual(sent.map(({ type }) => type), [
    "display_data",
    ...sent.slice(1).map(() => "update_display_data"),
  ]);
  assert.equal(new Set(sent.map(({ id }) => id)).size, 1);
  assert.deepEqual([sent[0].done, sent.at(-1)?.done], [0, 100]);
  assert.ok(sent.length >= 20 && sent.length <= 26, `5 s at 5 a second. Received: ${sent.length}`);
  assert.match(sent[12].text, /^Images {2}\d+ % {2}\d+ of 100 {2}20 a second {2}\d s left$/);
});

Deno.test("a slow front end sees the newest state, in order, and shown() waits for the last", async () => {
  const { sent, broadcast } = fakeKernel(20);
  let time = 0;
  const line = progressLine("Images", { broadcast, now: () => time++ });
  for (let done = 0; done <= 1000; done++) line(done, 1000);
  await line.shown();
  assert.deepEqual(sent.map(({ done }) => done), [0, 1000]);
});

Deno.test("two lines at a time have displays of their own", async () => {
  const { sent, broadcast } = fakeKernel();
  for (const stage of ["Images", "Activations"]) {
    const line = progressLine(stage, { broadcast });
    line(1, 1);
    await line.shown();
  }
  assert.deepEqual(sent.map(({ type }) => type), ["display_data", "display_data"]);
  assert.notEqual(sent[0].id, sent[1].id);
});

Deno.test("a front end that fails does not stop the work", async () => {
  let calls = 0;
  const broadcast = () => {
    calls++;
    return Promise.reject(new Error("gone"));
  };
  const line = progressLine("Images", { broadcast });
  line(0, 2);
  await line.shown();
  line(2, 2);
  await line.shown();
  assert.equal(calls, 2);
});

Deno.test("outside a kernel and a terminal, stderr gets plain lines and stdout stays empty", async () => {
  const code = `import { progressLine } from "./lib/notebook/progress.ts";
    const line = progressLine("Images"); for (let i = 0; i <= 50; i++) line(i, 50); await line.shown();`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", code],
    cwd: new URL("../../..", import.meta.url).pathname,
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "Images  100 %  50 of 50\n");
  assert.equal(stdout.length, 0);
});
