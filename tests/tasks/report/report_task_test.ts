/** `deno task report` as it is called, with the permissions of its task: nothing computed, nothing sent. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { projectRoot } from "../../../lib/support/project.ts";
import { filesBehind } from "../../../lib/tasks/plan.ts";
import { withoutMachinePaths } from "../../../lib/tasks/report/publish.ts";
import { drawnHonest } from "../../experiment/honest/drawn_results.ts";
import { inFolder } from "../../support/temporary_folder.ts";
import { executed, tinyPng, writeRun } from "./drawn_run.ts";
import { runTask } from "../../support/run_deno.ts";

const report = (...args: string[]) => runTask("report", args, { cwd: projectRoot });

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

Deno.test("--out without --run writes the committed report's site to another folder", async () => {
  await inFolder(async (folder) => {
    const { code, err } = await report("--out", folder);
    assert.equal(code, 0, err);
    assert.match(await Deno.readTextFile(join(folder, "site", "index.html")), /07_leakage\.html/);
  });
});

Deno.test("a folder without a run, an unknown flag and an empty path are reported, with exit code 2", async () => {
  await inFolder(async (folder) => {
    const missing = await report("--run", join(folder, "none"));
    assert.equal(missing.code, 2);
    assert.match(missing.err, /^Expected executed notebooks in .*deno task reproduce.*Received: none\n$/);
    const flag = await report("--rnu", folder);
    assert.equal(flag.code, 2);
    assert.match(flag.err, /--rnu/);
    const empty = await report("--run", "");
    assert.deepEqual([empty.code, empty.err], [2, "--run needs a path. Received: an empty text\n"]);
  });
});

Deno.test("an untagged picture and a folder that cannot be written to are reported, with exit code 1", async () => {
  await inFolder(async (folder) => {
    const picture = { output_type: "display_data", data: { "image/png": tinyPng }, metadata: {} } as const;
    const run = await writeRun(folder, {
      notebooks: { "01_one": executed("# 1", { source: "a", outputs: [picture] }) },
    });
    const shown = await report("--run", run);
    assert.equal(shown.code, 1);
    assert.match(shown.err, /^01_one: expected only figures [^]*image\/png that is no figure\n$/);
    const sound = await writeRun(join(folder, "sound"), { notebooks: { "01_one": executed("# 1") } });
    const unwritable = await report("--run", sound, "--out", join(run, "run.json"));
    assert.equal(unwritable.code, 1);
    assert.match(unwritable.err, /^[^\n]*run\.json[^\n]* could not be written[^\n]*\n$/);
  });
});

Deno.test("paths of this machine are removed from any text, but not paths that only begin like them", () => {
  const places = { root: "/home/me/project/", home: "/home/me" };
  const texts = [
    "at file:///home/me/project/lib/a.ts:1:2",
    "/home/me/data/x.jpg",
    "(/home/me)",
    "/home/meadow/x",
    "cwd /home/me/project",
    "/home/me/project2/x.jpg",
  ];
  assert.deepEqual(withoutMachinePaths({ deep: [texts] }, places), {
    deep: [["at lib/a.ts:1:2", "~/data/x.jpg", "(~)", "/home/meadow/x", "cwd .", "~/project2/x.jpg"]],
  });
  const odd = { root: "/home/jérôme k/project", home: "/home/jérôme k" };
  assert.deepEqual(
    withoutMachinePaths(
      ["at file:///home/j%C3%A9r%C3%B4me%20k/project/lib/a.ts:1:2", "/home/jérôme k/x"],
      odd,
    ),
    ["at lib/a.ts:1:2", "~/x"],
  );
  const short = { root: "/app", home: "/root" };
  const kept = { "image/png": "iVB/app9+/root/x", text: ["see api/applications", "x/app/y"] };
  assert.deepEqual(withoutMachinePaths(kept, short), kept);
});

Deno.test("if a second run's report goes to the same folder, its site shows only that run, despite the old files", async () => {
  await inFolder(async (folder) => {
    const [first, second] = await Promise.all([
      writeRun(join(folder, "first"), {
        notebooks: { "05_x": executed("# 5 · First") },
        honest: drawnHonest(),
      }),
      writeRun(join(folder, "second"), { notebooks: { "01_y": executed("# 1 · Second") } }),
    ]);
    const target = join(folder, "both");
    for (const run of [first, second]) {
      const { code, err } = await report("--run", run, "--out", target);
      assert.equal(code, 0, err);
    }
    const pages = (await Array.fromAsync(Deno.readDir(join(target, "site")))).map(({ name }) => name);
    assert.deepEqual(pages.filter((name) => /^\d/.test(name)), ["01_y.html"]);
    assert.doesNotMatch(await Deno.readTextFile(join(target, "site", "index.html")), /Without a leak/);
  });
});

Deno.test("making a report never loads the engine", async () => {
  const files = await filesBehind('import "./lib/tasks/report.ts"', projectRoot);
  assert.ok(files.some((path) => path.endsWith("results.ts")));
  assert.deepEqual(files.filter((path) => path.endsWith("engine.ts")), []);
});
