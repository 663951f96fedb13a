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

/** A folder for all tests of a module, which goes when the module ends. */
export async function lastingFolder(prefix?: string): Promise<string> {
  const path = await Deno.makeTempDir({ prefix });
  globalThis.addEventListener("unload", () => Deno.removeSync(path, { recursive: true }));
  return path;
}
