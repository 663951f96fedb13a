/**
 * `deno run -A lib/tasks/check_notebooks.ts [--fix] [FOLDER]`: are the notebooks in FOLDER (default `notebooks/`) kept as
 * they should be: without outputs, formatted, free of lint and of type errors? Exit code 1 where not. `--fix` writes them
 * formatted, without outputs, in Jupyter's own form, and then checks the rest.
 */
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { writeAtomic } from "../support/atomic.ts";
import { type Notebook, parseNotebook } from "../support/notebook/ipynb.ts";
import {
  checkSource,
  type Problem,
  type SourceRules,
  tidiedSource,
} from "../support/notebook/source_rules.ts";
import { projectRoot } from "../support/project.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: string[]): Promise<number> {
  const [folder = join(projectRoot, "notebooks"), ...more] = args.filter((arg) => arg !== "--fix");
  if (more.length > 0 || folder.startsWith("-")) {
    console.error(`Expected --fix, a folder, or nothing. Received: ${args.join(" ")}`);
    return 2;
  }
  const { checked, problems } = await checkNotebooks(resolve(folder), { fix: args.includes("--fix") });
  for (const problem of problems) console.error(problem);
  const count = problems.length;
  console.log(
    `Checked ${checked} notebooks${count ? `: ${count} ${count === 1 ? "problem" : "problems"}` : ""}`,
  );
  return count > 0 ? 1 : 0;
}

interface CheckedNotebook {
  /** As shown: `notebooks/01_eda.ipynb`. */
  name: string;
  /** The module that its code cells were joined to. */
  module: string;
  /** The place of each of the module's lines, both 1-based; the cell counts Markdown cells, too. */
  places: { cell: number; line: number }[];
}

/**
 * Checks all notebooks of a folder.
 *
 * @returns how many were checked, and each problem in one text: notebook, cell, line in the cell, what to do
 */
export async function checkNotebooks(
  folder: string,
  options: { fix?: boolean; rules?: SourceRules } = {},
): Promise<{ checked: number; problems: string[] }> {
  const problems: string[] = [];
  const notebooks: CheckedNotebook[] = [];
  const files = Array.from(Deno.readDirSync(folder)).filter(({ name }) => name.endsWith(".ipynb"));
  const modules = await Deno.makeTempDir({ prefix: "check_notebooks_" });
  try {
    for (const file of files.map(({ name }) => name).sort()) {
      const path = join(folder, file);
      const name = path.startsWith(projectRoot) ? relative(projectRoot, path) : file;
      try {
        let text = await Deno.readTextFile(path);
        if (options.fix) {
          const tidied = await tidiedSource(parseNotebook(text, name), { folder });
          if (tidied !== text) await writeAtomic(path, text = tidied);
        }
        const notebook = parseNotebook(text, name);
        for (const problem of await checkSource(text, notebook, { folder, ...options })) {
          problems.push(shown(name, problem));
        }
        const { text: code, places } = joinCells(notebook, folder);
        const module = join(modules, file.replace(/\.ipynb$/, ".ts"));
        await Deno.writeTextFile(module, code);
        notebooks.push({ name, module, places });
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

/**
 * All code cells as one module, for tools that know no notebooks: what one cell declares, the later ones see, and no name may be
 * declared twice. Relative imports become absolute, as the module lies elsewhere.
 */
function joinCells(notebook: Notebook, folder: string): { text: string; places: CheckedNotebook["places"] } {
  const lines: string[] = [];
  const places: CheckedNotebook["places"] = [];
  for (const [index, { cell_type, source }] of notebook.cells.entries()) {
    if (cell_type !== "code") continue;
    for (const [number, line] of source.split("\n").entries()) {
      lines.push(line.replace(
        /(\b(?:from|import|import\()\s*")(\.[^"]+)"/g,
        (_, before, path) => `${before}${pathToFileURL(resolve(folder, path))}"`,
      ));
      places.push({ cell: index + 1, line: number + 1 });
    }
  }
  // A module even where no cell imports: top-level await is allowed in modules only.
  return { text: [...lines, "export {};", ""].join("\n"), places };
}

/** Lints the cells' code and checks its types, as far as it can be parsed. */
async function checkModules(notebooks: CheckedNotebook[], folder: string): Promise<string[]> {
  const placed = (path: string, line: number, message: string) => {
    const notebook = notebooks.find(({ module }) => module === path);
    if (!notebook) return `${path}, line ${line}: ${message}`;
    return shown(notebook.name, { ...notebook.places[line - 1] ?? { cell: null, line: null }, message });
  };
  const paths = notebooks.map(({ module }) => module);
  const lint = JSON.parse((await deno(["lint", "--json"], paths, folder)).stdout) as LintReport;
  const unparsed = lint.errors.map(({ file_path, message }) => {
    const line = Number(message.match(/:(\d+):\d+$/)?.[1]);
    return { path: file_path, problem: placed(file_path, line, message.split("\n")[0]) };
  });
  const parsed = paths.filter((module) => !unparsed.some(({ path }) => path === module));
  // Errors come as blocks that end with their place.
  const { success, stderr } = parsed.length > 0
    ? await deno(["check"], parsed, folder)
    : { success: true, stderr: "" };
  const types = stderr.split(/(?<=^ *at file:\/\/\S+:\d+:\d+)$/m).flatMap((block) => {
    const [, message, url, line] =
      block.trim().match(/^(?:error: )?([^]*)\n *at (file:\/\/\S+):(\d+):\d+$/) ?? [];
    return url ? [placed(fileURLToPath(url), Number(line), message)] : [];
  });
  if (!success && types.length === 0) types.push(`deno check failed. Received: ${stderr.trim()}`);
  return [
    ...unparsed.map(({ problem }) => problem),
    ...types,
    ...lint.diagnostics.map(({ filename, range, message, code, hint }) =>
      placed(fileURLToPath(filename), range.start.line, `${message} (${code})${hint ? `. ${hint}` : ""}`)
    ),
  ];
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

/** Runs a tool of Deno's on modules, with the project's configuration. */
async function deno(
  tool: string[],
  paths: string[],
  cwd: string,
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const args = [...tool, "--quiet", "--config", join(projectRoot, "deno.json"), ...paths];
  const output = await new Deno.Command(Deno.execPath(), { args, cwd, env: { NO_COLOR: "1" } }).output();
  const decoder = new TextDecoder();
  return {
    success: output.success,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

function shown(name: string, { cell, line, message }: Problem): string {
  return [name, cell && `cell ${cell}`, line && `line ${line}`].filter(Boolean).join(", ") + `: ${message}`;
}
