/** What a study has come to, as it lies in `studies`: rows, each with the digest of everything that decides it. */
import { writeAtomic } from "../support/atomic.ts";

export interface StudyRows<Row> {
  /** The row that an earlier run kept for a configuration. */
  kept(configuration: string): Row | undefined;
  /** Writes the rows so far, and behind them what is kept and may still be asked for: stopped here, it is not lost. */
  add(row: Row): Promise<void>;
  /** Writes the rows that were added, in their order, and nothing else. */
  finish(): Promise<Row[]>;
}

/** Nothing is kept where there is no such file, or one that cannot be read: its rows are made again. */
export async function openRows<Row extends { readonly configuration: string }>(
  path: string,
): Promise<StudyRows<Row>> {
  const kept = await readRows<Row>(path);
  const rows: Row[] = [];
  const write = (all: readonly Row[]) => writeAtomic(path, `${JSON.stringify(all, null, 2)}\n`);
  return {
    kept: (configuration) => kept.get(configuration),
    async add(row) {
      rows.push(row);
      kept.delete(row.configuration);
      await write([...rows, ...kept.values()]);
    },
    async finish() {
      await write(rows);
      return rows;
    },
  };
}

/** By configuration. */
async function readRows<Row extends { readonly configuration: string }>(
  path: string,
): Promise<Map<string, Row>> {
  try {
    const rows = JSON.parse(await Deno.readTextFile(path)) as Row[];
    return new Map(rows.map((row) => [row.configuration, row]));
  } catch {
    return new Map();
  }
}
