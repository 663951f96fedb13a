import assert from "node:assert/strict";
import { join } from "node:path";
import { firstOfSame } from "../../lib/data/same_files.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

Deno.test("files are compared by their bytes, even if inode numbers are too large to distinguish, as on Lustre and NTFS", async () => {
  await using temporary = await temporaryFolder();
  const paths = ["one", "two", "tri", "one"].map((text, i) => {
    const path = join(temporary.path, `${i}.jpg`);
    Deno.writeTextFileSync(path, text);
    return path;
  });
  assert.deepEqual(await firstOfSame(paths), [0, 1, 2, 0]);
  const { statSync } = Deno;
  try {
    Deno.statSync = (path) => ({ ...statSync(path), ino: 144115205255725057 + paths.indexOf(String(path)) });
    assert.deepEqual(await firstOfSame(paths), [0, 1, 2, 0]);
  } finally {
    Deno.statSync = statSync;
  }
});
