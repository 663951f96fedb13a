/** A folder's files, at any depth. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { sha256 } from "../../lib/support/digest.ts";

/** Paths in a folder of all files that were written since a moment. */
export function filesIn(folder: string, since = 0): string[] {
  const files: string[] = [];
  const look = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(path)) {
      try {
        const inner = join(path, name);
        if (isDirectory) look(inner);
        else if (Deno.statSync(inner).mtime!.getTime() >= since) files.push(relative(folder, inner));
      } catch { /* renamed in the meantime */ }
    }
  };
  if (existsSync(folder)) look(folder);
  return files;
}

/** SHA-256 of a folder's files, by their paths there. */
export async function digestsIn(folder: string, files = filesIn(folder)): Promise<Record<string, string>> {
  assert.ok(files.length > 0, `no files in ${folder}`);
  const digests: Record<string, string> = {};
  for (const name of files.sort()) digests[name] = sha256(await Deno.readFile(join(folder, name)));
  return digests;
}
