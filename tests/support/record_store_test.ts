import assert from "node:assert/strict";
import { openRecordStore } from "../../lib/support/record_store.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { randomFor } from "../../lib/support/random.ts";

const keyOf = (i: number) => sha256(`record ${i}`);
const payloadOf = (i: number, length: number) => {
  const random = randomFor("payload", i);
  return Uint8Array.from({ length }, () => random() * 256);
};

/** Runs `work` with the path of a file that does not exist yet, in a folder that is removed afterwards. */
async function withFile(work: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(`${folder}/new/records`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function fill(path: string, count: number, payloadBytes: number): void {
  using store = openRecordStore(path, { payloadBytes });
  for (let i = 0; i < count; i++) store.append(keyOf(i), payloadOf(i, payloadBytes));
}

/** Opens, asserts that whatever is found is right, puts back the rest; returns what was missing and what was said. */
function repair(path: string, count: number, payloadBytes: number): { missing: number; notices: string[] } {
  const notices: string[] = [];
  let missing = 0;
  using store = openRecordStore(path, { payloadBytes, onNotice: (message) => notices.push(message) });
  for (let i = 0; i < count; i++) {
    const found = store.get(keyOf(i));
    if (found) assert.deepEqual(found, payloadOf(i, payloadBytes));
    else {
      missing++;
      store.append(keyOf(i), payloadOf(i, payloadBytes));
    }
  }
  return { missing, notices };
}

Deno.test("what was appended is found again, before and after the file was closed", () =>
  withFile((path) => {
    {
      using store = openRecordStore(path, { payloadBytes: 33, flushBytes: 500 });
      for (let i = 0; i < 100; i++) {
        assert.equal(store.has(keyOf(i)), false);
        assert.equal(store.get(keyOf(i)), undefined);
        store.append(keyOf(i), payloadOf(i, 33));
        assert.equal(store.has(keyOf(i)), true);
        assert.equal(store.count, i + 1);
        assert.deepEqual(store.get(keyOf(i >> 1)), payloadOf(i >> 1, 33));
      }
    }
    assert.deepEqual(repair(path, 100, 33), { missing: 0, notices: [] });
    assert.equal(Deno.statSync(path).size, 16 + 100 * (40 + 33));
  }));

Deno.test("a key that is there already keeps its first payload and takes no more room", () =>
  withFile((path) => {
    fill(path, 3, 8);
    using store = openRecordStore(path, { payloadBytes: 8 });
    store.append(keyOf(1), payloadOf(99, 8));
    store.flush();
    assert.deepEqual(store.get(keyOf(1)), payloadOf(1, 8));
    assert.equal(Deno.statSync(path).size, 16 + 3 * 48);
  }));

Deno.test("a payload handed in or out may be changed without changing the store", () =>
  withFile((path) => {
    using store = openRecordStore(path, { payloadBytes: 8 });
    const payload = payloadOf(0, 8);
    store.append(keyOf(0), payload);
    payload.fill(0);
    store.get(keyOf(0))!.fill(1);
    assert.deepEqual(store.get(keyOf(0)), payloadOf(0, 8));
    store.flush();
    store.get(keyOf(0))!.fill(1);
    assert.deepEqual(store.get(keyOf(0)), payloadOf(0, 8));
  }));

Deno.test("wrong keys, payload lengths and files are refused with what was expected", () =>
  withFile((path) => {
    {
      using store = openRecordStore(path, { payloadBytes: 8 });
      assert.throws(() => store.append("abc", payloadOf(0, 8)), {
        name: "TypeError",
        message: /64 hex.*abc/,
      });
      assert.throws(() => store.append(keyOf(0), payloadOf(0, 9)), {
        name: "TypeError",
        message: /8 bytes.*Received: 9/,
      });
    }
    assert.throws(() => openRecordStore(path, { payloadBytes: 9 }), {
      message: /expected payloads of 9 bytes. Received: 8 bytes/,
    });
    assert.throws(() => openRecordStore(path, { payloadBytes: 0 }), RangeError);
  }));

Deno.test("a flipped byte anywhere costs at most its own record, is reported once, and is repaired", () =>
  withFile((path) => {
    fill(path, 4, 5);
    const whole = Deno.readFileSync(path);
    for (let offset = 0; offset < whole.length; offset++) {
      const flipped = whole.slice();
      flipped[offset] ^= 1 << (offset % 8);
      Deno.writeFileSync(path, flipped);
      const { missing, notices } = repair(path, 4, 5);
      assert.equal(missing, offset < 16 ? 0 : 1, `byte ${offset}`);
      assert.equal(notices.length, 1, `byte ${offset}: ${notices}`);
      assert.match(notices[0], /damaged/);
      assert.deepEqual(repair(path, 4, 5), { missing: 0, notices: [] }, `byte ${offset}, second time`);
    }
  }));

Deno.test("a file cut at any length keeps its whole records and is repaired", () =>
  withFile((path) => {
    fill(path, 4, 5);
    const whole = Deno.readFileSync(path);
    for (let length = 0; length < whole.length; length++) {
      Deno.writeFileSync(path, whole.subarray(0, length));
      const kept = Math.max(0, Math.floor((length - 16) / 45));
      assert.equal(repair(path, 4, 5).missing, 4 - kept, `cut at ${length}`);
      assert.deepEqual(repair(path, 4, 5), { missing: 0, notices: [] });
      assert.deepEqual(Deno.readFileSync(path), whole);
    }
  }));

Deno.test("stores open at the same time see and keep each other's records", () =>
  withFile((path) => {
    const open = () => openRecordStore(path, { payloadBytes: 12, flushBytes: 200 });
    {
      using a = open();
      using b = open();
      for (let i = 0; i < 60; i++) {
        if (i % 3 !== 0) a.append(keyOf(i), payloadOf(i, 12));
        if (i % 3 !== 1) b.append(keyOf(i), payloadOf(i, 12));
      }
    }
    assert.deepEqual(repair(path, 60, 12), { missing: 0, notices: [] });
    assert.equal(Deno.statSync(path).size, 16 + 60 * 52);
  }));

Deno.test("processes that write at once and are killed leave a store that holds only whole records", () =>
  withFile(async (path) => {
    const writer = `
      import { openRecordStore } from ${
      JSON.stringify(new URL("../../lib/support/record_store.ts", import.meta.url).href)
    };
      import { sha256 } from ${JSON.stringify(new URL("../../lib/support/digest.ts", import.meta.url).href)};
      import { randomFor } from ${
      JSON.stringify(new URL("../../lib/support/random.ts", import.meta.url).href)
    };
      const store = openRecordStore(Deno.args[0], { payloadBytes: 3000, flushBytes: 20000 });
      for (let i = Number(Deno.args[1]); ; i += 2) {
        const random = randomFor("payload", i);
        store.append(sha256("record " + i), Uint8Array.from({ length: 3000 }, () => random() * 256));
        if (i === 200 || i === 201) console.log("far enough");
      }`;
    const script = `${await Deno.makeTempDir()}/writer.ts`;
    await Deno.writeTextFile(script, writer);
    const children = [0, 1].map((first) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, path, String(first)],
        stdout: "piped",
        stderr: "inherit",
      }).spawn()
    );
    for (const child of children) {
      const reader = child.stdout.getReader();
      assert.match(new TextDecoder().decode((await reader.read()).value), /far enough/);
      await reader.cancel();
    }
    for (const child of children) child.kill("SIGKILL");
    for (const child of children) await child.status;
    await Deno.remove(script.slice(0, script.lastIndexOf("/")), { recursive: true });

    const { missing } = repair(path, 190, 3000); // both were past record 200 and wrote every seven records
    assert.equal(missing, 0);
    assert.deepEqual(repair(path, 190, 3000), { missing: 0, notices: [] });
  }));

Deno.test("a closed store stays closed: closing again does nothing, what comes later is refused", () =>
  withFile((path) => {
    fill(path, 2, 5);
    const store = openRecordStore(path, { payloadBytes: 5 });
    store.append(keyOf(2), payloadOf(2, 5));
    store.close();
    store.close();
    assert.throws(() => {
      store.append(keyOf(3), payloadOf(3, 5));
      store.flush();
    });
    assert.deepEqual(repair(path, 3, 5), { missing: 0, notices: [] });
  }));

Deno.test({
  name: "a write that the system refuses is told with path and what to do; the records before it stay whole",
  ignore: Deno.build.os === "windows", // has no ulimit
  fn: () =>
    withFile(async (path) => {
      const module = (name: string) =>
        JSON.stringify(new URL(`../../lib/support/${name}`, import.meta.url).href);
      const writer = `
        import { openRecordStore } from ${module("record_store.ts")};
        import { sha256 } from ${module("digest.ts")};
        using store = openRecordStore(${JSON.stringify(path)}, { payloadBytes: 3000, flushBytes: 10_000 });
        for (let i = 0; i < 100; i++) store.append(sha256("record " + i), new Uint8Array(3000).fill(i));`;
      const { code, stderr } = await new Deno.Command("bash", {
        // a limit of 100 kB for any file, met with an error in place of a signal
        args: ["-c", `trap "" XFSZ; ulimit -f 100; exec "$@"`, "-", Deno.execPath(), "eval", writer],
      }).output();
      assert.notEqual(code, 0);
      assert.match(
        new TextDecoder().decode(stderr),
        /StorageError: .*records could not be written: File too large/,
      );
      using store = openRecordStore(path, { payloadBytes: 3000, onNotice: assert.fail });
      assert.ok(store.count > 10 && store.count < 34, `${store.count} records`);
      for (let i = 0; i < store.count; i++) {
        assert.deepEqual(store.get(keyOf(i)), new Uint8Array(3000).fill(i));
      }
    }),
});
