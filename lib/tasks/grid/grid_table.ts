/** One table of all runs of a grid: each network's metrics on its test, and its paired difference from the first run's network. */
import { join } from "node:path";
import {
  compareRuns,
  type Network,
  type NetworkPair,
  openStoredRun,
  type StoredRun,
} from "../../experiment/run_comparison.ts";
import { asWrittenResult, deeperResult, readResults } from "../../experiment/results.ts";
import { type Column, table } from "../../figures/table.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { stringify } from "../../support/csv.ts";
import { countText, differenceText, escapeMarkup } from "../../support/format.ts";
import { networkColumns } from "../compare.ts";
import { framed, plainPage } from "../plain_page.ts";
import type { Grid, GridRun } from "./grid.ts";

/** One network of a run. Its metrics are shares from 0 to 1, its loss is in nats. */
export interface GridRow extends Network {
  readonly run: string;
  /** The fields in which the grid's runs differ, as text. */
  readonly values: Readonly<Record<string, string>>;
  /** Accuracy minus that of the first run's network of the same role; null if their tests differ, and for the first run itself. */
  readonly difference: NonNullable<NetworkPair["difference"]>["accuracy"] | null;
  readonly synthetic: boolean;
}

/** The rows of all finished runs, the names of the others, and notes on tests that differ. */
export async function gridRows(
  runs: readonly Pick<GridRun, "name" | "values" | "config">[],
): Promise<{ rows: GridRow[]; unfinished: string[]; notes: string[] }> {
  const rows: GridRow[] = [];
  const unfinished: string[] = [];
  const notes = new Set<string>();
  let first: StoredRun | null = null;
  for (const { name, values, config } of runs) {
    if (await readResults(config.out) === null) {
      unfinished.push(name);
      continue;
    }
    const run = await openStoredRun(config.out);
    first ??= run;
    const { networks, best, test } = await compareRuns(first, run);
    if (!test.same) { for (const reason of test.reasons) notes.add(`${name}: ${reason}`); }
    const before = shownOf(first);
    for (const [role, { name: shown, configuration }] of shownOf(run).entries()) {
      const own = [...networks, ...best ? [best] : []].filter(({ second }) =>
        second?.configuration === configuration
      );
      const pair = own.find((pair) => pair.first?.configuration === before[role]?.configuration);
      const difference = run === first ? null : pair?.difference?.accuracy ?? null;
      rows.push({
        ...own[0].second!,
        ...{ run: name, name: shown, difference, synthetic: run.results.synthetic },
        values: Object.fromEntries(Object.entries(values).map(([field, value]) => [field, textOf(value)])),
      });
    }
  }
  return { rows, unfinished, notes: [...notes] };
}

/** The frozen network that validation chose, and the recipe's network if there is one. */
function shownOf({ results }: StoredRun) {
  const deeper = deeperResult(results);
  return [asWrittenResult(results), ...deeper ? [deeper] : []];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Writes `grid.csv`, `grid.md` and `grid.html` in the grid's folder; returns their names. */
export async function writeGridTable(
  { folder, runs }: Grid & { folder: string },
  { rows, unfinished, notes }: Awaited<ReturnType<typeof gridRows>>,
): Promise<string[]> {
  const lines = [
    `${countText(runs.length, "run")}${
      unfinished.length > 0 ? `; not finished: ${unfinished.join(", ")}` : ""
    }.`,
    "Differences are in points, to the first run's network of the same role (frozen, or the recipe's), paired over lesions, where " +
    "deno task compare pairs the two; they are about trained networks, not about training again with another seed.",
    ...notes.length > 0 ? ["If the tests are not the same, no difference is computed:", ...notes] : [],
  ];
  const shown = gridTable(rows);
  const title = "Runs of a grid";
  const paragraphs = lines.map((line) => `<p>${escapeMarkup(line)}</p>`);
  await writeAtomic(join(folder, "grid.csv"), gridCsv(rows));
  await writeAtomic(join(folder, "grid.md"), `# ${title}\n\n${lines.join("\n\n")}\n\n${shown.markdown}\n`);
  const html = plainPage(title, [...paragraphs, framed(shown)].join("\n"), { width: 75 });
  await writeAtomic(join(folder, "grid.html"), html);
  return ["grid.csv", "grid.md", "grid.html"];
}

/** The rows as a table, for a terminal and a page. */
export function gridTable(rows: readonly GridRow[]) {
  const fields = Object.keys(rows[0]?.values ?? {});
  const columns: Column<GridRow>[] = [
    ...fields.map((field): Column<GridRow> => ({ title: field, value: ({ values }) => values[field] })),
    ...networkColumns(rows),
    {
      title: "difference",
      align: "right",
      value: ({ difference }) =>
        difference && differenceText({ value: difference.difference, ...difference }),
    },
  ];
  return table(rows, columns, { synthetic: rows.some(({ synthetic }) => synthetic) });
}

function gridCsv(rows: readonly GridRow[]): string {
  const records = rows.map((row) => {
    const { run, values, name, configuration, synthetic, n, accuracy, interval } = row;
    const { balancedAccuracy, macroF1, loss, difference, official } = row;
    return {
      ...{ run, ...values, network: name, configuration, synthetic, n, accuracy },
      ...{ accuracy_low: interval?.low ?? "", accuracy_high: interval?.high ?? "" },
      ...{ balanced_accuracy: balancedAccuracy, macro_f1: macroF1, loss },
      ...{ difference: difference?.difference ?? "", difference_low: difference?.low ?? "" },
      ...{ difference_high: difference?.high ?? "", official_n: official?.n ?? "" },
      official_balanced_accuracy: official?.balancedAccuracy ?? "",
    };
  });
  return stringify(records, { columns: Object.keys(records[0] ?? { run: "" }) });
}
