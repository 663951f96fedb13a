import { dirname, join } from "node:path";

/** A folder that is removed at the end of the block that holds it: `await using`. */
export async function temporaryFolder(): Promise<
  AsyncDisposable & { path: string; names(): Promise<string[]> }
> {
  const path = await Deno.makeTempDir();
  return {
    path,
    names: async () => (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort(),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Runs a test with such a folder. */
export async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  await test(folder.path);
}

/** Runs a test with a folder of these files. A file whose content is not given has its own path as content, so that all differ. */
export async function withFiles(
  files: string[] | Record<string, string | Uint8Array>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const contents = Array.isArray(files) ? Object.fromEntries(files.map((path) => [path, path])) : files;
  await inFolder(async (folder) => {
    for (const [path, content] of Object.entries(contents)) {
      await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(join(folder, path), bytes);
    }
    await test(folder);
  });
}

/** A folder for all tests of a module, which goes when the module ends. */
export async function lastingFolder(prefix?: string): Promise<string> {
  const path = await Deno.makeTempDir({ prefix });
  globalThis.addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
  return path;
}
