/** How long a recipe was trained before the notebook that shows it ran. */
import { join } from "node:path";
import type { Config } from "../config.ts";

/**
 * Seconds of training, over all sittings, that the notebook's own time does not hold; 0 where it held all.
 *
 * @param notebook `started`: milliseconds since 1970; `seconds`: how long it ran
 */
export async function earlierTraining(
  { out, depth, recipe }: Config,
  notebook: { started: number; seconds: number },
): Promise<number> {
  let newest = { seconds: 0, written: 0 };
  const folders = await Array.fromAsync(Deno.readDir(join(out, "trainings"))).catch(() => []);
  for (const { name } of folders.filter(({ name }) => name.startsWith(`${depth}-`))) {
    const record = await readJson(join(out, "trainings", name, "run.json"));
    const path = join(out, "trainings", name, "run.seconds.json");
    const times = await readJson(path);
    if (!times || JSON.stringify(record?.recipe) !== JSON.stringify(recipe)) continue;
    const written = (await Deno.stat(path)).mtime!.getTime();
    if (written > newest.written) newest = { seconds: Number(times.seconds), written };
  }
  const within = newest.written >= notebook.started ? notebook.seconds : 0;
  return Math.max(0, newest.seconds - within);
}

async function readJson(path: string): Promise<Record<string, unknown> | null> {
  return await Deno.readTextFile(path).then(JSON.parse).catch(() => null);
}
