import assert from "node:assert/strict";
import { join } from "node:path";
import { sha256 } from "../../lib/support/digest.ts";
import { randomFor } from "../../lib/support/random.ts";
import { openStore } from "../../lib/support/store.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const keyOf = (i: number) => sha256(`row ${i}`);
const rowOf = (i: number, length: number) => {
  const random = randomFor("row", i);
  return Uint8Array.from({ length }, () => random() * 256);
};
const content = {
  value: { format: "test", third: 1 / 3 },
  tensors: { "a/kernel": Float32Array.of(1, -0, 1e-40, NaN), b: new Float32Array(0), c: Float32Array.of(3) },
};

/** Runs `test` with a folder that does not exist yet, and removes it afterwards. */
async function withFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  const parent = temporary.path;
  await test(join(parent, "new", "store"));
}

/** Paths of all files below a folder, sorted. */
function filesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(join(folder, name)) : [join(folder, name)]
  ).sort();
}

function fill(folder: string, first: number, count: number, rowBytes: number): void {
  using rows = openStore(folder).rows("rows", { rowBytes });
  for (let i = first; i < first + count; i++) rows.append(keyOf(i), rowOf(i, rowBytes));
}

/** Reads the rows 0 … count − 1, asserts that what is found is right, adds what is missing; returns how many, and what was said. */
function repair(folder: string, count: number, rowBytes: number): { missing: number; notices: string[] } {
  const notices: string[] = [];
  let missing = 0;
  const store = openStore(folder, { onNotice: (message) => notices.push(message) });
  using rows = store.rows("rows", { rowBytes });
  for (let i = 0; i < count; i++) {
    const found = rows.get(keyOf(i));
    if (found) assert.deepEqual(found, rowOf(i, rowBytes));
    else {
      missing++;
      rows.append(keyOf(i), rowOf(i, rowBytes));
    }
  }
  return { missing, notices };
}

/** Writes a program in which `store`, `rows` of 3,000 bytes, `keyOf` and `rowOf` are there; returns its path. */
async function writeProgram(folder: string, body: string, rowBytes = 3000): Promise<string> {
  const module = (name: string) => new URL(`../../lib/support/${name}`, import.meta.url).href;
  const path = join(folder, "..", "program.ts");
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(
    path,
    `import { openStore } from "${module("store.ts")}";
     import { sha256 } from "${module("digest.ts")}";
     import { randomFor } from "${module("random.ts")}";
     const keyOf = ${keyOf};
     const rowOf = ${rowOf};
     const rowBytes = ${rowBytes};
     const store = openStore(${JSON.stringify(folder)});
     const rows = store.rows("rows", { rowBytes });
     ${body}`,
  );
  return path;
}

/** Runs such a program after a shell command that sets a limit; returns what it printed. */
async function runLimited(limit: string, folder: string, body: string, rowBytes?: number): Promise<string> {
  const program = await writeProgram(folder, body, rowBytes);
  const { success, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", `${limit}; exec "$@"`, "-", Deno.execPath(), "run", "-A", "--no-check", program],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd();
}

Deno.test("an entry is read bit for bit, has the same bytes whenever it is written, and can be replaced and removed", () =>
  withFolder(async (folder) => {
    const store = openStore(folder);
    const key = keyOf(0);
    assert.equal(await store.read("heads", key), null);
    assert.equal(store.has("heads", key), false);
    await store.remove("heads", key);
    await store.write("heads", key, content);
    assert.equal(store.has("heads", key), true);
    const stored = await store.read("heads", key);
    assert.deepEqual(stored, content);
    assert.ok(Object.is(stored!.tensors["a/kernel"][1], -0));
    assert.deepEqual(Deno.readDirSync(folder).map(({ name }) => name).toArray(), ["heads"]);
    const [path] = filesIn(folder);
    assert.equal(path, join(folder, "heads", key.slice(0, 2), `${key}.tensors`));
    const bytes = await Deno.readFile(path);
    assert.equal(bytes.subarray(-32).toHex(), sha256(bytes.subarray(0, -32)));
    await store.write("heads", key, { value: null, tensors: {} });
    assert.deepEqual(await store.read("heads", key), { value: null, tensors: {} });
    await store.write("heads", key, content);
    assert.deepEqual(await Deno.readFile(path), bytes);
    await store.remove("heads", key);
    assert.deepEqual(filesIn(folder), []);
  }));

Deno.test("a kept value is computed only once and is the same whether computed or read", () =>
  withFolder(async (folder) => {
    const store = openStore(folder);
    const compute = () =>
      Promise.resolve({ ...content, value: { ratio: NaN, left: undefined, at: [1, -0] } });
    const { computed, ...first } = await store.keep("runs/2", keyOf(0), compute);
    assert.equal(computed, true);
    const again = await store.keep("runs/2", keyOf(0), () => assert.fail("is stored"));
    assert.deepEqual(again, { ...first, computed: false });
    await assert.rejects(
      store.keep("runs/2", keyOf(1), () => Promise.reject(new RangeError("no"))),
      RangeError,
    );
    assert.equal(store.has("runs/2", keyOf(1)), false);
  }));

Deno.test("an entry truncated at any length or with any byte flipped is reported once and recomputed", () =>
  withFolder(async (folder) => {
    const notices: string[] = [];
    const store = openStore(folder, { onNotice: (message) => notices.push(message) });
    await store.write("heads", keyOf(0), content);
    await store.write("heads", keyOf(1), content);
    const path = filesIn(folder).find((name) => name.includes(keyOf(0)))!;
    const bytes = await Deno.readFile(path);
    const damaged = Array.from(bytes, (_, at) => [
      bytes.slice(0, at),
      bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte)),
    ]).flat();
    for (const wrong of damaged) {
      await Deno.writeFile(path, wrong);
      assert.equal(await store.read("heads", keyOf(0)), null);
      assert.match(
        notices.splice(0).join("\n"),
        /^.*\.tensors: cut short or changed.* is treated as missing$/,
      );
      assert.equal(store.has("heads", keyOf(0)), false);
      const { computed } = await store.keep("heads", keyOf(0), () => Promise.resolve(content));
      assert.equal(computed, true);
    }
    assert.deepEqual(await store.read("heads", keyOf(1)), content);
    assert.deepEqual(notices, []);
  }));

Deno.test("rows are found before and after they are written; later changes to the arrays do not affect them", () =>
  withFolder((folder) => {
    {
      using rows = openStore(folder).rows("rows", { rowBytes: 33 });
      for (let i = 0; i < 100; i++) {
        assert.deepEqual([rows.has(keyOf(i)), rows.get(keyOf(i))], [false, undefined]);
        const row = rowOf(i, 33);
        rows.append(keyOf(i), row);
        row.fill(0);
        rows.get(keyOf(i))!.fill(1);
        assert.deepEqual([rows.has(keyOf(i)), rows.count], [true, i + 1]);
        if (i % 30 === 0) rows.flush();
        assert.deepEqual(rows.get(keyOf(i >> 1)), rowOf(i >> 1, 33));
      }
      rows.append(keyOf(1), rowOf(99, 33)); // there already: stays as it is
    }
    assert.deepEqual(repair(folder, 100, 33), { missing: 0, notices: [] });
    assert.equal(filesIn(folder).length, 5);
    assert.ok(filesIn(folder).every((path) => /\/rows\/([0-9a-f]{2})\/\1[0-9a-f]{62}\.shard$/.test(path)));
  }));

Deno.test("invalid kinds, keys and row lengths are refused, with the expected form", () =>
  withFolder(async (folder) => {
    const store = openStore(folder);
    for (const kind of ["", "../up", "a//b", "a b"]) {
      assert.throws(() => store.has(kind, keyOf(0)), {
        name: "TypeError",
        message: /kind is words.*Received/,
      });
    }
    assert.throws(() => store.has("heads", "abc"), { name: "TypeError", message: /64 hex.*Received: abc/ });
    {
      using rows = store.rows("rows", { rowBytes: 8 });
      assert.throws(() => rows.append("abc", rowOf(0, 8)), { name: "TypeError", message: /64 hex.*abc/ });
      assert.throws(() => rows.append(keyOf(0), rowOf(0, 9)), /8 bytes\. Received: 9 bytes/);
      rows.append(keyOf(0), rowOf(0, 8));
    }
    assert.throws(() => store.rows("rows", { rowBytes: 9 }), /expected rows of 9 bytes\. Received: 8 bytes/);
    assert.throws(() => store.rows("rows", { rowBytes: 0 }), RangeError);
    await assert.rejects(store.write("../up", keyOf(0), content), TypeError);
  }));

Deno.test("a shard truncated anywhere or with any byte flipped keeps its intact rows, is reported once and repaired", () =>
  withFolder((folder) => {
    fill(folder, 0, 4, 5);
    fill(folder, 4, 4, 5);
    const files = filesIn(folder).map((path) => [path, Deno.readFileSync(path)] as const);
    const [path, whole] = files[0];
    const [header, table, row] = [24, 4 * 36, 5];
    const damages = Array.from(whole, (_, at) => [
      { bytes: whole.map((byte, i) => (i === at ? byte ^ (1 << (i % 8)) : byte)), lost: at < header ? 0 : 1 },
      { bytes: whole.subarray(0, at), lost: 4 - Math.max(0, Math.floor((at - header - table) / row)) },
    ]).flat();
    for (const [i, { bytes, lost }] of damages.entries()) {
      for (const path of filesIn(folder)) Deno.removeSync(path);
      for (const [path, bytes] of files) Deno.writeFileSync(path, bytes);
      Deno.writeFileSync(path, bytes);
      const { missing, notices } = repair(folder, 8, 5);
      const damage = `byte ${i >> 1} ${i % 2 === 0 ? "flipped" : "and what follows cut off"}`;
      assert.equal(missing, lost, damage);
      assert.equal(notices.length, 1, `${damage}: ${notices}`);
      assert.ok(notices[0].startsWith(`${path}: damaged. ${4 - lost} of its `), notices[0]);
      assert.deepEqual(repair(folder, 8, 5), { missing: 0, notices: [] }, `${damage}, second time`);
    }
  }));

Deno.test("stores opened at the same time find each other's rows, and one can read while another repairs", () =>
  withFolder((folder) => {
    const open = () => openStore(folder, { onNotice: () => {} }).rows("rows", { rowBytes: 12 });
    using a = open();
    using b = open();
    for (let i = 0; i < 60; i++) {
      if (i % 3 !== 0) a.append(keyOf(i), rowOf(i, 12));
      if (i % 3 !== 1) b.append(keyOf(i), rowOf(i, 12));
      if (i % 10 === 9) a.flush();
    }
    assert.equal(b.has(keyOf(1)), false);
    b.refresh();
    assert.deepEqual([b.count, b.get(keyOf(1))], [60, rowOf(1, 12)]);
    b.flush();
    a.refresh();
    assert.equal(a.count, 60);

    for (const path of filesIn(folder)) Deno.truncateSync(path, Deno.statSync(path).size - 1); // each loses its last row
    using c = open();
    assert.ok(c.count < 60 && c.count >= 60 - filesIn(folder).length);
    for (let i = 0; i < 60; i++) assert.deepEqual(a.get(keyOf(i)), c.get(keyOf(i)));
  }));

Deno.test({
  name: "rows in more shards than a process may hold open are read in any order",
  ignore: Deno.build.os === "windows", // has no ulimit
  fn: () =>
    withFolder(async (folder) => {
      using rows = openStore(folder).rows("rows", { rowBytes: 4 });
      for (let i = 0; i < 300; i++) {
        rows.append(keyOf(i), rowOf(i, 4));
        rows.flush();
      }
      const said = await runLimited(
        "ulimit -n 256",
        folder,
        `for (let i = 0; i < 900; i++) if (!rows.get(keyOf(i * 7 % 300))) console.log("missing", i);`,
        4,
      );
      assert.equal(said, "");
    }),
});

Deno.test("processes that fill one store at once and are killed at any moment leave only whole entries and rows", () =>
  withFolder(async (folder) => {
    const program = await writeProgram(
      folder,
      `for (let i = Number(Deno.args[0]); ; i += 2) {
         rows.append(keyOf(i), rowOf(i, rowBytes));
         if (i % 8 < 2) {
           rows.flush();
           await store.write("entries", keyOf(i % 16), { value: i, tensors: { x: new Float32Array(20_000).fill(i) } });
           console.log(i);
         }
       }`,
    );
    const random = randomFor("moments");
    let written = 0; // rows of which a process said that they are on disk
    for (let round = 0; round < 4; round++) {
      const children = [0, 1].map((first) =>
        new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", program, String(first)],
          stdout: "piped",
          stderr: "inherit",
        }).spawn()
      );
      const far = await Promise.all(children.map(async (child) => {
        const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
        let said = "";
        while (!(said.split("\n").length > 4)) {
          said += (await reader.read()).value ?? assert.fail("the program has ended");
        }
        await new Promise((resolve) => setTimeout(resolve, random() * 40));
        child.kill("SIGKILL");
        for (let part; !(part = await reader.read()).done;) said += part.value;
        await child.status;
        return Number(said.split("\n").at(-2));
      }));
      written = Math.max(written, Math.min(...far));
      const store = openStore(folder, { onNotice: assert.fail });
      using rows = store.rows("rows", { rowBytes: 3000 });
      for (let i = 0; i <= written; i++) assert.deepEqual(rows.get(keyOf(i)), rowOf(i, 3000), `row ${i}`);
      for (const i of [0, 1, 8, 9]) {
        const { value, tensors } = (await store.read<number>("entries", keyOf(i)))!;
        assert.ok(tensors.x.length === 20_000 && tensors.x.every((x) => x === value));
      }
    }
    assert.ok(written > 20, `${written}`);
  }));

Deno.test({
  name: "a refused write is reported with its path and what to do; earlier entries and rows stay intact",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFolder(async (folder) => {
      const said = await runLimited(
        `trap "" XFSZ; ulimit -f 70`, // 70 kB for any file, met with an error in place of a signal
        folder,
        `const say = (error) => console.log(error.name + ": " + error.message);
         await store.write("entries", keyOf(0), { value: 1, tensors: {} });
         await store.write("entries", keyOf(0), { value: 2, tensors: { x: new Float32Array(50_000) } }).catch(say);
         for (let i = 0; i < 50; i++) {
           rows.append(keyOf(i), rowOf(i, rowBytes));
           if (i === 19) rows.flush();
         }
         try {
           rows[Symbol.dispose]();
         } catch (error) {
           say(error);
         }
         rows[Symbol.dispose](); // does not try again`,
      );
      const [entry, shard] = said.split("\n");
      assert.match(
        entry,
        /^StorageError: .*\.tensors could not be written: File too large.* Free some space.*--out/,
      );
      assert.match(
        shard,
        /^StorageError: .*\.shard could not be written: File too large.* Free some space.*--out/,
      );
      const store = openStore(folder, { onNotice: assert.fail });
      assert.deepEqual(await store.read("entries", keyOf(0)), { value: 1, tensors: {} });
      assert.equal(repair(folder, 20, 3000).missing, 0);
      assert.equal(filesIn(folder).length, 2);
    }),
});
