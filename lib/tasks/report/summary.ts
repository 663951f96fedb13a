/** `summary.md`: the run on one page, for GitHub and every editor. */
import { makeSections, warningsOf } from "./sections.ts";
import type { RunFolder } from "./run_folder.ts";

/** The page's title, here and on the site. */
export const reportTitle = "Skin lesions with VGG16: a write-up, reproduced";

/** What must stand on every page about these numbers. */
export const notMedical = "This is a study of a method. It is no medical device.";

/** Markdown; `picture` is the address of the claim's figure, where there is one. */
export function summaryMarkdown(run: RunFolder, options: { picture?: string } = {}): string {
  const sections = makeSections(run);
  const blocks = sections.flatMap(({ title, text, figure }) => [
    `## ${title}`,
    ...(figure && options.picture && title === "What we got"
      ? [`![${figure().alt.replace(/[[\]\\]/g, "\\$&")}](${options.picture})`]
      : []),
    text,
  ]);
  const warnings = warningsOf(run).map((warning) => `> **${warning}**`);
  return `${[`# ${reportTitle}`, ...warnings, notMedical, ...blocks].join("\n\n")}\n`;
}
