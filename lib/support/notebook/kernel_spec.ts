/** Deno's entry in the list of kernels that JupyterLab and VS Code offer. The headless run does not need it. */
import { delimiter, dirname, join } from "node:path";
import { jsonText } from "../json.ts";

type Environment = Record<string, string | undefined>;

/** Deno's entry in Jupyter's kernel folders, one that works before one that does not; null if there is none. */
export async function findKernelSpec(
  env: Environment = Deno.env.toObject(),
): Promise<{ path: string; program: string; works: boolean } | null> {
  let broken = null;
  for (const path of dataFolders(env).map(specIn)) {
    const program = await programOf(path);
    if (program === null) continue;
    if (program && await exists(program, env)) return { path, program, works: true };
    broken ??= { path, program, works: false };
  }
  return broken;
}

/**
 * Registers Deno's kernel for Jupyter front ends if it is not registered (jupyter-core's search path). An entry whose program
 * exists is never touched.
 *
 * @param options.env environment that determines the folders; default: this process's
 * @returns the entry's kernel.json, and what was done: `repaired` if it could not be read or named a Deno that no longer exists
 * @throws {Error} if the entry cannot be written, with what `deno jupyter --install` said
 */
export async function ensureKernelSpec(
  options: { env?: Environment } = {},
): Promise<{ action: "found" | "installed" | "repaired"; path: string }> {
  const env = options.env ?? Deno.env.toObject();
  const found = await findKernelSpec(env);
  if (found?.works) return { action: "found", path: found.path };
  const path = specIn(userDataFolder(env));
  await (env.JUPYTER_DATA_DIR ? writeSpec(path) : install(path, env));
  return { action: found?.path === path ? "repaired" : "installed", path };
}

function specIn(dataFolder: string): string {
  return join(dataFolder, "kernels", "deno", "kernel.json");
}

/** Jupyter's folder for this user's data: `jupyter --data-dir`. */
function userDataFolder(env: Environment): string {
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  const home = env.HOME ?? env.USERPROFILE ?? ".";
  if (Deno.build.os === "windows") return join(env.APPDATA ?? join(home, "AppData", "Roaming"), "jupyter");
  if (Deno.build.os === "darwin") return join(home, "Library", "Jupyter");
  return join(env.XDG_DATA_HOME || join(home, ".local", "share"), "jupyter");
}

/** All folders where Jupyter looks for kernels: `jupyter --paths`, as far as it can be known without Python. */
function dataFolders(env: Environment): string[] {
  const isWindows = Deno.build.os === "windows";
  const prefixes = [env.VIRTUAL_ENV, env.CONDA_PREFIX, ...isWindows ? [] : ["/usr/local", "/usr"]];
  return [
    ...(env.JUPYTER_PATH ?? "").split(delimiter).filter(Boolean),
    userDataFolder(env),
    ...prefixes.flatMap((prefix) => prefix ? [join(prefix, "share", "jupyter")] : []),
    ...isWindows ? [join(env.PROGRAMDATA ?? "C:\\ProgramData", "jupyter")] : [],
  ];
}

/** The program that an entry starts; "" if the entry cannot be read, null if there is none. */
async function programOf(path: string): Promise<string | null> {
  try {
    const { argv } = JSON.parse(await Deno.readTextFile(path));
    return typeof argv?.[0] === "string" ? argv[0] : "";
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ? null : "";
  }
}

async function exists(program: string, env: Environment): Promise<boolean> {
  const folders = /[\\/]/.test(program) ? [""] : (env.PATH ?? "").split(delimiter);
  const suffixes = Deno.build.os === "windows" ? ["", ".exe", ".cmd"] : [""];
  const paths = folders.flatMap((folder) => suffixes.map((suffix) => join(folder, program + suffix)));
  for (const path of paths) {
    if ((await Deno.stat(path).catch(() => null))?.isFile) return true;
  }
  return false;
}

async function install(path: string, env: Environment): Promise<void> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["jupyter", "--install", "--force"], // the present entry does not work
    env: Object.fromEntries(
      Object.entries({ ...env, NO_COLOR: "1" }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]]
      ),
    ),
    clearEnv: true,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (await programOf(path)) return;
  const said = new TextDecoder().decode(stderr).trim() || "no readable file there";
  throw new Error(`Expected "deno jupyter --install" to write ${path}. Run it by hand. Received: ${said}`);
}

/** Writes the file of `deno jupyter --install` into JUPYTER_DATA_DIR, which that command does not know (Deno 2.9.6). */
async function writeSpec(path: string): Promise<void> {
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, jsonText(spec));
}
