/** `--help` of each task that has flags. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../lib/support/project.ts";
import { runDeno } from "../support/run_deno.ts";

const { tasks } = JSON.parse(await Deno.readTextFile(join(projectRoot, "deno.json")));
const withoutFlags = ["test", "check", "kernels"];

for (const task of Object.keys(tasks).filter((name) => !withoutFlags.includes(name))) {
  Deno.test(`--help prints a page of at most 100 columns and computes nothing: deno task ${task}`, async () => {
    const options = { cwd: projectRoot, env: { NO_COLOR: "1" } };
    const { code, out: page, err } = await runDeno(["task", "--quiet", task, "--help"], options);
    assert.equal(code, 0, err);
    assert.ok(page.startsWith(`deno task ${task} `), page);
    assert.match(page, /^ {2}--help +this page$/m);
    assert.deepEqual(page.split("\n").filter((line) => [...line].length > 100), []);
  });
}

Deno.test("doctor refuses an unknown flag, so that a misspelt --repair does not run only the checks", async () => {
  const { code, err } = await runDeno(["task", "--quiet", "doctor", "--reapir"], {
    cwd: projectRoot,
    env: { NO_COLOR: "1" },
  });
  assert.equal(code, 2, err);
  assert.match(err, /'--reapir'[^]*deno task doctor \[flags\]/);
});
