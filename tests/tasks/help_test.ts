/** `--help` of each task that has flags. */
import assert from "node:assert/strict";
import { projectRoot } from "../../lib/support/project.ts";

for (const task of ["reproduce", "data", "classify", "evaluate", "report", "bench"]) {
  Deno.test(`--help prints a page of at most 100 columns and computes nothing: deno task ${task}`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "--quiet", task, "--help"],
      cwd: projectRoot,
      env: { NO_COLOR: "1" },
    }).output();
    const [page, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(code, 0, errors);
    assert.ok(page.startsWith(`deno task ${task} `), page);
    assert.match(page, /^ {2}--help +this page$/m);
    assert.deepEqual(page.split("\n").filter((line) => [...line].length > 100), []);
  });
}
