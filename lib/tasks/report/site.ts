/** The site: a first page, a page a notebook, and the few files that they share. Static; works from a disk. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { darkColors } from "../../figures/palette.ts";
import { withoutPhotos } from "../../support/notebook/photos.ts";
import { indexPage } from "./index_page.ts";
import { titleOf } from "./notebook_text.ts";
import { withoutMachinePaths } from "./machine_paths.ts";
import { notebookPage } from "./notebook_page.ts";
import { type PageContent, pageHtml, type PageLink } from "./page.ts";
import { readRunFolder } from "./run_folder.ts";
import { warningsOf } from "./sections.ts";
import { picturesOf, type SiteFiles, writeSiteFiles } from "./site_files.ts";

/**
 * Makes the site of a run or of a published report. Nothing is computed: it takes seconds. Photos and this machine's paths
 * are left out, so that the site may be shown.
 *
 * @param source a run's folder, or a published report's
 * @param target is replaced as a whole
 * @returns the site's files, by path within it
 * @throws {RangeError} where the source has no executed notebook
 */
export async function writeSite(source: string, target: string): Promise<string[]> {
  const run = await readRunFolder(source);
  run.notebooks = await Promise.all(
    run.notebooks.map(async ({ name, notebook }) => ({
      name,
      notebook: withoutMachinePaths(await withoutPhotos(notebook)),
    })),
  );
  const files: SiteFiles = new Map();
  const pages = new Map(run.notebooks.map(({ name }) => [`${name}.ipynb`, `${name}.html`]));
  const links: PageLink[] = [
    { file: "index.html", title: "Results", short: "Results" },
    ...run.notebooks.map(({ name, notebook }) => {
      const title = titleOf(notebook, name);
      return { file: `${name}.html`, title, short: title.split(/[:,]/)[0] };
    }),
  ];
  const warnings = run.results ? warningsOf(run) : [];
  const contents: PageContent[] = [
    await indexPage(run, { pictures: picturesOf(files, "index"), pages }),
    ...run.notebooks.map(({ name, notebook }) =>
      notebookPage(notebook, { name, pictures: picturesOf(files, name), pages, warnings })
    ),
  ];
  for (const page of contents) files.set(page.file, pageHtml(page, links));
  await addAssets(files);
  await writeSiteFiles(files, target);
  return [...files.keys()];
}

/** Style, scripts and letters; the colours that figures have in the dark come from the palette. */
async function addAssets(files: SiteFiles): Promise<void> {
  const own = new URL("assets/", import.meta.url);
  for (const name of ["style.css", "theme.js", "icon.svg"]) {
    files.set(`assets/${name}`, await Deno.readTextFile(new URL(name, own)));
  }
  const figures = await Deno.readTextFile(new URL("figures.js", own));
  files.set("assets/figures.js", `globalThis.darkColors = ${JSON.stringify(darkColors)};\n${figures}`);
  const { resolve } = createRequire(import.meta.url);
  files.set("assets/plotly.min.js", await Deno.readFile(resolve("plotly.js-dist-min/plotly.min.js")));
  for (const weight of [400, 600]) {
    const font = resolve(`@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
    files.set(join("assets", `inter-${weight}.woff2`), await Deno.readFile(font));
  }
}
