import assert from "node:assert/strict";
import { join } from "node:path";
import { removeLeftOvers } from "../../lib/tasks/left_overs.ts";

/** A process that has ended. */
async function deadProcess(): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" }).spawn();
  await child.status;
  return child.pid;
}

Deno.test("unfinished files and folders of dead processes go, at any depth; those of living ones and all others stay", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const dead = await deadProcess();
    const inner = join(folder, "store", "images");
    await Deno.mkdir(join(inner, `stand-in.${dead}.0123abcd.tmp`, "photos"), { recursive: true });
    const write = (name: string) => Deno.writeTextFile(join(folder, name), "half");
    await write(`results.json.${dead}.89abcdef.tmp`);
    await write(`train.csv.${Deno.pid}.89abcdef.tmp`);
    await write(`old.csv.${Deno.pid}.89abcdef.tmp`);
    const yesterday = new Date(Date.now() - 86_400_000);
    await Deno.utime(join(folder, `old.csv.${Deno.pid}.89abcdef.tmp`), yesterday, yesterday);
    await write("notes.tmp");
    await write("results.json");
    await removeLeftOvers(folder);
    const left = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.deepEqual(left, ["notes.tmp", "results.json", "store", `train.csv.${Deno.pid}.89abcdef.tmp`]);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(inner)), []);
    await removeLeftOvers(join(folder, "missing"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
