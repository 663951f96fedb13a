/** An executed notebook as a page: its text, its code with what each cell showed. */
import { type CodeCell, type Notebook } from "../../support/notebook/ipynb.ts";
import { findStop, stopText, withoutStopNotice } from "../../support/notebook/stop_notice.ts";
import { highlight } from "./code.ts";
import { escapeHtml } from "./html.ts";
import { titleOf } from "./notebook_text.ts";
import { type OutputContext, outputHtml } from "./output_html.ts";
import { heading, type PageContent } from "./page.ts";
import { pageProse } from "./prose.ts";
import type { Pictures } from "./site_files.ts";

export interface NotebookPageOptions {
  /** The notebook's name, without `.ipynb`. */
  name: string;
  pictures: Pictures;
  /** Pages by notebook file, for links between them. */
  pages: ReadonlyMap<string, string>;
  /** Of the whole run, shown above the page. */
  warnings: string[];
}

/** Cells in order; cells without code are left out. A notebook that stopped says so first. */
export function notebookPage(notebook: Notebook, options: NotebookPageOptions): PageContent {
  const { name, pictures, pages } = options;
  const prose = pageProse(pages);
  const context: OutputContext = { prose, pictures };
  const stop = findStop(notebook);
  const title = titleOf(notebook, name);
  const { cells } = withoutStopNotice(notebook);
  const startsWithTitle = /^\s*# /.test(cells.find(({ source }) => source.trim() !== "")?.source ?? "");
  const before = startsWithTitle ? [] : [heading(title, { level: 1, headings: prose.headings })];
  const parts = cells.filter(({ source }) => source.trim() !== "").map((cell) => {
    if (cell.cell_type === "code") return codeCellHtml(cell, context);
    return cell.cell_type === "markdown"
      ? `<section class="prose">${prose.markdown(cell.source)}</section>`
      : "";
  });
  return {
    file: `${name}.html`,
    title,
    warnings: [
      ...(stop ? [`This notebook did not run to its end. ${stopText(stop)}`] : []),
      ...options.warnings,
    ],
    body: [...before, ...parts].join("\n"),
    headings: prose.headings,
  };
}

function codeCellHtml(cell: CodeCell, context: OutputContext): string {
  const outputs = cell.outputs.map((output) => outputHtml(output, context)).filter(Boolean);
  const count = cell.execution_count ?? " ";
  const label = cell.execution_count === null ? "Code that has not run" : `Code, cell ${count}`;
  return `<div class="cell">
<div class="source"><span class="count" aria-hidden="true">[${count}]</span><pre tabindex="0" role="group" aria-label="${
    escapeHtml(label)
  }"><code class="hljs">${highlight(cell.source, "typescript")}</code></pre></div>
${outputs.length > 0 ? `<div class="outputs">\n${outputs.join("\n")}\n</div>` : ""}
</div>`;
}
