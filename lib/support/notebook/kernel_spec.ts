/** Deno's entry in the list of kernels from which JupyterLab and VS Code choose. The headless run does not need it. */
import { delimiter, join } from "node:path";

export interface KernelSpecResult {
  /** `found`: it was there and works. `repaired`: it named a Deno that is no more. */
  action: "found" | "installed" | "repaired";
  /** The entry's kernel.json. */
  path: string;
  /** What was found or done, in a sentence. */
  message: string;
}

type Environment = Record<string, string | undefined>;

/** Deno's entry where Jupyter looks for kernels, one that works before one that does not; null where there is none. */
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
 * Registers Deno's kernel for Jupyter front ends where it is not (jupyter-core's search path). An entry whose program
 * exists is never touched.
 *
 * @param options.env environment that says where the folders are; default: this process's
 * @throws {Error} when the entry cannot be written: with what `deno jupyter --install` said
 */
export async function ensureKernelSpec(options: { env?: Environment } = {}): Promise<KernelSpecResult> {
  const env = options.env ?? Deno.env.toObject();
  const found = await findKernelSpec(env);
  if (found?.works) {
    return {
      action: "found",
      path: found.path,
      message: `Deno's Jupyter kernel is registered: ${found.path}`,
    };
  }
  const path = specIn(userDataFolder(env));
  const before = await programOf(path);
  await (env.JUPYTER_DATA_DIR ? writeSpec(path) : install(env));
  const written = await programOf(path);
  if (!written) {
    throw new Error(
      `Expected "deno jupyter --install" to write ${path}. Run it by hand. Received: no readable file there`,
    );
  }
  return before === null
    ? { action: "installed", path, message: `Deno's Jupyter kernel was registered: ${path}` }
    : {
      action: "repaired",
      path,
      message: `Deno's Jupyter kernel was registered anew, as ${before} does not exist: ${path}`,
    };
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

/** All folders where Jupyter looks for kernels: `jupyter --paths`, as far as it can be known from outside of Python. */
function dataFolders(env: Environment): string[] {
  const inPrefix = (prefix: string | undefined) => prefix ? [join(prefix, "share", "jupyter")] : [];
  return [
    ...(env.JUPYTER_PATH ?? "").split(delimiter).filter((folder) => folder !== ""),
    userDataFolder(env),
    ...inPrefix(env.VIRTUAL_ENV),
    ...inPrefix(env.CONDA_PREFIX),
    ...Deno.build.os === "windows"
      ? [join(env.PROGRAMDATA ?? "C:\\ProgramData", "jupyter")]
      : ["/usr/local/share/jupyter", "/usr/share/jupyter"],
  ];
}

/** The program that an entry starts, "" where the entry cannot be read, null where there is none. */
async function programOf(path: string): Promise<string | null> {
  try {
    const { argv } = JSON.parse(await Deno.readTextFile(path));
    return Array.isArray(argv) && typeof argv[0] === "string" ? argv[0] : "";
  } catch (error) {
    return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ? null : "";
  }
}

async function exists(program: string, env: Environment): Promise<boolean> {
  const isPath = /[\\/]/.test(program);
  const folders = isPath ? [""] : (env.PATH ?? "").split(delimiter);
  for (const folder of folders) {
    for (const suffix of Deno.build.os === "windows" ? ["", ".exe", ".cmd"] : [""]) {
      const info = await Deno.stat(join(folder, program + suffix)).catch(() => null);
      if (info?.isFile) return true;
    }
  }
  return false;
}

async function install(env: Environment): Promise<void> {
  const defined = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["jupyter", "--install", "--force"], // what is there does not work
    env: Object.fromEntries(defined),
    clearEnv: true,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Error(
    `Expected "deno jupyter --install" to register the kernel. Received: ${
      new TextDecoder().decode(stderr).trim()
    }`,
  );
}

/** `deno jupyter --install` does not know JUPYTER_DATA_DIR (Deno 2.9.6): the same file, where Jupyter looks for it. */
async function writeSpec(path: string): Promise<void> {
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
  };
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, `${JSON.stringify(spec, null, 2)}\n`);
}
