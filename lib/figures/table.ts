/** Tables that read well in every front end: VS Code, JupyterLab, GitHub, a terminal. */
import { decimals, escapeMarkdown, escapeMarkup, thousands } from "../support/format.ts";
import { display, type Displayed, type MimeBundle, syntheticMark } from "./show.ts";

/** A cell's value; null is shown as "–". */
export type CellValue = string | number | boolean | null | undefined;

export interface Column<Row> {
  /** The field to show, or a function of the row. */
  value: keyof Row | ((row: Row) => CellValue);
  title: string;
  /** Default: thousands separators in a column of whole numbers, else three decimals. */
  format?(value: CellValue): string; // a method, so that TypeScript accepts functions that take only numbers
  /** Default: right for columns of numbers, else left. */
  align?: "left" | "right";
  /** Marks the best numbers of the column in bold: the largest or the smallest. */
  best?: "max" | "min";
  /** The uncertainty of the number, in a column of its own, so that the numbers stay aligned. */
  spread?: {
    /** Says which interval, or what the spread is of: "95 % interval", "± SD of 5 seeds". */
    title: string;
    /** Ends of an interval, or a spread to both sides; null if unknown. Formatted as the column's numbers. */
    of(row: Row): { low: number; high: number } | number | null | undefined;
  };
}

/** A table. It is shown as the last expression of a notebook cell. */
export interface Table extends Displayed {
  html: string;
  markdown: string;
  text: string;
  [display](): MimeBundle;
}

/**
 * Makes a table. Its HTML needs no style sheet and looks the same in front ends that have their own.
 *
 * @param options `caption` above the table; `synthetic` marks it as computed from stand-in data
 * @example table(runs, [{ value: "name", title: "run" }, { value: "accuracy", title: "accuracy", format: percent, best: "max" }])
 */
export function table<Row>(
  rows: readonly Row[],
  columns: Column<Row>[],
  options: { caption?: string; synthetic?: boolean } = {},
): Table {
  const caption = [options.synthetic ? syntheticMark : "", options.caption ?? ""].filter(Boolean).join(": ");
  const drawn = columns.flatMap((column) => {
    const numbers = drawColumn(rows, column);
    return column.spread ? [numbers, drawSpread(rows, column)] : [numbers];
  });
  const [html, markdown, text] = [toHtml, toMarkdown, toText].map((write) => write(drawn, caption));
  return {
    html,
    markdown,
    text,
    [display]: () => ({ "text/html": html, "text/markdown": markdown, "text/plain": text }),
  };
}

/** A column's cells as texts. */
interface DrawnColumn {
  title: string;
  align: "left" | "right";
  cells: string[];
  best: boolean[];
}

function drawColumn<Row>(rows: readonly Row[], column: Column<Row>): DrawnColumn {
  const { value, title } = column;
  const values = rows.map((row) => typeof value === "function" ? value(row) : row[value] as CellValue);
  const known = values.filter((cell) => cell !== null && cell !== undefined);
  const numbers = known.filter((cell) => typeof cell === "number");
  const isNumeric = known.length > 0 && known.length === numbers.length;
  const finite = numbers.filter(Number.isFinite);
  const write = finite.every(Number.isInteger) ? thousands : decimals;
  const format = column.format ?? ((cell) => typeof cell === "number" ? write(cell) : String(cell));
  const extreme = column.best === "max" ? Math.max(...finite) : Math.min(...finite);
  return {
    title,
    align: column.align ?? (isNumeric ? "right" : "left"),
    cells: values.map((cell) => cell === null || cell === undefined ? "–" : format(cell)),
    best: values.map((cell) => column.best !== undefined && finite.length > 1 && cell === extreme),
  };
}

function drawSpread<Row>(rows: readonly Row[], column: Column<Row>): DrawnColumn {
  const { title, of } = column.spread!;
  const write = column.format ?? ((cell: CellValue) => decimals(Number(cell)));
  const spreads = rows.map(of);
  const hasMinus = spreads.some((spread) => typeof spread === "object" && spread !== null && spread.low < 0);
  const cells = spreads.map((spread) => {
    if (spread === null || spread === undefined) return "–";
    return typeof spread === "number"
      ? `± ${write(spread)}`
      : intervalText(write(spread.low), write(spread.high), hasMinus ? "to" : "–");
  });
  return { title, align: "right", cells, best: cells.map(() => false) };
}

/** "61.8 – 65.7 %" on one line, the unit once. @param joint "to" in a column with minus signs: a dash beside one is hard to read */
function intervalText(low: string, high: string, joint: "–" | "to"): string {
  const unit = high.match(/\u00a0\D+$/)?.[0] ?? "";
  return `${unit && low.endsWith(unit) ? low.slice(0, -unit.length) : low}\u00a0${joint}\u00a0${high}`;
}

/** The cells row by row, each formatted by `write`. */
function bodyOf(columns: DrawnColumn[], write: (column: DrawnColumn, row: number) => string): string[][] {
  return columns[0].cells.map((_, row) => columns.map((column) => write(column, row)));
}

function toHtml(columns: DrawnColumn[], caption: string): string {
  const line = (cells: string[]) => `<tr>${cells.join("")}</tr>`;
  // Both are needed: GitHub removes styles, and JupyterLab's style sheet aligns every cell right and overrides the attribute.
  const aligned = ({ align }: DrawnColumn) => `align="${align}" style="text-align: ${align}"`;
  // An empty head is no <th>: a screen reader would read "blank" before every cell.
  const head = columns.map((column) =>
    column.title ? `<th scope="col" ${aligned(column)}>${escapeMarkup(column.title)}</th>` : "<td></td>"
  );
  const body = bodyOf(columns, (column, row) => {
    const cell = escapeMarkup(column.cells[row]);
    return `<td ${aligned(column)}>${column.best[row] ? `<b>${cell}</b>` : cell}</td>`;
  });
  return [
    ...caption ? [`<p>${escapeMarkup(caption)}</p>`] : [], // GitHub shows a <caption> below or not at all
    "<table>",
    `<thead>${line(head)}</thead>`,
    "<tbody>",
    ...body.map(line),
    "</tbody>",
    "</table>",
  ].join("\n");
}

function toMarkdown(columns: DrawnColumn[], caption: string): string {
  const rules = { left: ":--", right: "--:" };
  const body = bodyOf(columns, ({ cells, best }, row) => {
    const cell = escapeMarkdown(cells[row]);
    return best[row] ? `**${cell}**` : cell;
  });
  return [
    ...caption ? [escapeMarkdown(caption), ""] : [],
    ...[
      columns.map(({ title }) => escapeMarkdown(title)),
      columns.map(({ align }) => rules[align]),
      ...body,
    ].map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

/** Plain text with aligned columns and a star after the best values. */
function toText(columns: DrawnColumn[], caption: string): string {
  const marked = columns.map(({ title, align, cells, best }) => {
    const texts = cells.map((cell, i) => best[i] ? `${cell} *` : best.some(Boolean) ? `${cell}  ` : cell);
    const width = Math.max(title.length, ...texts.map((text) => text.length));
    const pad = (text: string) => align === "right" ? text.padStart(width) : text.padEnd(width);
    return [pad(title), "─".repeat(width), ...texts.map(pad)];
  });
  const lines = marked[0].map((_, row) => marked.map((texts) => texts[row]).join("  ").trimEnd());
  return [...caption ? [caption] : [], ...lines].join("\n");
}
