/** What a notebook calls itself, and what it says it is about. */
import type { Notebook } from "../../support/notebook/ipynb.ts";
import { withoutStopNotice } from "../../support/notebook/stop_notice.ts";

/** Its first heading; the name where it has none. Plain text. */
export function titleOf(notebook: Notebook, name: string): string {
  const heading = textsOf(notebook).flatMap((text) => text.split("\n")).find((line) => /^# /.test(line));
  return heading ? plain(heading.slice(2)) : name;
}

/** Its first words under its first heading: a sentence, or two where the first is short; or "". Plain text. */
export function leadOf(notebook: Notebook): string {
  const [first = ""] = textsOf(notebook);
  const paragraph = first.split(/\n\s*\n/).find((block) =>
    !/^\s*(?:[#>|]|```)/.test(block) && block.trim() !== ""
  );
  const sentences = plain(paragraph ?? "").match(/.+?[.!?:](?=\s|$)/g) ?? [];
  const [one = plain(paragraph ?? ""), two = ""] = sentences.map((sentence) => sentence.trim());
  return (one.length < 60 && two ? `${one} ${two}` : one).replace(/:$/, ".");
}

function textsOf(notebook: Notebook): string[] {
  return withoutStopNotice(notebook).cells.filter((cell) => cell.cell_type === "markdown").map(({ source }) =>
    source
  );
}

function plain(markdown: string): string {
  return markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*_`]/g, "").replace(/\s+/g, " ").trim();
}
