/** Removing what may not be there. */

/** Removes a file or a folder with all in it; nothing there is no error. */
export async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
