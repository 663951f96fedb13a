/** What a study has come to, as it lies in `studies`: rows, each with the digest of everything that decides it. */
import { writeAtomic } from "../atomic.ts";

/** By configuration. None where there is no such file, or one that cannot be read: its rows are made again. */
export async function readRows<Row extends { readonly configuration: string }>(
  path: string,
): Promise<Map<string, Row>> {
  try {
    const rows = JSON.parse(await Deno.readTextFile(path)) as Row[];
    return new Map(rows.map((row) => [row.configuration, row]));
  } catch {
    return new Map();
  }
}

export async function writeRows(path: string, rows: readonly { configuration: string }[]): Promise<void> {
  await writeAtomic(path, `${JSON.stringify(rows, null, 2)}\n`);
}
