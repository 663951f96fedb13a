/** The docs lead where they say: every link to a file that is there, every quoted test to its name in that file. */
import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Measured } from "../lib/evaluation/intervals.ts";
import type { Result, Results } from "../lib/experiment/results.ts";
import type { HonestResults } from "../lib/experiment/honest/results.ts";
import type { HonestScores } from "../lib/experiment/honest/testing.ts";
import type { LeakFreeResults } from "../lib/experiment/leakage/results.ts";
import type { StudyResult } from "../lib/experiment/studies.ts";
import { glanceTable } from "../lib/tasks/report/sections.ts";
import { readRun } from "../lib/tasks/report/stored_run.ts";
import { points, signedPoints, thousands } from "../lib/support/format.ts";
import { readBenchRecord, speedPages } from "./bench/speed_page.ts";
import { projectRoot } from "../lib/support/project.ts";

async function pages(): Promise<string[]> {
  const docs = (await Array.fromAsync(Deno.readDir(join(projectRoot, "docs")))).map(({ name }) =>
    `docs/${name}`
  );
  const names = [
    "README.md",
    "lib/README.md",
    "data/README.md",
    "tests/ABILITIES.md",
    ...docs.filter((name) => name.endsWith(".md")),
  ];
  return names.map((name) => join(projectRoot, name));
}

interface Link {
  text: string;
  /** The file that it leads to. */
  file: URL;
}

/** The relative links of a page's text, pictures among them, outside of blocks of code. */
function linksIn(text: string, page: string): Link[] {
  const prose = text.replace(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/\[([^\]]*)\]\(([^()\s]+)\)/g)]
    .filter(([, , target]) => !/^[a-z]+:|^#/.test(target))
    .map(([, text, target]) => ({ text, file: new URL(target.replace(/#.*/, ""), pathToFileURL(page)) }));
}

/** The rows of a page's tables, without heads. */
function rowsIn(text: string): string[] {
  const lines = text.split("\n");
  return lines.filter((line, index) =>
    line.startsWith("|") && !line.startsWith("| :") && !lines[index + 1]?.startsWith("| :")
  );
}

/** A text in which tables are the same however wide their columns are. */
function cells(text: string): string {
  return text.replace(/\s+/g, " ").replace(/-{2,}/g, "--");
}

/** Whether a source has a text of this name; "…" stands for what the test fills in. */
function hasName(source: string, name: string): boolean {
  const parts = name.split("…").map((part) => part.trim().replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`["'\`]${parts.join(".*")}["'\`]`).test(source);
}

Deno.test("every relative link of the READMEs and the docs leads to an existing file or folder", async () => {
  const broken: string[] = [];
  for (const page of await pages()) {
    for (const { text, file } of linksIn(await Deno.readTextFile(page), page)) {
      if (await Deno.stat(file).then(() => false, () => true)) {
        broken.push(`${page}: [${text}](${file.href})`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

for (const path of ["docs/FAULTS.md", "tests/ABILITIES.md"]) {
  Deno.test(`each row of ${basename(path)} quotes a test, and each quoted test exists in the linked file`, async () => {
    const page = join(projectRoot, path);
    const rows = rowsIn(await Deno.readTextFile(page));
    assert.ok(rows.length > 50, `${rows.length} rows`);
    const wrong: string[] = [];
    for (const row of rows) {
      const tests = linksIn(row, page).filter(({ text }) => /^".*"$/.test(text));
      if (tests.length === 0) wrong.push(`No test is quoted: ${row}`);
      for (const { text, file } of tests) {
        const source = await Deno.readTextFile(file).catch(() => "");
        if (!hasName(source, text.slice(1, -1))) wrong.push(`${text} is not in ${file.pathname}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
}

Deno.test("references.bib holds all DOIs and arXiv ids cited in pages, notebooks and lib/, and nothing uncited", async () => {
  const bibliography = await Deno.readTextFile(join(projectRoot, "docs", "references.bib"));
  const entries = bibliography.matchAll(/^ {2}(doi|eprint|url) += \{(.+)\},$/gm).map(([, , id]) => id)
    .toArray();
  let texts = "";
  for await (
    const path of glob(["*.md", "docs/*.md", "notebooks/*.ipynb", "lib/**/*.ts"], { cwd: projectRoot })
  ) {
    texts += await Deno.readTextFile(join(projectRoot, path));
  }
  texts = texts.replaceAll("%28", "(").replaceAll("%29", ")");
  for (const id of entries) {
    const parts = texts.split(new RegExp(`${RegExp.escape(id)}(?!\\w)`));
    assert.ok(parts.length > 1, `${id} is referred to by nothing`);
    texts = parts.join("");
  }
  const missing = texts.match(/\b10\.\d{4,9}\/\S+|(?:arXiv:|arxiv\.org\/abs\/)\d\S+/g) ?? [];
  assert.deepEqual(missing, [], "not in references.bib");
});

Deno.test("README states the numbers of the committed report", async () => {
  const readme = (await Deno.readTextFile(join(projectRoot, "README.md"))).replace(/\s+/g, " ");
  const report = join(projectRoot, "outputs", "report", "results.json");
  const { runs, chosen, leakage, exposure, baselines, official: asWritten, leakFree, honest } = JSON.parse(
    await Deno.readTextFile(report),
  ) as Results & { leakFree: LeakFreeResults; honest: HonestResults };
  const share = (value: number | null) => `${(100 * value!).toFixed(1)} %`;
  const interval = ({ test }: Result) =>
    `${share(test.interval!.low).slice(0, -2)} to ${share(test.interval!.high)}`;
  const frozen = runs.find(({ depth, optimizer }) => depth === "head" && optimizer === chosen)!;
  const deeper = runs.find(({ depth }) => depth !== "head")!;
  const depths = ["head", "block3", "block1"];
  const copies = depths.map((depth) =>
    leakFree.effects.find((effect) => effect.kind === "copy" && effect.depth === depth)!
  );
  assert.deepEqual(copies.map(({ pairs }) => pairs), [15, 3, 1], "one seed from block1 on");
  const higher = ({ effect: { value, low, high }, photos }: LeakFreeResults["effects"][number]) =>
    `${points(value, 1)} points higher (${points(low, 1)} to ${points(high, 1)}; n = ${thousands(photos)})`;
  const gains = depths.map((depth) => {
    const { value, low, high } = leakFree.official.find((row) => row.depth === depth && row.rung === "copy")!
      .gain!;
    assert.ok(low < 0 && high > 0, `${depth}: may be chance`);
    return `${points(value, 1)} (${signedPoints(low, 1)} to ${signedPoints(high, 1)})`;
  });
  const worth = ({ balancedAccuracy, intervals, n }: HonestScores, mark = "") => {
    const { low, high } = intervals.balancedAccuracy;
    return `${mark}${share(balancedAccuracy)}${mark} (${share(low).slice(0, -2)} to ${share(high)}, n = ${
      thousands(n)
    })`;
  };
  const measured = ({ value, low, high }: Measured) =>
    `${share(value)} (${share(low).slice(0, -2)} to ${share(high)})`;
  const correct = ({ accuracy: value, intervals }: HonestScores) =>
    measured({ value, ...intervals.accuracy });
  const [constant, histograms] = baselines;
  const [copySeen, , unseen] = exposure.rows;
  const written = asWritten!.runs.at(-1)!.test;
  const official = honest.official!.scores;
  const stated = [
    `always answering nv (moles, the commonest diagnosis) gives ${
      share(honest.own.baseline.balancedAccuracy)
    }.`,
    `VGG16 reaches ${worth(honest.own, "**")}, and ${worth(official)} on the official test set`,
    `Its accuracy on new lesions is ${correct(honest.own)}, or ${
      measured(honest.corrected.own)
    } with probabilities corrected to the diagnoses' shares; always nv gives ${
      share(honest.own.baseline.accuracy)
    }`,
    `On the official test set it is ${correct(official)}, or ${
      measured(honest.corrected.official!)
    } corrected; always nv gives ${share(official.baseline.accuracy)}, the network trained as written ${
      share(written.accuracy)
    }.`,
    `| ${share(honest.own.balancedAccuracy)} balanced |`,
    `have a balanced accuracy ${higher(copies[0])}; trained from block3 on, ${higher(copies[1])}`,
    `with all layers trained, with one seed, ${higher(copies[2])}`,
    `On the official test set they gain ${gains[0]}, ${gains[1]} and ${gains[2]} points, which may be chance`,
    `test accuracy is **${share(frozen.test.accuracy)}** (95 % interval ${interval(frozen)}, n = ${
      thousands(frozen.test.n)
    })`,
    `it is **${share(deeper.test.accuracy)}** (${interval(deeper)})`,
    `a copy of ${share(leakage.against9600.at(-1)!.copyShare)} of the test images`,
    `the commonest class gives ${share(constant.test.accuracy)}, logistic regression on colour histograms ${
      share(histograms.test.accuracy)
    }`,
    `classifies ${share(copySeen.accuracy)} correctly where training has seen a copy of the photo (n = ${
      thousands(copySeen.n)
    }), and ${share(unseen.accuracy)} where it has seen nothing of the lesion (n = ${thousands(unseen.n)})`,
    `2 to 7 minutes | ${share(frozen.test.accuracy)} |`,
    `1 to 2 hours | ${share(deeper.test.accuracy)} |`,
  ];
  assert.deepEqual(stated.filter((text) => !readme.includes(text)), []);

  const method = await Deno.readTextFile(join(projectRoot, "docs", "METHOD.md"));
  const rows = method.slice(method.indexOf("this report | earlier report")).split("\n").slice(2, 6);
  assert.deepEqual(
    rows.map((row) => row.split("|")[2].trim()),
    [deeper.test.accuracy, written.balancedAccuracy, honest.own.balancedAccuracy, official.balancedAccuracy]
      .map(share),
    "METHOD: the same recipes on two CPUs",
  );
});

Deno.test("METHOD's numbers on depth match the committed studies", async () => {
  const method = (await Deno.readTextFile(join(projectRoot, "docs", "METHOD.md"))).replace(/\s+/g, " ");
  const ladder: StudyResult[] = JSON.parse(
    await Deno.readTextFile(join(projectRoot, "outputs", "report", "studies", "ladder.json")),
  );
  const share = (value: number) => (100 * value).toFixed(1);
  const [head, block5, ...deeper] = ladder.filter(({ label, depth }) => label === depth);
  const gains = [block5, ...deeper].map((run, i) => run.validation.accuracy - ladder[i].validation.accuracy);
  assert.equal(Math.max(...gains), gains[0], "block5 the most");
  assert.ok(gains.every((gain) => gain > 0), "each block adds");
  const fitted = deeper.map(({ train }) => train.accuracy);
  const stated = [
    `from ${share(head.validation.accuracy)} to ${share(block5.validation.accuracy)} %`,
    `with all of them it is ${share(deeper.at(-1)!.validation.accuracy)} %`,
    `classifies ${share(Math.min(...fitted))} to ${
      share(Math.max(...fitted))
    } % of its own training images correctly`,
  ];
  assert.deepEqual(stated.filter((text) => !method.includes(text)), []);
});

Deno.test("README's first table matches the committed report", async () => {
  const [readme, expected] = [
    await Deno.readTextFile(join(projectRoot, "README.md")),
    glanceTable(await readRun(join(projectRoot, "outputs", "report"))),
  ];
  assert.ok(cells(readme).includes(cells(expected)), `README.md lacks this table:\n${expected}`);
});

Deno.test("every file and folder that lib/README.md names exists", async () => {
  const text = await Deno.readTextFile(join(projectRoot, "lib", "README.md"));
  const names = [...text.matchAll(/`([\w./]+(?:\.ts|\/))`/g)].map(([, name]) => name);
  assert.ok(names.length > 20, `${names.length} names`);
  const paths = await Array.fromAsync(glob("**/*", { cwd: join(projectRoot, "lib") }), (path) => `/${path}/`);
  const missing = names.filter((name) =>
    !paths.some((path) => path.endsWith(`/${name.replace(/\/$/, "")}/`))
  );
  assert.deepEqual(missing, []);
});

Deno.test("a test name is found whole or with a placeholder for filled-in text, not by a part of it", () => {
  const source = 'Deno.test("a cut file", …);\nDeno.test(`a runner that ends by ${signal} is gone`, …);';
  for (const name of ["a cut file", "a cut …", "a runner that ends by … is gone", "… is gone"]) {
    assert.ok(hasName(source, name), name);
  }
  for (const name of ["a cut", "cut file", "a runner that ends is gone"]) {
    assert.ok(!hasName(source, name), name);
  }
});

Deno.test("SPEED.md and README show the committed benchmark", async () => {
  const record = await readBenchRecord();
  for (const [page, textOf] of Object.entries(speedPages)) {
    const text = await Deno.readTextFile(join(projectRoot, page));
    assert.ok(cells(text).includes(cells(textOf(record))), `${page}: run tests/bench/speed_page.ts`);
  }
});
