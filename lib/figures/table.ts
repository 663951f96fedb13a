/** Tables that read well in every front end: VS Code, JupyterLab, GitHub, a terminal. */
import { display, type Displayed, type MimeBundle } from "./display.ts";
import { decimals, escapeMarkdown, escapeMarkup, thousands } from "../support/format.ts";
import { syntheticMark } from "./theme.ts";

/** A cell's value; null is shown as "–". */
export type CellValue = string | number | boolean | null | undefined;

/** One column. */
export interface Column<Row> {
  /** The field to show, or a function of the row. */
  value: keyof Row | ((row: Row) => CellValue);
  /** The column's head. */
  title: string;
  /** Default: thousands separators in a column of whole numbers, else three decimals. */
  format?(value: CellValue): string; // a method, so that a function of numbers alone fits too
  /** Default: right for columns of numbers, else left. */
  align?: "left" | "right" | "center";
  /** Marks the best numbers of the column in bold: the largest or the smallest. */
  best?: "max" | "min";
  /** How sure the number is: a column of its own beside it, so that the numbers stay under each other. */
  spread?: {
    /** Says which interval, or what the spread is of: "95 % interval", "± SD of 5 seeds". */
    title: string;
    /** Ends of an interval, or a spread to both sides; null: not known. Written as the column's numbers are. */
    of(row: Row): { low: number; high: number } | number | null | undefined;
  };
}

/** A table; as the last expression of a notebook cell it is shown. */
export interface Table extends Displayed {
  html: string;
  markdown: string;
  text: string;
  [display](): MimeBundle;
}

/**
 * Makes a table.
 *
 * HTML that needs no style sheet: it looks alike in front ends that bring their own.
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
  const html = toHtml(drawn, rows.length, caption);
  const markdown = toMarkdown(drawn, rows.length, caption);
  const text = toText(drawn, rows.length, caption);
  return {
    html,
    markdown,
    text,
    [display]: () => ({ "text/html": html, "text/markdown": markdown, "text/plain": text }),
  };
}

interface DrawnColumn {
  title: string;
  align: "left" | "right" | "center";
  cells: string[];
  best: boolean[];
}

function drawColumn<Row>(rows: readonly Row[], column: Column<Row>): DrawnColumn {
  const { value, title } = column;
  const values = rows.map((row) => typeof value === "function" ? value(row) : row[value] as CellValue);
  const numbers = values.filter((cell) => typeof cell === "number" && Number.isFinite(cell)) as number[];
  const known = values.filter((cell) => cell !== null && cell !== undefined);
  const numeric = known.length > 0 && known.every((cell) => typeof cell === "number");
  const whole = numbers.every(Number.isInteger);
  const format = column.format ??
    ((cell) => typeof cell === "number" ? formatNumber(cell, whole) : String(cell));
  const extreme = column.best === "max"
    ? Math.max(...numbers)
    : column.best === "min"
    ? Math.min(...numbers)
    : NaN;
  return {
    title,
    align: column.align ?? (numeric ? "right" : "left"),
    cells: values.map((cell) => cell === null || cell === undefined ? "–" : format(cell)),
    best: values.map((cell) => numbers.length > 1 && cell === extreme),
  };
}

function drawSpread<Row>(rows: readonly Row[], column: Column<Row>): DrawnColumn {
  const { title, of } = column.spread!;
  const write = column.format ?? ((cell: CellValue) => formatNumber(Number(cell), false));
  const cells = rows.map((row) => {
    const spread = of(row);
    if (spread === null || spread === undefined) return "–";
    return typeof spread === "number"
      ? `± ${write(spread)}`
      : intervalText(write(spread.low), write(spread.high));
  });
  return { title, align: "right", cells, best: cells.map(() => false) };
}

/** "61.8 – 65.7 %": the unit is written once. */
function intervalText(low: string, high: string): string {
  const unit = high.match(/\u00a0\D+$/)?.[0] ?? "";
  return `${unit && low.endsWith(unit) ? low.slice(0, -unit.length) : low} – ${high}`;
}

function formatNumber(value: number, whole: boolean): string {
  return whole ? thousands(value) : decimals(value);
}

function toHtml(columns: DrawnColumn[], rows: number, caption: string): string {
  const line = (cell: (column: DrawnColumn) => string) => `<tr>${columns.map(cell).join("")}</tr>`;
  // A head without words is no head: a screen reader would read "blank" before every cell.
  const head = ({ title, align }: DrawnColumn) =>
    title ? `<th scope="col" ${aligned(align)}>${escapeMarkup(title)}</th>` : "<td></td>";
  const body = Array.from({ length: rows }, (_, i) =>
    line(({ cells, best, align }) => {
      const cell = escapeMarkup(cells[i]);
      return `<td ${aligned(align)}>${best[i] ? `<b>${cell}</b>` : cell}</td>`;
    }));
  return [
    ...caption ? [`<p>${escapeMarkup(caption)}</p>`] : [], // GitHub shows a <caption> below or not at all
    "<table>",
    `<thead>${line(head)}</thead>`,
    "<tbody>",
    ...body,
    "</tbody>",
    "</table>",
  ].join("\n");
}

/** Twice: GitHub removes styles, and JupyterLab's own style, right for every cell, goes before the attribute. */
function aligned(align: DrawnColumn["align"]): string {
  return `align="${align}" style="text-align: ${align}"`;
}

function toMarkdown(columns: DrawnColumn[], rows: number, caption: string): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const rule = { left: ":--", right: "--:", center: ":-:" };
  return [
    ...caption ? [escapeMarkdown(caption), ""] : [],
    line(columns.map(({ title }) => escapeMarkdown(title))),
    line(columns.map(({ align }) => rule[align])),
    ...Array.from(
      { length: rows },
      (_, i) =>
        line(
          columns.map(({ cells, best }) =>
            best[i] ? `**${escapeMarkdown(cells[i])}**` : escapeMarkdown(cells[i])
          ),
        ),
    ),
  ].join("\n");
}

function toText(columns: DrawnColumn[], rows: number, caption: string): string {
  const marked = columns.map(({ title, align, cells, best }) => {
    const texts = cells.map((cell, i) => best[i] ? `${cell} *` : best.some(Boolean) ? `${cell}  ` : cell);
    const width = Math.max(title.length, ...texts.map((text) => text.length));
    const pad = (text: string) =>
      align === "right"
        ? text.padStart(width)
        : align === "center"
        ? text.padStart(Math.ceil((width + text.length) / 2)).padEnd(width)
        : text.padEnd(width);
    return { head: pad(title), rule: "─".repeat(width), texts: texts.map(pad) };
  });
  return [
    ...caption ? [caption] : [],
    marked.map(({ head }) => head).join("  "),
    marked.map(({ rule }) => rule).join("  "),
    ...Array.from({ length: rows }, (_, i) => marked.map(({ texts }) => texts[i]).join("  ")),
  ].map((line) => line.trimEnd()).join("\n");
}
