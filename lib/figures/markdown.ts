/** Computed prose: Markdown as the result of a cell. */
import { display, type Displayed } from "./display.ts";
import { escapeMarkdown } from "../support/format.ts";

/** Shows Markdown text; `plain` is for where a front end does not know Markdown (default: the text as it is). */
export function markdown(text: string, plain = text): Displayed {
  return { [display]: () => ({ "text/markdown": text, "text/plain": plain }) };
}

/** What a notebook runs on, for its first cell, one plain line each; SYNTHETIC and SEEDED RANDOM are in bold. */
export function aboutRun(...lines: string[]): Displayed {
  const marked = lines.map((line) => escapeMarkdown(line).replace(/SYNTHETIC|SEEDED RANDOM/g, "**$&**"));
  return markdown(marked.join("  \n"), lines.join("\n"));
}
