/** `deno task report`: publishes a run in outputs/report: executed notebooks without photos, results, the run's record. */
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { writeAtomic } from "../atomic.ts";
import { projectRoot } from "../config.ts";
import { shownPath } from "../experiment/source.ts";
import { claimBars } from "../figures/claim_bars.ts";
import { parseNotebook, serializeNotebook } from "../notebook/ipynb.ts";
import { assertNoPhotos, withoutPhotos } from "../notebook/photos.ts";

const files = ["results.json", "timings.json", "run.json", "test_openings.jsonl"];

/** Copies what may be published; a notebook with a photo that carries no tag stops it before anything is written. */
export async function publish(run: string, target: string): Promise<string[]> {
  const folder = join(run, "notebooks");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name).filter((name) =>
    name.endsWith(".ipynb")
  );
  const contents = new Map<string, string>();
  for (const name of names.sort()) {
    const notebook = await withoutPhotos(parseNotebook(await Deno.readTextFile(join(folder, name)), name));
    await assertNoPhotos(notebook, { name });
    contents.set(name, serializeNotebook(notebook));
  }
  const { claim, synthetic } = JSON.parse(await Deno.readTextFile(join(run, "results.json")));
  await writeAtomic(join(target, "claim.png"), await claimBars(claim, { synthetic }).toPng());
  for (const name of files) contents.set(name, await Deno.readTextFile(join(run, name)));
  for (const [name, text] of contents) await writeAtomic(join(target, name), text);
  return [...contents.keys()];
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: { run: { type: "string" }, out: { type: "string" } },
  });
  const run = values.run ?? join(projectRoot, "outputs/quick");
  const target = values.out ?? join(projectRoot, "outputs/report");
  const written = await publish(run, target);
  console.log(`${written.map((name) => basename(name)).join(", ")} → ${shownPath(target)}`);
}
