/** A person runs their own data and then opens a notebook: it shows that run, and writes over no other. In a copy of the project. */
import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { makeStandIn } from "../lib/data/stand_in.ts";
import { executeNotebook } from "../lib/support/notebook/execute.ts";
import { readNotebook } from "../lib/support/notebook/ipynb.ts";
import { withParameters } from "../lib/support/notebook/parameters.ts";
import { projectRoot } from "../lib/support/project.ts";
import { runDeno } from "./support/run_deno.ts";
import { lastingFolder } from "./support/temporary_folder.ts";

const folder = await lastingFolder("opened é ");
const project = join(folder, "project");
for (const part of ["lib", "notebooks", "deno.json", "deno.lock"]) {
  await cp(join(projectRoot, part), join(project, part), { recursive: true });
}
await Deno.mkdir(join(project, "tests"));
await Deno.copyFile(join(projectRoot, "tests", "deno.json"), join(project, "tests", "deno.json"));
await Deno.symlink(join(projectRoot, "node_modules"), join(project, "node_modules"));

/** `deno task reproduce` of the copy, notebook 1 alone, from the folder where the person stands. */
async function reproduce(...flags: string[]): Promise<void> {
  const { INIT_CWD: _, HAM10000_CONFIG: __, ...env } = Deno.env.toObject();
  const args = ["task", "--cwd", project, "reproduce", "--only", "01", "--weights", "none", ...flags];
  const { code, out, err } = await runDeno(args, { cwd: folder, clearEnv: true, env });
  assert.equal(code, 0, out + err);
}

/** What the first cell after the parameters shows when notebook 1 is opened, with these parameters, and run. */
async function open(parameters = "{}"): Promise<string> {
  const source = await readNotebook(join(project, "notebooks", "01_eda.ipynb"));
  const [text, first, table, code] = withParameters(source, `const parameters = ${parameters};`).cells;
  const short = { ...source, cells: [text, first, table, code] };
  const executed = await executeNotebook(short, { folder: join(project, "notebooks") });
  return JSON.stringify(executed.cells[3]);
}

/** When each file of a run's folder was written. */
function state(out: string): string[] {
  return Array.from(
    Deno.readDirSync(out),
    ({ name }) => `${name} ${Deno.statSync(join(out, name)).mtime?.getTime()}`,
  )
    .sort();
}

Deno.test("a notebook opened after a run on your own data names that run below its parameters and overwrites no other", async () => {
  await Deno.writeTextFile(join(folder, "small.json"), '{ "preset": "smoke", "standInImages": 70 }');
  await reproduce("--config", "small.json");
  const before = state(join(project, "outputs", "smoke"));
  assert.match(await open(), /Results in outputs\/smoke: preset smoke, seed 0/);

  await makeStandIn(join(folder, "mine"), { seed: 1, images: 70 });
  const table = await Deno.readTextFile(join(folder, "mine", "HAM10000_metadata.csv"));
  await Deno.writeTextFile(join(folder, "mine", "list.csv"), table.replace("image_id", "photo"));
  await Deno.remove(join(folder, "mine", "HAM10000_metadata.csv"));
  const flags = ["--metadata", "mine/list.csv", "--columns", "image_id=photo", "--seed", "4"];
  await reproduce(...flags, "--out", "results of mine");
  const own = /Results in results of mine: preset quick, seed 4, photos in mine, table list\.csv/;
  assert.match(await open(), own);
  assert.match(await open(`{ preset: "smoke" }`), /Results in outputs\/smoke: preset smoke, seed 0/);
  assert.match(await open(`{ out: "../../results of mine" }`), own);

  const mine = state(join(folder, "results of mine"));
  await assert.rejects(open("{ seed: 5 }"), /results of mine holds a run with seed 4\..*Received: seed 5/);
  assert.match(
    await open(`{ seed: 5, out: "../other" }`),
    /Results in other: preset quick, seed 5, photos in mine/,
  );
  assert.deepEqual(state(join(folder, "results of mine")), mine);
  assert.deepEqual(state(join(project, "outputs", "smoke")), before);
});
