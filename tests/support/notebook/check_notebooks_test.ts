import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type CodeCell,
  type Notebook,
  parseNotebook,
  serializeNotebook,
  withoutOutputs,
} from "../../../lib/support/notebook/ipynb.ts";
import { projectRoot } from "../../../lib/support/project.ts";
import { checkNotebooks } from "../../../lib/tasks/check_notebooks.ts";
import { notebookOf } from "./run_cells.ts";
import { runDeno } from "../run_deno.ts";

/** Runs a test with these notebooks in a folder beside a `lib/mod.ts`. */
async function inFolder(
  files: Record<string, string>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ dir: join(projectRoot, "outputs"), prefix: "check_notebooks_" });
  try {
    for (const name of ["lib", "notebooks"]) await Deno.mkdir(`${root}/${name}`);
    await Deno.writeTextFile(`${root}/lib/mod.ts`, `export const digest = (text: string) => text + "!";\n`);
    const folder = `${root}/notebooks`;
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await test(folder);
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
    assert.deepEqual(left, Object.keys(files).sort(), "temporary modules are elsewhere");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const tags = ["parameters"];

/** A notebook whose first code cell (the second cell) is tagged. */
function withTag(...sources: string[]): Notebook {
  const notebook = notebookOf(...sources);
  notebook.cells[1].metadata = { tags };
  return notebook;
}

const good = withTag(
  "# Title",
  `const preset = "quick";\npreset;`,
  `import { digest } from "../lib/mod.ts";\nconst text: string = digest(preset);\nawait Promise.resolve();`,
  `text.length;`,
);

/** Each pattern fits one problem, and no problem is left over. */
function assertProblems(problems: string[], expected: RegExp[]): void {
  for (const pattern of expected) {
    const found = problems.filter((problem) => pattern.test(problem));
    assert.equal(found.length, 1, `${pattern} in\n${problems.join("\n")}`);
  }
  assert.deepEqual(problems.filter((problem) => !expected.some((pattern) => pattern.test(problem))), []);
}

Deno.test("a clean notebook whose cells use each other and lib/ has no problems", () =>
  inFolder({ "01_good.ipynb": serializeNotebook(good) }, async (folder) => {
    assert.deepEqual(await checkNotebooks(folder), { checked: 1, problems: [] });
  }));

Deno.test("each problem is named with notebook, cell and line in the cell", () => {
  const executed = structuredClone(good);
  (executed.cells[3] as CodeCell).outputs = [{ output_type: "stream", name: "stdout", text: "64" }];
  (executed.cells[3] as CodeCell).execution_count = 3;
  const python = { ...good, metadata: { kernelspec: { name: "python3" } } };
  const files = {
    "01_bad.ipynb": serializeNotebook(withTag(
      "# Title   x",
      "const first = 1",
      `// a comment\nconst text: string = first;\nconsole.log(text);`,
      "const first = 2;\nimport.meta.url;",
      "const never = 3;\nDeno.test(() => {});",
      Array.from({ length: 11 }, (_, i) => `console.log(${i});`).join("\n\n"),
      `import { join } from "node:path";\nconsole.log(await import("../lib/mod.ts"), join);`,
    )),
    "02_executed.ipynb": serializeNotebook(executed),
    "03_syntax.ipynb": serializeNotebook(withTag("# T", "const a = 1;\n\nconst b: = 3;")),
    "04_json.ipynb": "{",
    "05_form.ipynb": JSON.stringify(JSON.parse(serializeNotebook(good))),
    "07_python.ipynb": serializeNotebook(python),
    "06_untagged.ipynb": serializeNotebook(notebookOf("# T", "await Promise.resolve();")),
  };
  return inFolder(files, async (folder) => {
    const { checked, problems } = await checkNotebooks(folder);
    assert.equal(checked, 7);
    assertProblems(problems, [
      /01_bad\.ipynb: expected the file as Jupyter writes it, formatted.*--fix/,
      /01_bad\.ipynb, cell 3, line 2: TS2322.*Type 'number' is not assignable to type 'string'/,
      /01_bad\.ipynb, cell 2, line 1: TS2451.*Cannot redeclare/,
      /01_bad\.ipynb, cell 4, line 1: TS2451.*Cannot redeclare/,
      /01_bad\.ipynb, cell 4, line 1: .*no-redeclare/,
      /01_bad\.ipynb, cell 4, line 2: import\.meta does not work/,
      /01_bad\.ipynb, cell 5, line 1: .*never.*no-unused-vars/,
      /01_bad\.ipynb, cell 5, line 2: a Deno\.test that fails/,
      /01_bad\.ipynb, cell 6: expected at most 10 lines.*Received: 11/,
      /01_bad\.ipynb, cell 7, line 1: expected imports from "\.\.\/lib\/mod\.ts" alone.*Received: "node:path"/,
      /02_executed\.ipynb: expected the file.*without outputs/,
      /03_syntax\.ipynb, cell 2, line 3: SyntaxError/,
      /04_json\.ipynb: expected a notebook, which is JSON/,
      /05_form\.ipynb: expected the file as Jupyter writes it/,
      /06_untagged\.ipynb: expected one code cell with the tag "parameters".*Received: none/,
      /07_python\.ipynb: expected the kernel "deno".*Received: "python3"/,
    ]);
  });
});

Deno.test("--fix formats, clears outputs and writes Jupyter's own format; a check then finds no problems", () => {
  const untidy = withTag("# T", "const  a = [1,\n2]\nconsole.log(a)");
  (untidy.cells[1] as CodeCell).outputs = [{ output_type: "stream", name: "stdout", text: "x" }];
  (untidy.cells[1] as CodeCell).execution_count = 1;
  return inFolder({ "a.ipynb": JSON.stringify(JSON.parse(serializeNotebook(untidy))) }, async (folder) => {
    assert.deepEqual((await checkNotebooks(folder, { fix: true })).problems, []);
    const fixed = await Deno.readTextFile(`${folder}/a.ipynb`);
    const notebook = parseNotebook(fixed);
    assert.equal(notebook.cells[1].source, "const a = [1, 2];\nconsole.log(a);");
    assert.deepEqual(notebook.cells[1].metadata, { tags });
    assert.equal(fixed, serializeNotebook(withoutOutputs(notebook)));
    assert.deepEqual((await checkNotebooks(folder)).problems, []);
  });
});

Deno.test("the task ends with exit code 0 without problems, 1 with problems and 2 for an unknown flag", () =>
  inFolder({ "a.ipynb": serializeNotebook(good) }, async (folder) => {
    const program = new URL("../../../lib/tasks/check_notebooks.ts", import.meta.url).pathname;
    const task = async (...args: string[]) => {
      const { code, out, err } = await runDeno(["run", "-A", program, ...args]);
      return { code, text: out + err };
    };
    assert.deepEqual(await task(folder), { code: 0, text: "Checked 1 notebook\n" });
    await Deno.writeTextFile(`${folder}/a.ipynb`, "{");
    const failed = await task(folder);
    assert.equal(failed.code, 1);
    assert.match(failed.text, /1 problem\n/);
    assert.equal((await task("--fx", folder)).code, 2);
  }));
