import assert from "node:assert/strict";
import {
  type CodeCell,
  parseNotebook,
  serializeNotebook,
  withoutOutputs,
} from "../../../lib/support/notebook/ipynb.ts";
import { checkNotebooks } from "../../../lib/tasks/check_notebooks.ts";
import { notebookOf } from "./run_cells.ts";

/** Runs a test with these notebooks in a folder beside the project's sources, so that relative imports are found. */
async function inFolder(
  files: Record<string, string>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({
    dir: new URL(".", import.meta.url).pathname,
    prefix: "check_notebooks_",
  });
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    await test(folder);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !(name in files));
    assert.deepEqual(left, [], "temporary modules are removed");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const good = notebookOf(
  "# Title",
  `import { sha256 } from "../../../lib/digest.ts";`,
  `const digest: string = sha256("text");\nawait Promise.resolve();`,
  `digest.length;`,
);

Deno.test("a clean notebook whose cells use each other and lib/ has no problems", () =>
  inFolder({ "01_good.ipynb": serializeNotebook(good) }, async (folder) => {
    assert.deepEqual(await checkNotebooks(folder), { checked: 1, problems: [] });
  }));

Deno.test("each problem is named with notebook, cell and line in the cell", () => {
  const bad = notebookOf(
    "# Title   x",
    "const first = 1",
    `// a comment\nconst text: string = first;\nconsole.log(text);`,
    "const first = 2;\nimport.meta.url;",
    "let never = 3;\nDeno.test(() => {});",
    Array.from({ length: 11 }, (_, i) => `console.log(${i});`).join("\n\n"),
  );
  const executed = structuredClone(good);
  (executed.cells[3] as CodeCell).outputs = [{ output_type: "stream", name: "stdout", text: "64" }];
  (executed.cells[3] as CodeCell).execution_count = 3;
  executed.metadata.kernelspec = { name: "python3" };
  const files = {
    "01_bad.ipynb": serializeNotebook(bad),
    "02_executed.ipynb": serializeNotebook(executed),
    "03_syntax.ipynb": serializeNotebook(notebookOf("# T", "const a = 1;\n\nconst b: = 3;")),
    "04_json.ipynb": "{",
    "05_form.ipynb": JSON.stringify(JSON.parse(serializeNotebook(good))),
  };
  return inFolder(files, async (folder) => {
    const { checked, problems } = await checkNotebooks(folder);
    assert.equal(checked, 5);
    const expected = [
      /01_bad\.ipynb, cell 1, line 1: expected the cell as deno fmt formats it/,
      /01_bad\.ipynb, cell 2, line 1: expected the cell as deno fmt formats it/,
      /01_bad\.ipynb, cell 3, line 2: TS2322.*Type 'number' is not assignable to type 'string'/,
      /01_bad\.ipynb, cell 2, line 1: TS2451.*Cannot redeclare/,
      /01_bad\.ipynb, cell 4, line 1: TS2451.*Cannot redeclare/,
      /01_bad\.ipynb, cell 4, line 1: .*no-redeclare/,
      /01_bad\.ipynb, cell 4, line 2: import\.meta does not work/,
      /01_bad\.ipynb, cell 5, line 1: .*never.*no-unused-vars/,
      /01_bad\.ipynb, cell 5, line 2: a Deno\.test that fails/,
      /01_bad\.ipynb, cell 6: expected at most 10 lines.*Received: 11/,
      /02_executed\.ipynb: expected the kernel "deno".*Received: "python3"/,
      /02_executed\.ipynb, cell 4: expected no outputs/,
      /02_executed\.ipynb, cell 4: expected no execution count.*Received: 3/,
      /03_syntax\.ipynb, cell 2, line 3: SyntaxError/,
      /04_json\.ipynb: expected a notebook, which is JSON/,
      /05_form\.ipynb: expected the file in Jupyter's own form/,
    ];
    for (const pattern of expected) {
      assert.equal(
        problems.filter((problem) => pattern.test(problem)).length,
        1,
        `${pattern} in\n${problems.join("\n")}`,
      );
    }
    // `never` gives two more: it is never reassigned.
    const unexpected = problems.filter((problem) => !expected.some((pattern) => pattern.test(problem)));
    assert.deepEqual(unexpected.filter((problem) => !/cell 5, line 1: .*prefer-const/.test(problem)), []);
  });
});

Deno.test("--fix formats, clears outputs and writes Jupyter's own form; a second run changes nothing", () => {
  const untidy = notebookOf("# T", "const  a = [1,\n2]\nconsole.log(a)");
  (untidy.cells[1] as CodeCell).outputs = [{ output_type: "stream", name: "stdout", text: "x" }];
  (untidy.cells[1] as CodeCell).execution_count = 1;
  return inFolder({ "a.ipynb": JSON.stringify(JSON.parse(serializeNotebook(untidy))) }, async (folder) => {
    assert.deepEqual((await checkNotebooks(folder, { fix: true })).problems, []);
    const fixed = await Deno.readTextFile(`${folder}/a.ipynb`);
    const notebook = parseNotebook(fixed);
    assert.equal(notebook.cells[1].source, "const a = [1, 2];\nconsole.log(a);");
    assert.equal(fixed, serializeNotebook(withoutOutputs(notebook)));
    assert.deepEqual((await checkNotebooks(folder)).problems, []);
  });
});

Deno.test("the task ends with exit code 1 where there is a problem, 0 where not", () =>
  inFolder({ "a.ipynb": serializeNotebook(good) }, async (folder) => {
    const task = async () => {
      const args = [
        "run",
        "-A",
        new URL("../../../lib/tasks/check_notebooks.ts", import.meta.url).pathname,
        folder,
      ];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
    };
    assert.deepEqual(await task(), { code: 0, text: "Checked 1 notebooks\n" });
    await Deno.writeTextFile(`${folder}/a.ipynb`, "{");
    const failed = await task();
    assert.equal(failed.code, 1);
    assert.match(failed.text, /1 problem\n/);
  }));
