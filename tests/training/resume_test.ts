import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { inFolder } from "../support/temporary_folder.ts";

await startEngine();

const program = fileURLToPath(new URL("./resume_program.ts", import.meta.url));

/** Each kind of moment, and which one of a sitting: 6 steps of the softmax, then 6 of block5. A sitting goes on from the one before. */
const moments = [
  ["step", 1, "before the first checkpoint"],
  ["save", 2, "after a checkpoint within an epoch"],
  ["save", 1, "after the epoch's last step, before its validation"],
  ["validation", 5, "in the first epoch's validation"],
  ["save", 1, "after that epoch"],
  ["step", 2, "in the second epoch"],
  ["kept", 1, "between the stages"],
  ["step", 2, "in the second stage"],
  ["save", 2, "after its epoch's last step"],
  ["validation", 9, "in its validation"],
  ["step", 3, "in its last step"],
] as const;

async function train(folder: string, precision: string, ...moment: string[]) {
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", program, folder, precision, ...moment],
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const isKilled = moment.length > 0 && !moment[0].startsWith("abort");
  if (isKilled) return assert.equal(signal, "SIGKILL", `${moment}: ${errors}`);
  assert.equal(code, 0, errors);
  return JSON.parse(out);
}

async function entries(folder: string): Promise<string[]> {
  const found = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    found.push(...isDirectory ? (await entries(join(folder, name))).map((file) => join(name, file)) : [name]);
  }
  return found;
}

const ignore = engine.name === "wasm";

Deno.test({
  name: "killed at every kind of moment, a training of two stages ends with the same bits and history",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const unbroken = await train(join(folder, "unbroken"), "float32");
      assert.equal(unbroken.steps, 12);
      const rates = unbroken.history.map(({ learningRate }: { learningRate: number }) => learningRate);
      assert.equal(
        new Set(rates).size,
        4,
        "each epoch ends at a rate of its own, which a sitting has to find again",
      );
      const broken = join(folder, "broken");
      for (const [kind, n] of moments) await train(broken, "float32", kind, `${n}`);
      const { steps, ...result } = await train(broken, "float32");
      assert.deepEqual({ ...result, steps: 12 }, unbroken);
      assert.equal(steps, 1, "steps in the last sitting");
      assert.equal((await train(broken, "float32")).steps, 0, "what is done is not trained again");
      const files = await entries(broken);
      assert.deepEqual(
        files.map((file) => file.split(/[\\/]/)[0]),
        ["fits", "fits"],
        "no checkpoint is left",
      );
    }),
});

Deno.test({
  name:
    "a training asked to stop in a step or in validation writes a checkpoint and continues to the same bits",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const unbroken = await train(join(folder, "unbroken"), "float32");
      for (const moment of ["abort-step", "abort-validation"]) {
        const broken = join(folder, moment);
        const stopped = await train(broken, "float32", moment, moment === "abort-step" ? "8" : "30");
        assert.equal(stopped.stopped, "asked to stop", moment);
        assert.equal((await entries(join(broken, "checkpoints"))).length, 1, moment);
        const { steps, ...result } = await train(broken, "float32");
        assert.deepEqual({ ...result, steps: 12 }, unbroken, moment);
        assert.equal(steps + stopped.steps, 12, "no step is taken twice");
      }
    }),
});

Deno.test({
  name: "a bfloat16 training killed during its convolution steps ends with the same bits too",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      const unbroken = await train(join(folder, "unbroken"), "bfloat16");
      const broken = join(folder, "broken");
      await train(broken, "bfloat16", "step", "8"); // the second of block5's six
      const { steps, ...result } = await train(broken, "bfloat16");
      assert.deepEqual({ ...result, steps: 12 }, unbroken);
      assert.equal(steps, 5, "the step that was killed is taken again");
    }),
});
