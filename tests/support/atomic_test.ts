import assert from "node:assert/strict";
import { join } from "node:path";
import { writeAtomic, writeFolderAtomic, writerOf } from "../../lib/support/atomic.ts";
import { isStorageFault } from "../../lib/support/storage_error.ts";

Deno.test("a file appears whole, folders are made, no temporary file stays", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "a", "b.bin");
    await writeAtomic(path, new Uint8Array(3_000_000).fill(7));
    await writeAtomic(path, "second");
    assert.equal(await Deno.readTextFile(path), "second");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(join(folder, "a")))).map((entry) => entry.name), [
      "b.bin",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("when the target cannot be replaced the old content stays and nothing half-written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "taken", "inside"), { recursive: true });
    await assert.rejects(writeAtomic(join(folder, "taken"), "text"), {
      name: "StorageError",
      message: /taken could not be written: .*--out/,
    });
    assert.deepEqual((await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name), ["taken"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name:
    "a read-only folder is named, with what to do, by all that writes there: files, records, the run's lock",
  ignore: Deno.build.os === "windows", // has no such permissions
  async fn() {
    const folder = await Deno.makeTempDir();
    const module = (name: string) =>
      JSON.stringify(new URL(`../../lib/support/${name}`, import.meta.url).href);
    const program = `
      import process from "node:process";
      import { writeAtomic } from ${module("atomic.ts")};
      import { createConfig } from ${module("../config.ts")};
      import { openRecordStore } from ${module("record_store.ts")};
      import { lockRun } from ${module("../tasks/lock.ts")};
      const folder = ${JSON.stringify(folder)};
      const writers = [
        () => writeAtomic(folder + "/results.json", "{}"),
        () => openRecordStore(folder + "/store/records.bin", { payloadBytes: 8 }),
        () => lockRun(createConfig({ preset: "smoke", out: folder + "/out" })),
      ];
      if (Deno.uid() === 0) process.seteuid(65534); // root may write everywhere
      for (const write of writers) {
        try {
          await write();
          console.log("written");
        } catch (error) {
          console.log(error.name + ": " + error.message);
        }
      }`;
    try {
      await Deno.writeTextFile(join(folder, "results.json"), "before");
      await Deno.chmod(folder, 0o555);
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] })
        .output();
      const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
      assert.equal(lines.length, 3, new TextDecoder().decode(stderr));
      for (const [index, path] of ["results.json", "store/records.bin", "out/.lock"].entries()) {
        assert.ok(
          lines[index].startsWith(`StorageError: ${folder}/${path} could not be written: `),
          lines[index],
        );
        assert.match(
          lines[index],
          /Permission denied.*Make its folder writable, or take another one \(--out\)/,
        );
      }
      assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["results.json"]);
      assert.equal(await Deno.readTextFile(join(folder, "results.json")), "before");
    } finally {
      await Deno.chmod(folder, 0o700);
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("while a file is written its name tells the process; finished files' names do not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const writing = writeAtomic(join(folder, "large.bin"), new Uint8Array(30_000_000));
    const seen = new Set<number | null>();
    while (!seen.has(null)) {
      for await (const { name } of Deno.readDir(folder)) seen.add(writerOf(name));
    }
    await writing;
    assert.ok(seen.has(Deno.pid));
    for (const name of ["results.json", "notes.tmp", "a.12.tmp", "a.x.01234567.tmp"]) {
      assert.equal(writerOf(name), null);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a full or read-only disk is told from other errors, by an error's name and text as a kernel hands them over", () => {
  assert.ok(isStorageFault("StorageError", "whatever"));
  assert.ok(isStorageFault("Error", "No space left on device (os error 28): writefile 'x'"));
  assert.ok(isStorageFault("Error", "Read-only file system (os error 30): mkdir 'x'"));
  assert.ok(!isStorageFault("TypeError", "labels must be 0 … 6. Received: 7"));
  assert.ok(!isStorageFault("NotFound", "No such file or directory (os error 2): open 'x'"));
});

/** Names and contents of a folder of text files. */
async function textsIn(folder: string): Promise<Record<string, string>> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await Deno.readTextFile(join(folder, name))])),
  );
}

Deno.test("a folder appears whole and replaces an older one whole; an error in between leaves that as it was", async () => {
  const parent = await Deno.makeTempDir();
  const folder = join(parent, "deep", "model");
  try {
    await writeFolderAtomic(folder, (path) => Deno.writeTextFile(join(path, "a"), "1"));
    await writeFolderAtomic(folder, (path) => Deno.writeTextFile(join(path, "b"), "2"));
    assert.deepEqual(await textsIn(folder), { b: "2" });
    const fails = writeFolderAtomic(folder, async (path) => {
      await Deno.writeTextFile(join(path, "b"), "3");
      throw new RangeError("half-way");
    });
    await assert.rejects(fails, { name: "RangeError", message: "half-way" });
    assert.deepEqual(await textsIn(folder), { b: "2" });
    assert.deepEqual(Array.from(Deno.readDirSync(join(parent, "deep")), ({ name }) => name), ["model"]);
    await Deno.writeTextFile(join(parent, "file"), "");
    await assert.rejects(writeFolderAtomic(join(parent, "file", "model"), () => Promise.resolve()), {
      name: "StorageError",
      message: /model could not be written/,
    });
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("a process killed while it fills a folder leaves the older one, and what can be told to be unfinished", async () => {
  const parent = await Deno.makeTempDir();
  const folder = join(parent, "model");
  try {
    await writeFolderAtomic(folder, (path) => Deno.writeTextFile(join(path, "a"), "old"));
    const program = `
      import { writeFolderAtomic } from ${
      JSON.stringify(new URL("../../lib/support/atomic.ts", import.meta.url).href)
    };
      await writeFolderAtomic(${JSON.stringify(folder)}, async (path) => {
        await Deno.writeTextFile(path + "/a", "new");
        console.log("half");
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });`;
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", program], stdout: "piped" }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    assert.deepEqual(await textsIn(folder), { a: "old" });
    const others = Array.from(Deno.readDirSync(parent), ({ name }) => name).filter((name) =>
      name !== "model"
    );
    assert.deepEqual(others.map(writerOf), [child.pid]);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});
