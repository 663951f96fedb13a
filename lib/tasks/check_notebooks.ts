/**
 * `deno run -A lib/tasks/check_notebooks.ts [--fix] [FOLDER]`: are the notebooks in FOLDER (default `notebooks/`) kept as
 * they should be: without outputs, formatted, free of lint and of type errors? Exit code 1 where not. `--fix` writes them
 * formatted, without outputs, in Jupyter's own form, and then checks the rest.
 */
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../support/atomic.ts";
import { projectRoot } from "../support/project.ts";
import { type Notebook, parseNotebook } from "../support/notebook/ipynb.ts";
import { joinCells, type JoinedModule } from "../support/notebook/joined_module.ts";
import { checkSource, type Problem, tidiedSource } from "../support/notebook/source_rules.ts";

if (import.meta.main) {
  const folder = Deno.args.find((arg) => !arg.startsWith("-"));
  const unknown = Deno.args.find((arg) => arg.startsWith("-") && arg !== "--fix");
  if (unknown) {
    console.error(`Expected --fix, a folder, or nothing. Received: ${unknown}`);
    Deno.exit(2);
  }
  const { checked, problems } = await checkNotebooks(
    folder ? resolve(folder) : join(projectRoot, "notebooks"),
    {
      fix: Deno.args.includes("--fix"),
    },
  );
  for (const problem of problems) console.error(problem);
  const count = problems.length;
  console.log(
    `Checked ${checked} notebooks${count ? `: ${count} ${count === 1 ? "problem" : "problems"}` : ""}`,
  );
  Deno.exit(count > 0 ? 1 : 0);
}

interface CheckedNotebook {
  /** As shown: `notebooks/01_eda.ipynb`. */
  name: string;
  module: JoinedModule;
  /** The temporary file beside the notebook, where its relative imports hold. */
  modulePath: string;
}

/**
 * Checks all notebooks of a folder.
 *
 * @returns how many were checked, and each problem in one text: notebook, cell, line in the cell, what to do
 */
export async function checkNotebooks(
  folder: string,
  options: { fix?: boolean } = {},
): Promise<{ checked: number; problems: string[] }> {
  await removeStale(folder);
  const problems: string[] = [];
  const notebooks: CheckedNotebook[] = [];
  const names = (await Array.fromAsync(Deno.readDir(folder)))
    .filter((entry) => entry.isFile && entry.name.endsWith(".ipynb")).map((entry) => entry.name).sort();
  for (const fileName of names) {
    const path = join(folder, fileName);
    const name = path.startsWith(projectRoot) ? relative(projectRoot, path) : fileName;
    try {
      const { text, notebook } = await read(path, name, options);
      for (const problem of await checkSource(text, notebook, { folder })) {
        problems.push(shown(name, problem));
      }
      const modulePath = join(folder, `.check_${Deno.pid}_${fileName.replace(/\.ipynb$/, ".ts")}`);
      notebooks.push({ name, module: joinCells(notebook), modulePath });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push(error.message);
    }
  }
  problems.push(...await checkModules(notebooks, folder));
  return { checked: names.length, problems: [...new Set(problems)] };
}

async function read(
  path: string,
  name: string,
  options: { fix?: boolean },
): Promise<{ text: string; notebook: Notebook }> {
  const text = await Deno.readTextFile(path);
  const notebook = parseNotebook(text, name);
  if (!options.fix) return { text, notebook };
  const tidied = await tidiedSource(notebook, { folder: join(path, "..") });
  if (tidied !== text) await writeAtomic(path, tidied);
  return { text: tidied, notebook: parseNotebook(tidied, name) };
}

/** Lints and type-checks the cells' code; the temporary modules are gone afterwards, also after an interruption. */
async function checkModules(notebooks: CheckedNotebook[], folder: string): Promise<string[]> {
  const paths = notebooks.map(({ modulePath }) => modulePath);
  if (paths.length === 0) return [];
  const remove = () => {
    for (const path of paths) {
      try {
        Deno.removeSync(path);
      } catch { /* not written yet */ }
    }
  };
  const interrupted = () => {
    remove();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    for (const { module, modulePath } of notebooks) await Deno.writeTextFile(modulePath, module.text);
    const lint = await deno(["lint", "--quiet", "--json", ...paths], folder);
    return [...await typeErrors(notebooks, folder), ...readLint(lint.stdout, notebooks)];
  } finally {
    remove();
    Deno.removeSignalListener("SIGINT", interrupted);
  }
}

async function deno(
  args: string[],
  cwd: string,
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), { args, cwd, env: { NO_COLOR: "1" } });
  const { success, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function typeErrors(notebooks: CheckedNotebook[], folder: string): Promise<string[]> {
  if (notebooks.length === 0) return [];
  const { success, stderr } = await deno(
    ["check", "--quiet", ...notebooks.map(({ modulePath }) => modulePath)],
    folder,
  );
  if (success) return [];
  const said = stderr.split("\nStack backtrace:")[0];
  // Errors come as blocks that end with their place.
  const found = said.split(/(?<=^ *at file:\/\/\S+:\d+:\d+)$/m).flatMap((block) => {
    const match = block.trim().match(/^(?:error: )?([^]*)\n *at (file:\/\/\S+):(\d+):\d+$/);
    return match ? [{ message: match[1], url: match[2], line: Number(match[3]) }] : [];
  });
  if (found.length === 0) return [`deno check failed. Received: ${said.trim()}`];
  const problems = found.map(({ message, url, line }) => {
    const isSyntax = message.startsWith("SyntaxError");
    return placed(url, line, isSyntax ? message.split("\n")[0] : message, notebooks);
  });
  // Code that cannot be parsed keeps the check from all other modules: look at them without it.
  const broken = found.filter(({ message }) => message.startsWith("SyntaxError")).map(({ url }) =>
    fileURLToPath(url)
  );
  const others = notebooks.filter(({ modulePath }) => !broken.includes(modulePath));
  if (broken.length === 0 || others.length === notebooks.length) return problems;
  return [...problems, ...await typeErrors(others, folder)];
}

function readLint(stdout: string, notebooks: CheckedNotebook[]): string[] {
  // What cannot be parsed is reported by the type check.
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: {
      filename: string;
      range: { start: { line: number } };
      message: string;
      code: string;
      hint: string | null;
    }[];
  };
  return diagnostics.map(({ filename, range, message, code, hint }) =>
    placed(filename, range.start.line, `${message} (${code})${hint ? `. ${hint}` : ""}`, notebooks)
  );
}

function placed(url: string, line: number, message: string, notebooks: CheckedNotebook[]): string {
  const path = fileURLToPath(url);
  const notebook = notebooks.find(({ modulePath }) => modulePath === path);
  const place = notebook?.module.placeOf(line);
  if (!notebook) return `${path}, line ${line}: ${message}`;
  return shown(notebook.name, { cell: place?.cell ?? null, line: place?.line ?? null, message });
}

function shown(name: string, { cell, line, message }: Problem): string {
  return [name, cell && `cell ${cell}`, line && `line ${line}`].filter(Boolean).join(", ") + `: ${message}`;
}

/** Modules that a killed check has left behind. */
async function removeStale(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (!/^\.check_\d+_.*\.ts$/.test(name)) continue;
    const { mtime } = await Deno.stat(path);
    if (mtime && Date.now() - mtime.getTime() > 600_000) await Deno.remove(path);
  }
}
