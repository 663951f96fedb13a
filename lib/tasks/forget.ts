/** `--fresh`: forget what a run folder has stored. Only what runs have written there is touched. */
import { join } from "node:path";
import type { Config } from "../config.ts";
import { readRunRecord, writeRunRecord } from "./run_record.ts";

const stored = ["store", "optimizers", "trainings", "studies", "model"];

/** Removes decoded images, activations, trained networks and the selected notebooks' records. */
export async function forget(config: Config, names: readonly string[]): Promise<void> {
  for (const folder of stored) {
    await Deno.remove(join(config.out, folder), { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
  const record = await readRunRecord(config);
  for (const name of names) delete record.notebooks[name];
  await writeRunRecord(config, record, {});
}
