/** The pages in a browser: as a reader meets them, narrow and wide, by day and by night, on paper, without scripts. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { BrowserContext, ElementHandle, Page } from "puppeteer-core";
import { projectRoot } from "../../../lib/support/project.ts";
import { writeSite } from "../../../lib/tasks/report/site.ts";
import { browserTests, type Misdeeds, watchedPage } from "./chromium.ts";
import { drawnResults, executed, shown, tinyPng, writeRun } from "./drawn_run.ts";
import { inFolder, lastingFolder } from "../../support/temporary_folder.ts";

const report = join(projectRoot, "outputs/report");
/** What decides the layout, and what decides the colours: not each with each. A page that is not loaded anew follows. */
const views = [
  { width: 400, theme: "light", isLoaded: true },
  { width: 1000, theme: "dark", isLoaded: true },
  { width: 1000, theme: "light", isLoaded: false },
  { width: 1600, theme: "light", isLoaded: false },
];

/** Waits until figures.js has drawn what it can, in the page's colours, and made it fit. */
async function drawn(page: Page): Promise<void> {
  await page.waitForFunction(
    `!document.querySelector("figure.figure") || document.documentElement.dataset.figures === "drawn" &&
      [...document.querySelectorAll("figure.drawn .interactive")].every((plot) =>
        plot.querySelector(".main-svg").style.background === getComputedStyle(document.body).backgroundColor)`,
    { timeout: 60_000 },
  );
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
}

/** What one page shows, measured in the browser. */
const measure = `(() => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("main *")].filter((node) => {
    if (node.closest(".frame, .table, pre, svg")) return false;
    const box = node.getBoundingClientRect();
    return box.width > 0 && (box.right > root.clientWidth + 1 || box.left < -1);
  });
  const figures = [...document.querySelectorAll("figure.figure")].map((figure) => {
    const plot = figure.querySelector(".interactive > div");
    const marks = figure.querySelectorAll(
      ".point path, .scatterlayer .lines path, .scatterlayer .points path, .heatmaplayer image");
    const frame = figure.querySelector(".frame").getBoundingClientRect();
    const box = plot?.querySelector(".main-svg")?.getBoundingClientRect();
    return {
      isDrawn: figure.classList.contains("drawn"),
      marks: marks.length,
      width: box?.width ?? 0,
      fits: Boolean(box) && (box.width <= frame.width + 1 || frame.width < 700),
      background: plot?.querySelector(".main-svg")?.style.background,
    };
  });
  return {
    overflow: root.scrollWidth - root.clientWidth,
    wide: wide.map((node) => node.outerHTML.slice(0, 80)),
    stuck: [...document.querySelectorAll(".frame, .table, nav ol")].filter((node) =>
      node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).overflowX !== "auto"
    ).map((node) => node.outerHTML.slice(0, 80)),
    titleTop: document.querySelector("h1").getBoundingClientRect().top,
    cut: [...document.querySelectorAll("main :is(th, td)")].filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
      .map((cell) => cell.textContent.slice(0, 80)),
    figures,
    paper: getComputedStyle(document.body).backgroundColor,
  };
})()`;

interface Measured {
  overflow: number;
  wide: string[];
  /** What is wider than its frame and cannot be scrolled. */
  stuck: string[];
  /** Pixels above the page's title. */
  titleTop: number;
  cut: string[];
  paper: string;
  figures: { isDrawn: boolean; marks: number; width: number; fits: boolean; background: string }[];
}

/**
 * What axe finds. Of plotly's drawing the frame's label speaks; its letters are measured with the figures. Style sheets are not fetched
 * again (`preload`), which the pages' policy forbids.
 */
async function violations(page: Page, axe: string): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(
    `axe.run({ exclude: [".interactive"] }, { preload: false }).then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ": " + nodes.map(({ html }) => html.slice(0, 100)).slice(0, 3).join(" | ")))`,
  ) as string[];
}

/** Moves the mouse over the largest mark of each figure and returns the hover labels' texts. */
async function hoverTexts(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const figure of await page.$$("figure.figure")) {
    await figure.evaluate((node) =>
      (node as unknown as { scrollIntoView(o: object): void }).scrollIntoView({ block: "center" })
    );
    const marks = await figure.$$(".barlayer .point path, .scatterlayer .points path, .heatmaplayer image");
    if (marks.length === 0) marks.push(...await figure.$$(".scatterlayer .lines path"));
    const boxes = await Promise.all(marks.slice(0, 40).map((mark) => mark.boundingBox()));
    const areas = boxes.map((box) => box ? box.width * box.height : 0);
    const largest = areas.indexOf(Math.max(...areas)); // a bar of seven photos is thinner than a pixel
    const [mark, box] = [marks[largest], boxes[largest]];
    const share = await mark.evaluate((node) =>
        (node as unknown as { nodeName: string }).nodeName === "image"
      )
      ? 0.07
      : 0.5;
    // A line is only near the middle of its box: several heights are tried, and points along it.
    const x = box!.x + box!.width * Math.min(share, 0.5);
    const places = [share, 0.1, 0.2, 0.3, 0.7, 0.9].map((height) => ({
      x,
      y: box!.y + box!.height * height,
    }));
    places.push(...await alongPath(mark));
    for (const [{ x, y }, timeout] of [300, 2000].flatMap((ms) => places.map((at) => [at, ms] as const))) { // a slow machine
      await page.mouse.move(x, y);
      await page.waitForSelector(".hoverlayer .hovertext", { timeout }).catch(() => null);
      const text = await figure.$$eval(
        ".hoverlayer .hovertext",
        (nodes) => nodes.map((node) => (node as unknown as { textContent: string }).textContent).join(" "),
      );
      if (text) {
        found.push(text);
        break;
      }
    }
  }
  return found;
}

/** Places on the screen that lie on a mark's outline; none for a picture. */
async function alongPath(mark: ElementHandle): Promise<{ x: number; y: number }[]> {
  return await mark.evaluate((node) => {
    const path = node as unknown as {
      getTotalLength?(): number;
      getPointAtLength(length: number): { x: number; y: number };
      getScreenCTM(): { a: number; d: number; e: number; f: number };
    };
    if (!path.getTotalLength) return [];
    const { a, d, e, f } = path.getScreenCTM();
    return [0.02, 0.1, 0.25, 0.5, 0.75].map((share) => {
      const { x, y } = path.getPointAtLength(share * path.getTotalLength!());
      return { x: a * x + e, y: d * y + f };
    });
  });
}

interface Site {
  root: string;
  files: string[];
  misdeeds: Misdeeds;
}

async function inPages(
  browser: BrowserContext,
  { folder, files }: { folder: string; files: string[] },
  test: (page: Page, site: Site) => Promise<void>,
): Promise<void> {
  const root = `file://${folder}/`;
  const { page, misdeeds } = await watchedPage(browser, root);
  await test(page, { root, files, misdeeds });
}

const reportFolder = await lastingFolder();
let reportFiles: Promise<string[]> | undefined;

/** Pages of the committed report, made once. */
async function inReport(
  browser: BrowserContext,
  test: (page: Page, site: Site) => Promise<void>,
): Promise<void> {
  const files = await (reportFiles ??= writeSite(report, reportFolder));
  await inPages(browser, { folder: reportFolder, files }, test);
}

const pagesOf = (files: string[]) => files.filter((name) => name.endsWith(".html")).sort();

browserTests({
  "every page at 400, 1,000 and 1,600 pixels, light and dark: no error, no request outside, no overflow, all figures drawn, nothing against WCAG 2.2 AA; hovering shows a mark's value on every figure, also where it is drawn smaller":
    async (
      browser,
    ) => {
      const axe = await Deno.readTextFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"));
      await inReport(browser, async (page, { root, files, misdeeds }) => {
        for (const file of pagesOf(files)) {
          for (const { width, theme, isLoaded } of views) {
            await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
            await page.setViewport({ width, height: 900 });
            if (isLoaded) await page.goto(root + file);
            await drawn(page);
            const place = `${file}, ${width} pixels, ${theme}`;
            const { overflow, wide, stuck, cut, titleTop, figures, paper } = await page.evaluate(
              measure,
            ) as Measured;
            const good = { overflow: 0, wide: [], stuck: [], cut: [], errors: [], outside: [] };
            assert.deepEqual({ overflow, wide, stuck, cut, ...misdeeds }, good, place);
            assert.ok(titleTop < 350, `the title is on the first screen: ${place}`);
            for (const [i, figure] of figures.entries()) {
              assert.ok(
                figure.isDrawn && figure.marks > 0 && figure.fits,
                `${place}, figure ${i + 1}: ${JSON.stringify(figure)}`,
              );
              assert.equal(figure.background, paper, place);
            }
            if (width === 1000) assert.deepEqual(await violations(page, axe), [], place);
            if (theme === "light" && (width === 1000 || width === 400 && file === "index.html")) {
              assert.equal((await hoverTexts(page)).length, figures.length, place);
              await page.mouse.move(0, 0);
            }
          }
        }
      });
    },

  "by keyboard: the first key leads to the content, the theme's button works and is remembered, figures can be scrolled":
    async (
      browser,
    ) => {
      await inReport(browser, async (page, { root }) => {
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "light" }]);
        await page.goto(`${root}index.html`);
        await drawn(page);
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate("document.activeElement.textContent"), "To the content");
        await page.keyboard.press("Enter");
        assert.equal(await page.evaluate("document.activeElement.id"), "content");
        await page.focus("button.theme");
        await page.keyboard.press("Enter");
        const dark = "rgb(22, 25, 29)";
        assert.equal(await page.evaluate("getComputedStyle(document.body).backgroundColor"), dark);
        await drawn(page);
        assert.equal(await page.evaluate(`document.querySelector(".main-svg").style.background`), dark);
        await page.goto(`${root}01_eda.html`);
        assert.equal(await page.evaluate("getComputedStyle(document.body).backgroundColor"), dark);
        assert.equal(await page.$eval(".frame", (node) => node.getAttribute("tabindex")), "0");
      });
    },

  "without scripts every figure is a picture, and so it is on paper, where no table is wider than the sheet":
    async (browser) => {
      await inReport(browser, async (page, { root, files }) => {
        const seen = `[...document.querySelectorAll("figure.figure")].map((figure) => ({
        picture: figure.querySelector("img.static").getBoundingClientRect().width > 300 &&
          figure.querySelector("img.static").naturalWidth > 0,
        interactive: (figure.querySelector(".interactive")?.getBoundingClientRect().width ?? 0) > 0,
      }))`;
        const allPictures = async () => {
          const figures = await page.evaluate(seen) as { picture: boolean; interactive: boolean }[];
          assert.ok(
            figures.length > 0 && figures.every((figure) => figure.picture && !figure.interactive),
            JSON.stringify(figures),
          );
        };
        await page.setJavaScriptEnabled(false);
        await page.goto(`${root}05_final_evaluation.html`);
        await allPictures();
        await page.setJavaScriptEnabled(true);
        await page.goto(`${root}05_final_evaluation.html`);
        await drawn(page);
        await page.emulateMediaType("print");
        await allPictures();
        const pdf = await page.pdf({ format: "A4" });
        assert.ok(pdf.length > 100_000);
        const sheet = 718; // A4 without Chromium's margins, in CSS pixels
        await page.setViewport({ width: sheet, height: 1000 });
        for (const file of pagesOf(files)) {
          await page.goto(root + file);
          const rights = await page.$$eval(
            "table",
            (all) => all.map((one) => one.getBoundingClientRect().right),
          );
          assert.ok(rights.every((right) => right <= sheet), `${file}: ${rights}`);
        }
        await page.goto(`${root}05_final_evaluation.html`);
        const height = await page.$eval("figure img", (tall) => {
          (tall as HTMLElement).style.aspectRatio = "1 / 9";
          return tall.getBoundingClientRect().height;
        });
        assert.ok(height > 600 && height < 880, `a tall picture on one sheet of 1,050 pixels: ${height}`);
      });
    },

  "nothing that a cell plants runs or is loaded, through the page's cleaning and through its policy": async (
    browser,
  ) => {
    await inFolder(async (folder) => {
      const html = `<script>globalThis.planted = 1</script><img src=x onerror="globalThis.planted = 2">
        <svg onload="globalThis.planted = 3"></svg><img src="http://127.0.0.1:9/planted.png">
        <iframe src="http://127.0.0.1:9/planted"></iframe><style>@import "http://127.0.0.1:9/planted.css";</style>
        <p style="background:url(http://127.0.0.1:9/planted)">kept text</p><a href="javascript:globalThis.planted = 4">a link</a>`;
      const spec = {
        data: [{ type: "bar", x: [1], y: [2], text: ['<a href="javascript:globalThis.planted = 5">x</a>'] }],
        layout: {
          width: 300,
          height: 200,
          images: [{ source: "http://127.0.0.1:9/planted.png", sizex: 1, sizey: 1 }],
        },
      };
      const closing = {
        type: "bar",
        name: "</script><script>globalThis.planted = 6</script>",
        x: [1],
        y: [1],
      };
      const notebook = executed("# Harmless\n\n<script>globalThis.planted = 7</script>", {
        source: '"</code></pre><script>globalThis.planted = 8</script>"',
        outputs: [
          shown({ "text/html": html }),
          shown({ "text/markdown": html }),
          shown({
            "image/svg+xml":
              '<svg xmlns="http://www.w3.org/2000/svg"><script>parent.planted = 9</script></svg>',
          }),
          shown({ "text/plain": html }),
          shown({
            "application/vnd.plotly.v1+json": spec,
            "image/png": tinyPng,
            "text/plain": '"><script>planted = 10</script>',
          }),
          shown({ "application/vnd.plotly.v1+json": { data: [closing], layout: {} }, "image/png": tinyPng }),
          shown({ "application/javascript": "globalThis.planted = 11" }),
          { output_type: "stream", name: "stdout", text: html },
          { output_type: "error", ename: "E", evalue: html, traceback: [html] },
        ],
      });
      const run = await writeRun(join(folder, "run"), {
        notebooks: { "01_planted": notebook },
        results: drawnResults(),
      });
      const site = join(folder, "site");
      const files = await writeSite(run, site);
      await inPages(browser, { folder: site, files }, async (page, { root, misdeeds }) => {
        await page.goto(`${root}01_planted.html`);
        await drawn(page);
        await page.evaluate(
          "document.querySelectorAll('.cell a').forEach((link) => link.dispatchEvent(new MouseEvent('click')))",
        );
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal(await page.evaluate("globalThis.planted"), undefined);
        assert.deepEqual(misdeeds.outside, []);
        assert.equal((await page.$$("figure.drawn")).length, 1); // the one without a picture from elsewhere
        assert.match(
          await page.$eval("main", (node) => (node as unknown as { innerText: string }).innerText),
          /kept text/,
        );
        // What would come past the cleaning meets the policy.
        await page.goto(`${root}index.html`);
        await page.evaluate(`document.querySelector("main").insertAdjacentHTML("beforeend",
          '<img src="nowhere" onerror="globalThis.planted = 12"><iframe srcdoc="<script>parent.planted = 13</' + 'script>"></iframe>')`);
        await page.evaluate(`(() => {
          const script = document.createElement("script");
          script.textContent = "globalThis.planted = 14";
          document.body.append(script);
        })()`);
        let received = 0;
        await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
          received++;
          return new Response("", { headers: { "access-control-allow-origin": "*" } });
        });
        const outside = `http://127.0.0.1:${server.addr.port}/`;
        const send = `fetch("${outside}").then(() => "sent", (error) => error.name)`;
        assert.equal(await page.evaluate(send), "TypeError");
        await page.evaluate(`document.body.append(Object.assign(new Image(), { src: "${outside}" }))`);
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.equal(received, 0);
        assert.equal(await page.evaluate("globalThis.planted"), undefined);
        assert.ok(
          misdeeds.errors.some((text) => /Content Security Policy/.test(text)),
          misdeeds.errors.join("\n"),
        );
      });
    });
  },
});
