/**
 * `deno run -A lib/tasks/check_notebooks.ts [--fix] [FOLDER]`: checks that the notebooks in FOLDER (default `notebooks/`) have no
 * outputs, are formatted, and have no lint or type errors. Exit code 1: there are problems. 2: an argument is wrong. `--fix` first
 * writes them formatted, without outputs, in Jupyter's own form, and then checks the rest.
 */
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { writeAtomic } from "../support/atomic.ts";
import { countText } from "../support/format.ts";
import { formatText } from "../support/notebook/formatter.ts";
import {
  type Notebook,
  parseNotebook,
  serializeNotebook,
  withoutOutputs,
} from "../support/notebook/ipynb.ts";
import { parametersCell } from "../support/notebook/parameters.ts";
import { projectRoot } from "../support/project.ts";
import { standWithCaller } from "./caller.ts";

/** The one module that cells may import from. */
const onlyImport = "../lib/mod.ts";

/** The most lines in a code cell. Empty lines do not count, nor does the import, which only lists names. */
const mostLines = 10;
const importStatement = /^(?:\/\/ deno-fmt-ignore\n)?import \{[^}]*\} from .*$/m;

/** Matches an import's path, and what stands before it. */
const importPath = /(\b(?:from|import|import\()\s*")([^"]+)"/g;

if (import.meta.main) {
  standWithCaller();
  Deno.exit(await main(Deno.args));
}

async function main(args: string[]): Promise<number> {
  const [folder = join(projectRoot, "notebooks"), ...more] = args.filter((arg) => arg !== "--fix");
  if (more.length > 0 || folder.startsWith("-")) {
    console.error(`Expected --fix, a folder, or nothing. Received: ${args.join(" ")}`);
    return 2;
  }
  const { checked, problems } = await checkNotebooks(resolve(folder), { fix: args.includes("--fix") });
  for (const problem of problems) console.error(problem);
  const found = problems.length === 0 ? "" : `: ${countText(problems.length, "problem")}`;
  console.log(`Checked ${countText(checked, "notebook")}${found}`);
  return problems.length > 0 ? 1 : 0;
}

/** A line of a notebook's code and its place, both from 1. Markdown cells count as cells, too. */
interface CodeLine {
  cell: number;
  line: number;
  code: string;
}

interface CheckedNotebook {
  /** As shown in messages: `notebooks/01_eda.ipynb`. */
  name: string;
  /** The module that its code was written to. */
  module: string;
  lines: CodeLine[];
}

/**
 * Checks all notebooks of a folder.
 *
 * @returns how many were checked, and one text for each problem: notebook, cell, line in the cell, what to do
 */
export async function checkNotebooks(
  folder: string,
  { fix = false }: { fix?: boolean } = {},
): Promise<{ checked: number; problems: string[] }> {
  const problems: string[] = [];
  const notebooks: CheckedNotebook[] = [];
  const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
    /\.ipynb$/.test(name)
  );
  const modules = await Deno.makeTempDir({ prefix: "check_notebooks_" });
  try {
    for (const file of files.sort()) {
      const path = join(folder, file);
      const name = path.startsWith(projectRoot) ? relative(projectRoot, path) : file;
      try {
        const text = await Deno.readTextFile(path);
        const notebook = parseNotebook(text, name);
        const tidied = await tidiedSource(notebook, folder);
        if (fix && tidied !== text) await writeAtomic(path, tidied);
        else if (tidied !== text) {
          problems.push(
            `${name}: expected the file as Jupyter writes it, formatted, without outputs and execution counts. ` +
              "Run deno run -A lib/tasks/check_notebooks.ts --fix",
          );
        }
        const lines = codeLines(parseNotebook(tidied));
        problems.push(...ruleProblems(name, lines));
        notebooks.push({ name, module: join(modules, `${file}.ts`), lines });
        parametersCell(notebook, name);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        problems.push(error.message);
      }
    }
    if (notebooks.length > 0) problems.push(...await checkModules(notebooks, folder));
  } finally {
    await Deno.remove(modules, { recursive: true });
  }
  return { checked: files.length, problems: [...new Set(problems)] };
}

/** The file's text without outputs, each cell formatted by `deno fmt`. A cell that cannot be parsed stays as it is. */
async function tidiedSource(notebook: Notebook, folder: string): Promise<string> {
  const source = withoutOutputs(notebook);
  const formatted = parseNotebook(await formatText(serializeNotebook(source), "ipynb", folder)).cells;
  const cells = source.cells.map((cell, index) => ({ ...cell, source: formatted[index].source }));
  return serializeNotebook({ ...source, cells });
}

function codeLines({ cells }: Notebook): CodeLine[] {
  return cells.flatMap(({ cell_type, source }, index) =>
    cell_type !== "code" ? [] : source.split("\n").map((code, i) => ({ cell: index + 1, line: i + 1, code }))
  );
}

/** Problems that the text of the code shows, without parsing it. */
function ruleProblems(name: string, lines: CodeLine[]): string[] {
  const problems: string[] = [];
  for (const [cell, group] of Map.groupBy(lines, ({ cell }) => cell)) {
    const code = group.map(({ code }) => code).join("\n").replace(importStatement, "");
    const count = code.split("\n").filter((line) => line.trim() !== "").length;
    if (count <= mostLines) continue;
    const advice = "move the work to lib/, or split the cell";
    problems.push(
      `${name}, cell ${cell}: expected at most ${mostLines} lines: ${advice}. Received: ${count}`,
    );
  }
  for (const { cell, line, code } of lines) {
    const add = (problem: string) => problems.push(`${name}, cell ${cell}, line ${line}: ${problem}`);
    const [live] = code.split("// ");
    if (live.includes("import.meta")) add("import.meta does not work in a cell: take projectRoot from lib/");
    if (live.includes("Deno.test")) add("a Deno.test that fails does not fail the notebook: throw instead");
    for (const [, , path] of live.matchAll(importPath)) {
      if (path === onlyImport) continue;
      add(`expected imports from "${onlyImport}" alone: export it there. Received: "${path}"`);
    }
  }
  return problems;
}

/**
 * Lints each notebook's code and, if it can be parsed, checks its types. All cells form one module: later cells see what earlier
 * ones declare, and no name may be declared twice. Relative imports are made absolute, as the module lies elsewhere.
 */
async function checkModules(notebooks: CheckedNotebook[], folder: string): Promise<string[]> {
  for (const { module, lines } of notebooks) {
    const code = lines.map(({ code }) =>
      code.replace(
        importPath,
        (all, before, path) =>
          path.startsWith(".") ? `${before}${pathToFileURL(resolve(folder, path))}"` : all,
      )
    );
    // A module even if no cell imports: only modules allow top-level await.
    await Deno.writeTextFile(module, [...code, "export {};", ""].join("\n"));
  }
  const placed = (path: string, line: number, message: string) => {
    const { name, lines } = notebooks.find(({ module }) => module === path) ?? { name: path, lines: [] };
    const place = lines[line - 1];
    return place ? `${name}, cell ${place.cell}, line ${place.line}: ${message}` : `${name}: ${message}`;
  };
  const paths = notebooks.map(({ module }) => module);
  const { stdout } = await deno(["lint", "--json"], paths, folder);
  const { diagnostics, errors }: LintReport = JSON.parse(stdout);
  const unparsed = errors.map(({ file_path, message }) =>
    placed(file_path, Number(message.match(/:(\d+):\d+$/)?.[1]), message.split("\n")[0])
  );
  const parsed = paths.filter((path) => !errors.some(({ file_path }) => file_path === path));
  const { success, stderr } = await deno(["check"], parsed, folder);
  // Each error is a block of lines that ends with its place.
  const types = stderr.split(/(?<=^ *at file:\/\/\S+:\d+:\d+)$/m).flatMap((block) => {
    const [, message, url, line] =
      block.trim().match(/^(?:error: )?([^]*)\n *at (file:\/\/\S+):(\d+):\d+$/) ?? [];
    return url ? [placed(fileURLToPath(url), Number(line), message)] : [];
  });
  if (!success && types.length === 0) types.push(`deno check failed. Received: ${stderr.trim()}`);
  const lint = diagnostics.map(({ filename, range, message, code, hint }) =>
    placed(fileURLToPath(filename), range.start.line, `${message} (${code})${hint ? `. ${hint}` : ""}`)
  );
  return [...unparsed, ...types, ...lint];
}

interface LintReport {
  diagnostics: {
    filename: string;
    range: { start: { line: number } };
    message: string;
    code: string;
    hint: string | null;
  }[];
  errors: { file_path: string; message: string }[];
}

/** Runs one of Deno's tools on modules, if there are any, with the project's configuration. */
async function deno(tool: string[], paths: string[], cwd: string) {
  if (paths.length === 0) return { success: true, stdout: "", stderr: "" };
  const args = [...tool, "--quiet", "--config", join(projectRoot, "deno.json"), ...paths];
  const output = await new Deno.Command(Deno.execPath(), { args, cwd, env: { NO_COLOR: "1" } }).output();
  const [stdout, stderr] = [output.stdout, output.stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { success: output.success, stdout, stderr };
}
