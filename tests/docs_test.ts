/** The docs lead where they say: every link to a file that is there, every test that FAULTS.md quotes to its name. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../lib/support/project.ts";

const faultsPage = join(projectRoot, "docs", "FAULTS.md");

async function pages(): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(join(projectRoot, "docs")))).map(({ name }) => name);
  const docs = names.filter((name) => name.endsWith(".md")).map((name) => join(projectRoot, "docs", name));
  return [join(projectRoot, "README.md"), ...docs];
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

/** Whether a source has a text of this name; "…" stands for what the test fills in. */
function hasName(source: string, name: string): boolean {
  const parts = name.split("…").map((part) => part.trim().replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`["'\`]${parts.join(".*")}["'\`]`).test(source);
}

Deno.test("every relative link of the README and the docs leads to a file or folder that is there", async () => {
  const broken: string[] = [];
  for (const page of await pages()) {
    const links = linksIn(await Deno.readTextFile(page), page);
    assert.ok(links.length > 0, page);
    for (const { text, file } of links) {
      if (await Deno.stat(file).then(() => false, () => true)) {
        broken.push(`${page}: [${text}](${file.href})`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

Deno.test("every fault has a test, and every quoted test stands in the file that its link leads to", async () => {
  const lines = (await Deno.readTextFile(faultsPage)).split("\n");
  const isRow = (line: string, index: number) =>
    line.startsWith("|") && !line.startsWith("| :") && !lines[index + 1]?.startsWith("| :"); // nor a header
  const rows = lines.filter(isRow);
  assert.ok(rows.length > 50, `${rows.length} rows`);
  for (const row of rows) {
    const tests = linksIn(row, faultsPage).filter(({ text }) => /^".*"$/.test(text));
    assert.ok(tests.length > 0, `No test is quoted: ${row}`);
    for (const { text, file } of tests) {
      assert.ok(hasName(await Deno.readTextFile(file), text.slice(1, -1)), `${text} is not in ${file.href}`);
    }
  }
});

Deno.test("a name is found whole or with what the test fills in, and not by a part of it", () => {
  const source = 'Deno.test("a cut file", …);\nDeno.test(`a runner that ends by ${signal} is gone`, …);';
  for (const name of ["a cut file", "a cut …", "a runner that ends by … is gone", "… is gone"]) {
    assert.ok(hasName(source, name), name);
  }
  for (const name of ["a cut", "cut file", "a runner that ends is gone"]) {
    assert.ok(!hasName(source, name), name);
  }
});
