/**
 * The static site: a first page, a page for each notebook and for the honest model's card and checklists, and a few shared files.
 * It also works when it is opened from a disk.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Figure } from "../../figures/figure.ts";
import { darkColors } from "../../figures/palette.ts";
import { writeFolderAtomic } from "../../support/atomic.ts";
import { pageProse } from "./html.ts";
import { notebookPage } from "./notebook_page.ts";
import { figureHtml, notMedical, type PageContent, pageHtml, type Pictures, reportTitle } from "./page.ts";
import { publishable } from "./publish.ts";
import {
  glance,
  hasResults,
  isSynthetic,
  mainFigure,
  makeSections,
  type Section,
  warningsOf,
} from "./sections.ts";
import { readRun, type StoredRun } from "./stored_run.ts";
import { escapeHtml } from "../../support/format.ts";

/**
 * Makes the site of a run or of a published report. Nothing is computed, so it takes seconds. Photos and this machine's paths are
 * left out, so the site may be published.
 *
 * @param source a run's folder, or a published report's
 * @param target is replaced as a whole: no old page stays, and an interrupted call leaves the old site
 * @returns paths of the site's files, relative to `target`
 * @throws {RangeError} if the source has no executed notebook
 */
export async function writeSite(source: string, target: string): Promise<string[]> {
  const run = await readRun(source);
  run.notebooks = await Promise.all(run.notebooks.map(publishable));
  const files = new Map<string, string | Uint8Array>(await assets());
  const picturesOf = (page: string): Pictures => {
    let count = 0;
    return {
      add(bytes, extension) {
        const path = `pictures/${page}-${++count}.${extension}`;
        files.set(path, bytes);
        return path;
      },
    };
  };
  const pages = new Map([
    ...run.notebooks.map(({ name }) => [`${name}.ipynb`, `${name}.html`] as const),
    ...run.documents.map(({ file }) => [file, pageOf(file)] as const),
  ]);
  const warnings = hasResults(run) ? warningsOf(run) : [];
  const contents: PageContent[] = [
    await indexPage(run, { pictures: picturesOf("index"), pages }),
    ...run.notebooks.map(({ name, notebook }) =>
      notebookPage(notebook, {
        ...{ name, pictures: picturesOf(name), pages },
        warnings: run.strangers.includes(name) ? [strangerNotice, ...warnings] : warnings,
      })
    ),
    ...run.documents.map((document) => documentPage(document, { pages, warnings })),
  ];
  const links = contents.map(({ file, title }) =>
    file === "index.html"
      ? { file, title: "Results", short: "Results" }
      : { file, title, short: title.split(/[:,]/)[0] }
  );
  const photos = isSynthetic(run)
    ? "All pictures are drawn."
    : run.results?.ham10000
    ? "Photos: HAM10000 (Tschandl, Rosendahl & Kittler 2018), CC BY-NC 4.0; none is shown here."
    : "Photos are not shown here.";
  for (const page of contents) files.set(page.file, pageHtml(page, links, { photos }));
  await writeFolderAtomic(target, async (fresh) => {
    for (const [path, content] of files) {
      await Deno.mkdir(dirname(join(fresh, path)), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(join(fresh, path), bytes);
    }
  });
  return [...files.keys()];
}

const strangerNotice =
  "This notebook does not belong to the run that the other pages show: it was executed with other settings, or by an earlier version of the " +
  "project. Its code may not run any more, and its numbers may differ from theirs.";

/** The first page: the main result as one figure and one table, then the sections. */
async function indexPage(
  run: StoredRun,
  { pictures, pages }: { pictures: Pictures; pages: ReadonlyMap<string, string> },
): Promise<PageContent> {
  const prose = pageProse(pages);
  const items = glance(run).map(({ name, value, what }) =>
    `<div><dt>${name}</dt><dd><strong>${escapeHtml(value)}</strong> <span>${
      escapeHtml(what)
    }</span></dd></div>`
  );
  const stored = async ({ spec, alt, toPng }: Figure) => ({ spec, alt, png: await toPng() });
  const drawn = async (figure: Section["figure"] | null) =>
    figure ? figureHtml([await stored(figure()), await stored(figure({ width: 480 }))], pictures) : "";
  const parts = [
    prose.heading(reportTitle, 1),
    `<p class="note">${notMedical}</p>`,
    await drawn(mainFigure(run)),
    items.length === 0 ? "" : `<dl class="glance">\n${items.join("\n")}\n</dl>`,
  ];
  for (const { title, text, figure } of makeSections(run)) {
    parts.push(prose.heading(title, 2), `<section class="prose">${prose.markdown(text)}</section>`);
    parts.push(await drawn(figure));
  }
  return {
    file: "index.html",
    title: reportTitle,
    warnings: warningsOf(run),
    body: parts.join("\n"),
    headings: prose.headings,
  };
}

/** A Markdown file of the run, such as the model card. */
function documentPage(
  { file, markdown }: StoredRun["documents"][number],
  { pages, warnings }: { pages: ReadonlyMap<string, string>; warnings: string[] },
): PageContent {
  const { headings, ...prose } = pageProse(pages);
  const body = `<section class="prose">${prose.markdown(markdown)}</section>`;
  return { file: pageOf(file), title: headings[0]?.text ?? file, warnings, body, headings };
}

function pageOf(markdownFile: string): string {
  return markdownFile.replace(/\.md$/, ".html");
}

/** Style sheet, scripts and fonts. The colours of figures on a dark page come from the palette. */
async function assets(): Promise<[path: string, content: string | Uint8Array][]> {
  const own = (name: string) => Deno.readTextFile(new URL(`assets/${name}`, import.meta.url));
  const { resolve } = createRequire(import.meta.url);
  const font = (weight: number) => resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
  const colors = `globalThis.darkColors = ${JSON.stringify(darkColors)};\n`;
  return [
    ["assets/style.css", await own("style.css")],
    ["assets/theme.js", await own("theme.js")],
    ["assets/icon.svg", await own("icon.svg")],
    ["assets/figures.js", colors + await own("figures.js")],
    ["assets/plotly.min.js", await Deno.readFile(resolve("plotly.js-dist-min/plotly.min.js"))],
    ["assets/inter-400.woff2", await Deno.readFile(font(400))],
    ["assets/inter-600.woff2", await Deno.readFile(font(600))],
  ];
}
