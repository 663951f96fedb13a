/** `deno task report` as it is called, with the permissions of its task: nothing computed, nothing sent. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../../lib/support/project.ts";
import { filesBehind } from "../../../lib/tasks/plan.ts";
import { withoutMachinePaths } from "../../../lib/tasks/report/publish.ts";
import { executed, inFolder, tinyPng, writeRun } from "./drawn_run.ts";
import { runDeno } from "../../support/run_deno.ts";

const report = (...args: string[]) =>
  runDeno(["run", "--quiet", "--no-prompt", "-P=report", "lib/tasks/report.ts", ...args], {
    cwd: projectRoot,
  });

Deno.test("a run becomes a report in its own folder: notebooks, summary, results, and the site", async () => {
  await inFolder(async (folder) => {
    const notebook = executed("# 1 · One", {
      source: "fails();",
      outputs: [{
        output_type: "error",
        ename: "Error",
        evalue: `no ${projectRoot}data/x.jpg`,
        traceback: [`Error\n    at fails (file://${projectRoot}lib/config.ts:3:4)`],
      }],
    });
    const run = await writeRun(folder, { notebooks: { "01_one": notebook } });
    const { code, out } = await report("--run", run);
    assert.equal(code, 0);
    assert.match(out, /01_one\.ipynb, run\.json, summary\.md → .*report\n.*index\.html in a browser/);
    for (const name of ["01_one.ipynb", "summary.md", "site/01_one.html", "site/index.html"]) {
      const text = await Deno.readTextFile(join(run, "report", name));
      assert.ok(!text.includes(projectRoot), name);
    }
    assert.match(
      await Deno.readTextFile(join(run, "report/site/01_one.html")),
      /at fails \(lib\/config\.ts:3:4\)/,
    );
  });
});

Deno.test("a folder without a run, a flag that is none: told in a line, with exit code 2", async () => {
  await inFolder(async (folder) => {
    const missing = await report("--run", join(folder, "none"));
    assert.equal(missing.code, 2);
    assert.match(missing.err, /^Expected executed notebooks in .*deno task reproduce.*Received: none\n$/);
    const flag = await report("--rnu", folder);
    assert.equal(flag.code, 2);
    assert.match(flag.err, /--rnu/);
  });
});

Deno.test("a picture that carries no tag, a folder that cannot be written to: told in a line, with exit code 1", async () => {
  await inFolder(async (folder) => {
    const picture = { output_type: "display_data", data: { "image/png": tinyPng }, metadata: {} } as const;
    const run = await writeRun(folder, {
      notebooks: { "01_one": executed("# 1", { source: "a", outputs: [picture] }) },
    });
    const shown = await report("--run", run);
    assert.equal(shown.code, 1);
    assert.match(shown.err, /^01_one: expected no picture [^]*image\/png that is no figure\n$/);
    const sound = await writeRun(join(folder, "sound"), { notebooks: { "01_one": executed("# 1") } });
    const unwritable = await report("--run", sound, "--out", join(run, "run.json"));
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.err, /^[^\n]*run\.json[^\n]* could not be written[^\n]*\n$/);
  });
});

Deno.test("paths of this machine are left out of any text, and nothing that only begins like them", () => {
  const places = { root: "/home/me/project/", home: "/home/me" };
  const texts = [
    "at file:///home/me/project/lib/a.ts:1:2",
    "/home/me/data/x.jpg",
    "(/home/me)",
    "/home/meadow/x",
    "cwd /home/me/project",
  ];
  assert.deepEqual(withoutMachinePaths({ deep: [texts] }, places), {
    deep: [["at lib/a.ts:1:2", "~/data/x.jpg", "(~)", "/home/meadow/x", "cwd ."]],
  });
});

Deno.test("nothing that makes a report loads the engine", async () => {
  const files = await filesBehind('import "./lib/tasks/report.ts"', projectRoot);
  assert.ok(files.some((path) => path.endsWith("results.ts")));
  assert.deepEqual(files.filter((path) => path.endsWith("engine.ts")), []);
});
