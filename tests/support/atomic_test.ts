import assert from "node:assert/strict";
import { join } from "node:path";
import { writeAtomic, writeAtomicSync, writeFolderAtomic, writerOf } from "../../lib/support/atomic.ts";
import { isStorageFault } from "../../lib/support/storage_error.ts";
import { runDeno } from "./run_deno.ts";
import { inFolder } from "./temporary_folder.ts";

const module = (path: string) => JSON.stringify(new URL(`../../lib/${path}`, import.meta.url).href);

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

/** Names and contents of a folder of text files. */
function textsIn(folder: string): Record<string, string> {
  return Object.fromEntries(namesIn(folder).map((name) => [name, Deno.readTextFileSync(join(folder, name))]));
}

Deno.test("a file is written completely, with its folders; no temporary file is left", () =>
  inFolder(async (folder) => {
    const path = join(folder, "a", "b.bin");
    const contents = [
      "text",
      new TextEncoder().encode("bytes"),
      ["par", "ts"].map((x) => new TextEncoder().encode(x)),
    ];
    for (const [i, content] of contents.entries()) {
      await writeAtomic(path, content);
      assert.deepEqual(textsIn(join(folder, "a")), { "b.bin": ["text", "bytes", "parts"][i] });
    }
    writeAtomicSync(path, new TextEncoder().encode("at once"));
    assert.deepEqual(textsIn(join(folder, "a")), { "b.bin": "at once" });
  }));

Deno.test("if the target cannot be replaced, the old content stays and no partial file is left", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "taken", "inside"), { recursive: true });
    const refused = { name: "StorageError", message: /taken could not be written: .*--out/ };
    await assert.rejects(writeAtomic(join(folder, "taken"), "text"), refused);
    assert.throws(() => writeAtomicSync(join(folder, "taken"), new Uint8Array(3)), refused);
    assert.deepEqual(namesIn(folder), ["taken"]);
  }));

Deno.test({
  name: "files, the store and the run's lock all name a read-only folder and say what to do",
  ignore: Deno.build.os === "windows", // has no such permissions
  fn: () =>
    inFolder(async (folder) => {
      const program = `
        import process from "node:process";
        import { writeAtomic } from ${module("support/atomic.ts")};
        import { createConfig } from ${module("config.ts")};
        import { openStore } from ${module("support/store.ts")};
        import { lockRun } from ${module("tasks/run_folder.ts")};
        const folder = ${JSON.stringify(folder)};
        const store = openStore(folder + "/store");
        const key = "0".repeat(64);
        const writers = [
          () => writeAtomic(folder + "/results.json", "{}"),
          () => store.write("heads", key, { value: 1, tensors: {} }),
          () => {
            const rows = store.rows("images", { rowBytes: 1 });
            rows.append(key, new Uint8Array(1));
            rows.flush();
          },
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
      await Deno.writeTextFile(join(folder, "results.json"), "before");
      await Deno.chmod(folder, 0o555);
      const { out, err } = await runDeno(["eval", program])
        .finally(() => Deno.chmod(folder, 0o700)); // else it cannot be removed
      const lines = out.trimEnd().split("\n");
      const paths = ["results.json", "store/heads/00/0", "store/images/", "out/.lock"];
      assert.equal(lines.length, paths.length, err);
      for (const [index, path] of paths.entries()) {
        assert.ok(lines[index].startsWith(`StorageError: ${folder}/${path}`), lines[index]);
        const message =
          /could not be written: Permission denied.*Make its folder writable, or use another one/;
        assert.match(lines[index], message);
      }
      assert.deepEqual(textsIn(folder), { "results.json": "before" });
    }),
});

Deno.test("a temporary file's name holds its writer's process id; a finished file's name does not", () =>
  inFolder(async (folder) => {
    const parts = [new Uint8Array(3), new Uint8Array(3)];
    let during: string[] = [];
    Object.defineProperty(parts, 1, { // asked for when the first is written
      get() {
        during = Array.from(Deno.readDirSync(folder), ({ name }) => name);
        return new Uint8Array(3);
      },
    });
    await writeAtomic(join(folder, "large.bin"), parts);
    assert.deepEqual(during.map((name) => writerOf(name)?.pid), [Deno.pid]);
    assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["large.bin"]);
    for (const name of ["results.json", "notes.tmp", "a.12.tmp", "a.x.01234567.tmp"]) {
      assert.equal(writerOf(name), null);
    }
  }));

Deno.test("a full or read-only disk is recognised by the name and text of the error that a kernel passes on", () => {
  assert.ok(isStorageFault("StorageError", "whatever"));
  assert.ok(isStorageFault("Error", "No space left on device (os error 28): writefile 'x'"));
  assert.ok(isStorageFault("Error", "Read-only file system (os error 30): mkdir 'x'"));
  assert.ok(!isStorageFault("TypeError", "labels must be 0 … 6. Received: 7"));
  assert.ok(!isStorageFault("NotFound", "No such file or directory (os error 2): open 'x'"));
});

Deno.test("a folder is created or replaced as a whole; after an error the older one is unchanged", () =>
  inFolder(async (parent) => {
    const folder = join(parent, "deep", "model");
    await writeFolderAtomic(folder, (path) => Deno.writeTextFile(join(path, "a"), "1"));
    await writeFolderAtomic(folder, (path) => Deno.writeTextFile(join(path, "b"), "2"));
    assert.deepEqual(textsIn(folder), { b: "2" });
    const fails = writeFolderAtomic(folder, async (path) => {
      await Deno.writeTextFile(join(path, "b"), "3");
      throw new RangeError("half-way");
    });
    await assert.rejects(fails, { name: "RangeError", message: "half-way" });
    assert.deepEqual(textsIn(folder), { b: "2" });
    assert.deepEqual(namesIn(join(parent, "deep")), ["model"]);
    await Deno.writeTextFile(join(parent, "file"), "");
    await assert.rejects(writeFolderAtomic(join(parent, "file", "model"), () => Promise.resolve()), {
      name: "StorageError",
      message: /model could not be written/,
    });
  }));

Deno.test("if a process is killed while filling a folder, the older one stays; the new one is marked unfinished", () =>
  inFolder(async (parent) => {
    const folder = join(parent, "model");
    await writeFolderAtomic(folder, (path) => Deno.writeTextFile(join(path, "a"), "old"));
    const program = `
      import { writeFolderAtomic } from ${module("support/atomic.ts")};
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
    assert.deepEqual(textsIn(folder), { a: "old" });
    assert.deepEqual(namesIn(parent).filter((name) => name !== "model").map((name) => writerOf(name)?.pid), [
      child.pid,
    ]);
  }));
