/** The site's first page: who reads nothing else knows the claim, the result, the leak and the cost. */
import type { Figure } from "../../figures/figure.ts";
import { percent } from "../../support/format.ts";
import { durationText } from "../../support/pace.ts";
import { figureHtml, type StoredFigure } from "./figure_html.ts";
import { escapeHtml } from "./html.ts";
import { leadOf, titleOf } from "./notebook_text.ts";
import { heading, type PageContent } from "./page.ts";
import { pageProse } from "./prose.ts";
import { asWrittenRun, deeperRun, intervalOf } from "./results.ts";
import type { RunFolder } from "./run_folder.ts";
import { makeSections, totalSeconds, warningsOf } from "./sections.ts";
import type { Pictures } from "./site_files.ts";
import { notMedical, reportTitle } from "./summary.ts";

/** @param options `pages`: page by notebook file */
export async function indexPage(
  run: RunFolder,
  options: { pictures: Pictures; pages: ReadonlyMap<string, string> },
): Promise<PageContent> {
  const prose = pageProse(options.pages);
  const { headings } = prose;
  const parts = [
    heading(reportTitle, { level: 1, headings }),
    `<p class="lead">${notMedical}</p>`,
    glance(run),
  ];
  for (const section of makeSections(run)) {
    parts.push(heading(section.title, { level: 2, headings }));
    if (section.title === "The notebooks") {
      parts.push(notebookList(run));
      continue;
    }
    parts.push(`<section class="prose">${prose.markdown(section.text)}</section>`);
    if (section.figure) {
      const narrow = await stored(section.figure({ width: 480 }));
      parts.push(figureHtml(await stored(section.figure()), options.pictures, { narrow }));
    }
  }
  return {
    file: "index.html",
    title: reportTitle,
    warnings: warningsOf(run),
    body: parts.join("\n"),
    headings,
  };
}

async function stored(figure: Figure): Promise<StoredFigure> {
  return { spec: figure.spec, alt: figure.alt, png: await figure.toPng() };
}

/** Four numbers, each with what it is. */
function glance(run: RunFolder): string {
  const { results } = run;
  if (!results) return "";
  const [frozen, deeper] = [asWrittenRun(results), deeperRun(results)];
  const interval = frozen && intervalOf(results, frozen);
  const all = results.leakage?.against9600?.at(-1);
  const seconds = totalSeconds(run);
  const cards: [string, string, string][] = [
    ["Claimed", percent(results.claimed.accuracy), "test accuracy, says the write-up"],
    ...(frozen
      ? [[
        "Measured",
        percent(frozen.test.accuracy),
        `as written${
          interval ? `; 95 % interval ${percent(interval.low)} to ${percent(interval.high)}` : ""
        }`,
      ] as [string, string, string]]
      : []),
    ...(deeper
      ? [
        [
          "Trained deeper",
          percent(deeper.test.accuracy),
          `from ${deeper.depth} on, on the same test`,
        ] as [
          string,
          string,
          string,
        ],
      ]
      : []),
    ...(all
      ? [
        ["Leaked", percent(all.copyShare), "of the test images have a copy in training"] as [
          string,
          string,
          string,
        ],
      ]
      : []),
    ...(seconds > 0
      ? [["Cost", durationText(seconds), `of computing${threadsText(results.engine?.threads)}`] as [
        string,
        string,
        string,
      ]]
      : []),
  ];
  const items = cards.map(([name, value, what]) =>
    `<div><dt>${escapeHtml(name)}</dt><dd><strong>${escapeHtml(value)}</strong> ${
      escapeHtml(what)
    }</dd></div>`
  );
  return `<dl class="glance">\n${items.join("\n")}\n</dl>`;
}

function threadsText(threads: number | undefined): string {
  return threads ? ` on ${threads} CPU thread${threads === 1 ? "" : "s"}` : "";
}

function notebookList({ notebooks }: RunFolder): string {
  const items = notebooks.map(({ name, notebook }) =>
    `<li><a href="${name}.html">${escapeHtml(titleOf(notebook, name))}</a> ${
      escapeHtml(leadOf(notebook))
    }</li>`
  );
  return `<ul class="pages">\n${items.join("\n")}\n</ul>`;
}
