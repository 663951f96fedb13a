import assert from "node:assert/strict";
import {
  endProgress,
  notebookProgress,
  progress,
  showProgress,
  terminalProgress,
} from "../../lib/support/progress.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { fakeStream, fakeTime } from "./fakes.ts";
import { runDeno } from "./run_deno.ts";

/** A kernel's broadcast that notes what it is sent. `arrive` may be slow or fail. */
function fakeKernel(arrive: () => Promise<void> = () => Promise.resolve()) {
  const sent: { type: string; text: string; done: number; id: string }[] = [];
  let sending = 0;
  const broadcast = async (type: string, content: Record<string, unknown>) => {
    assert.equal(++sending, 1, "one message at a time: others could overtake it");
    const { data, metadata, transient } = content as {
      data: Record<string, string>;
      metadata: { ham10000: { progress: { done: number } } };
      transient: { display_id: string };
    };
    const { done } = metadata.ham10000.progress;
    sent.push({ type, text: data["text/plain"], done, id: transient.display_id });
    await arrive().finally(() => sending--);
  };
  return { sent, broadcast };
}

Deno.test("in a notebook one output is updated five times a second; the last state is always shown", async () => {
  using clock = fakeTime();
  const { sent, broadcast } = fakeKernel();
  const report = notebookProgress(broadcast)("Images");
  for (let done = 0; done <= 101; done++) {
    report(done, 101);
    await clock.pass(0.05);
  }
  assert.deepEqual(sent.map(({ type }) => type), [
    "display_data",
    ...sent.slice(1).map(() => "update_display_data"),
  ]);
  assert.equal(new Set(sent.map(({ id }) => id)).size, 1);
  assert.deepEqual([sent[0].done, sent.at(-1)?.done], [9, 101]);
  assert.ok(sent.length >= 20 && sent.length <= 30, `5 s at 5 a second. Received: ${sent.length}`);
  assert.match(sent[12].text, /^Images {2}\d+ % {2}\d+ of 101 {2}20 a second {2}\d s left$/);
});

Deno.test("a stage of less than half a second shows nothing; a slow one shows 0 % before its first item", async () => {
  using clock = fakeTime();
  const { sent, broadcast } = fakeKernel();
  const sink = notebookProgress(broadcast);
  const instant = sink("Instant");
  for (const done of [0, 1, 2]) {
    instant(done, 2);
    await clock.pass(0.2);
  }
  await clock.pass(10);
  assert.equal(sent.length, 0);
  const slow = sink("Slow");
  slow(0, 3, "epoch 1/3");
  await clock.pass(0.5);
  assert.deepEqual(sent.map(({ text }) => text), ["Slow, epoch 1/3  0 %  0 of 3"]);
  slow(3, 3);
  await clock.pass(0);
  assert.deepEqual(sent.map(({ text }) => text).slice(1), ["Slow  100 %  3 of 3"]);
  assert.equal(sent[0].id, sent[1].id);
  const other = sink("Other");
  other(0, 3);
  await clock.pass(1);
  assert.deepEqual([sent[2].type, sent[2].text], ["update_display_data", "Other  0 %  0 of 3"]);
  assert.equal(sent[2].id, sent[0].id);
});

Deno.test("in a notebook the stages of a cell share one output; after a figure or in a later cell a new one starts", async () => {
  using clock = fakeTime();
  const { sent, broadcast } = fakeKernel();
  const sink = notebookProgress(broadcast);
  const stages = async (...names: string[]) => {
    for (const name of names) {
      const report = sink(name);
      for (let done = 0; done <= 10; done++) {
        report(done, 10);
        await clock.pass(0.2);
      }
    }
  };
  const outputs = () => sent.filter(({ type }) => type === "display_data").map(({ id }) => id);
  await stages("nadam", "adam", "rmsprop");
  assert.deepEqual([outputs().length, new Set(sent.map(({ id }) => id)).size], [1, 1]);
  assert.match(sent.at(-1)!.text, /^rmsprop {2}100 %/);
  endProgress(); // a figure
  await stages("measuring", "more");
  assert.equal(outputs().length, 2);
  await clock.pass(5); // a person looks at it and runs the next cell
  await stages("next");
  assert.equal(outputs().length, 3);
  assert.equal(new Set(sent.map(({ id }) => id)).size, 3);
  const slow = sink("slow steps"); // each longer than a pause between cells
  for (let done = 0; done <= 3; done++) {
    slow(done, 3);
    await clock.pass(4);
  }
  assert.equal(outputs().length, 4);
});

Deno.test("a slow front end sees the newest state, in order; one that fails does not stop the work", async () => {
  const arrivals: (() => void)[] = [];
  const slow = fakeKernel(() => new Promise((resolve) => arrivals.push(resolve)));
  using clock = fakeTime();
  const report = notebookProgress(slow.broadcast)("Images");
  for (let done = 0; done <= 1000; done++) {
    report(done, 1000);
    await clock.pass(done % 10 ? 0 : 0.2);
  }
  arrivals.shift()!();
  await clock.pass(0);
  assert.deepEqual(slow.sent.map(({ done }) => done).slice(1), [1000]);

  const gone = fakeKernel(() => Promise.reject(new Error("gone")));
  const unheard = notebookProgress(gone.broadcast)("Images");
  unheard(0, 2);
  await clock.pass(1);
  unheard(2, 2);
  await clock.pass(1);
  assert.equal(gone.sent.length, 2);
});

Deno.test("in a terminal all stages share a line that changes, and the last state of each stays", async () => {
  using clock = fakeTime();
  const stream = fakeStream(true);
  const sink = terminalProgress(stream);
  for (const stage of ["Images", "Activations"]) {
    const report = sink(stage);
    for (let done = 0; done <= 4; done++) {
      report(done, 4);
      await clock.pass(0.5);
    }
  }
  assert.deepEqual(stream.screen(), ["Images  100 %  4 of 4", "Activations  100 %  4 of 4", ""]);
  assert.match(stream.text, /Images {2}75 % {2}3 of 4 {2}2\.0 a second {2}1 s left/);
});

Deno.test("a program's own sink gets every report, until it is disposed of", () => {
  const reports: unknown[] = [];
  {
    using _sink = showProgress((stage) => (...report) => reports.push([stage, ...report]));
    const report = progress("Images");
    report(1, 2, "first");
    report(2, 2);
  }
  progress("Images")(1, 2); // a test: shown nowhere
  assert.deepEqual(reports, [["Images", 1, 2, "first"], ["Images", 2, 2]]);
});

Deno.test("outside a terminal progress goes to stderr only, as plain lines; HAM10000_PROGRESS=off hides it", async () => {
  const code = `import { progress } from "./lib/support/progress.ts";
    const report = progress("Images");
    for (let done = 0; done <= 50; done++) { report(done, 50); await new Promise((resolve) => setTimeout(resolve, 20)); }`;
  for (const [switched, expected] of [["on", "Images  100 %  50 of 50\n"], ["off", ""]]) {
    const options = { cwd: projectRoot, env: { HAM10000_PROGRESS: switched } };
    const { out, err } = await runDeno(["eval", "--quiet", code], options);
    assert.deepEqual([out, err], ["", expected]);
  }
});
