/** A plain HTML page for tables: no script, nothing loaded from elsewhere. */
import type { Table } from "../figures/table.ts";
import { escapeMarkup } from "../support/format.ts";

/** A table in a frame that scrolls. */
export function framed({ html }: Pick<Table, "html">): string {
  return `<div class="table" tabindex="0" role="group" aria-label="Table">\n${html}\n</div>`;
}

/**
 * @param body markup below the title
 * @param options `width`: largest width of the text, in rem; `style`: further CSS rules
 */
export function plainPage(
  title: string,
  body: string,
  { width, style = "" }: { width: number; style?: string },
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeMarkup(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:${width}rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}th,td{white-space:nowrap;padding:.2rem .7rem;border-bottom:1px solid #8886}
.table{overflow-x:auto}${style}</style>
</head>
<body>
<h1>${escapeMarkup(title)}</h1>
${body}
</body>
</html>
`;
}
