/** Tasks as people call them: `deno task` itself, from a folder of their own and from one within the project. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { saveModel } from "../../lib/model/saved_model.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { seededModel } from "../model/seeded_model.ts";
import { fakeDataverse } from "./data/fake_dataverse.ts";
import { runDeno } from "../support/run_deno.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

const folder = await lastingFolder("caller é ");

/** How a task is found from elsewhere: both ways that Deno has. */
const ways = [["--config", join(projectRoot, "deno.json")], ["--cwd", projectRoot]];

async function task(cwd: string, args: string[]): Promise<{ code: number; text: string }> {
  const { INIT_CWD: _, ...env } = Deno.env.toObject(); // of the task that runs these tests
  const { code, out, err } = await runDeno(["task", ...args], {
    ...{ cwd, clearEnv: true },
    env: { ...env, NO_COLOR: "1", NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" },
  });
  return { code, text: stripVTControlCharacters(out + err) };
}

Deno.test("classify's photo and table paths are relative to the caller's folder", async () => {
  await makeStandIn(join(folder, "drawn"), { seed: 1, images: 60 });
  await saveModel(join(folder, "model"), seededModel({ size: 32, scaling: "divide255" }));
  await Deno.rename(join(folder, "drawn", "HAM10000_images_part_1"), join(folder, "photos"));
  const here = join(folder, "photos");
  const words = "classify SYN_0000001.jpg --model ../model --csv out.csv".split(" ");
  const one = await task(here, [...ways[0], ...words]);
  assert.equal(one.code, 0, one.text);
  assert.match(one.text, /^Model: \.\.\/model, [^]*\nSYN_0000001\.jpg\n {2}[^]*\nout\.csv: 1 photo\n/);
  const count = Array.from(Deno.readDirSync(here)).length - 1; // the table is no photo
  await Deno.remove(join(here, "out.csv")); // fails where it was written elsewhere

  const all = await task(here, [...ways[1], "classify", ".", "--model", "../model", "--csv", "../all.csv"]);
  assert.equal(all.code, 0, all.text);
  const rows = (await Deno.readTextFile(join(folder, "all.csv"))).trim().split("\n").slice(1);
  assert.equal(rows.length, count);
  assert.ok(rows.every((row) => row.startsWith("SYN_")), rows[0]);
});

Deno.test("reproduce's paths are relative to the caller's folder, those in a --config file to that file", async () => {
  await Deno.mkdir(join(folder, "runs", "deep"), { recursive: true });
  await Deno.writeTextFile(
    join(folder, "runs", "deep", "run.json"),
    '{ "out": "results", "standInImages": 70 }',
  );
  const here = join(folder, "runs");
  const words = "reproduce --dry-run --preset smoke --only 01 --config deep/run.json --weights own.h5".split(
    " ",
  );
  const configured = await task(here, [...ways[0], ...words]);
  assert.equal(configured.code, 0, configured.text);
  assert.match(configured.text, /\nweights {2}own\.h5\nresults {2}deep\/results\n/);
  const flags = ["--data", "photos", "--metadata", "deep/list.csv", "--out", "../given", "--weights", "none"];
  const given = await task(here, [...ways[1], "reproduce", "--dry-run", "--only", "01", ...flags]);
  assert.match(given.text, /\ndata {5}photos\n[^]*\nresults {2}\.\.\/given\n/);
});

Deno.test("report's and data's paths are relative to the caller's folder, even within the project", async () => {
  await Deno.mkdir(join(folder, "empty"), { recursive: true });
  const report = await task(folder, [...ways[0], "report", "--run", "empty"]);
  assert.equal(report.code, 2, report.text);
  assert.match(report.text, /caller é [^/]*\/empty/);

  await using dataverse = fakeDataverse();
  const flags = ["--dry-run", "--only", "images", "--data-url", dataverse.base, "--out"];
  const data = await task(folder, [...ways[1], "data", ...flags, "photos of mine"]);
  assert.equal(data.code, 0, data.text);
  assert.match(data.text, / into photos of mine\n/);
  const below = await task(join(projectRoot, "notebooks"), ["data", ...flags, "../data/nowhere"]);
  assert.match(below.text, / into \.\.\/data\/nowhere\n/);
  for (const place of [join(projectRoot, "data", "nowhere"), join(folder, "photos of mine")]) {
    await assert.rejects(Deno.stat(place), Deno.errors.NotFound, "a dry run leaves nothing");
  }
});
