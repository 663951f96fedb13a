import assert from "node:assert/strict";
import { sha256 } from "../../lib/support/digest.ts";
import { tf } from "../../lib/support/engine/engine.ts";
import { computeActivations, openActivations, storedActivations } from "../../lib/model/activations.ts";
import { makeBase } from "../../lib/model/forward.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { makeInputs, makeOptions } from "./activation_inputs.ts";

const recordBytes = 40 + 512 * 2;

function temporary(): string {
  const folder = Deno.makeTempDirSync({ prefix: "activations" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  return folder;
}

/** Path of the only file of records below a store. */
function recordsIn(store: string): string {
  const [folder, ...others] = Deno.readDirSync(`${store}/activations`);
  assert.equal(others.length, 0);
  return `${store}/activations/${folder.name}/records.bin`;
}

function changeBytes(
  path: string,
  change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>,
): void {
  Deno.writeFileSync(path, change(Deno.readFileSync(path)));
}

/** Starts `activation_inputs.ts` as a process of its own. */
function startChild(store: string, count: number, milliseconds: number) {
  const script = new URL("activation_inputs.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, store, `${count}`, `${milliseconds}`],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return { child, lines: linesOf(child.stdout) };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as Record<string, unknown>;
  }
}

/** What an unbroken run gives for 20 images. */
const unbroken = await computeActivations(makeInputs(20), makeOptions(temporary()));

Deno.test("values are the base's, rounded to half floats, whatever the order and the batch", async () => {
  const store = temporary();
  const result = await computeActivations(makeInputs(7), { ...makeOptions(store), float32: true });
  assert.deepEqual([result.length, result.count, result.computed, result.reused], [512, 7, 7, 0]);
  const base = makeBase(randomWeights(0), makeOptions(store));
  for (const [i, { pixels }] of makeInputs(7).entries()) {
    const alone = tf.tidy(() =>
      base.forward(tf.tensor4d(pixels(), [1, 32, 32, 3], "int32")).dataSync<"float32">()
    );
    const stored = result.values.subarray(512 * i, 512 * (i + 1));
    const wide = result.float32!.subarray(512 * i, 512 * (i + 1));
    assert.deepEqual(stored, new Float32Array(new Float16Array(wide)));
    const largest = Math.max(...alone);
    assert.ok(largest > 0 && alone.every((value, j) => Math.abs(value - wide[j]) < 1e-5 * largest));
  }
  base.dispose();

  const backwards = await computeActivations(makeInputs(20).reverse(), makeOptions(temporary()));
  for (let i = 0; i < 20; i++) {
    const ours = backwards.values.subarray(512 * (19 - i), 512 * (20 - i));
    assert.deepEqual(ours, unbroken.values.subarray(512 * i, 512 * (i + 1)));
  }
});

Deno.test("only what is not stored is computed, and its pixels drawn", async () => {
  const options = makeOptions(temporary());
  const drawn: number[] = [];
  const inputs = makeInputs(20, (index) => drawn.push(index));
  assert.equal(await storedActivations(inputs, options), 0);
  await computeActivations(inputs.slice(3, 9), options);
  assert.equal(await storedActivations(inputs, options), 6);

  const progress: number[][] = [];
  const result = await computeActivations(inputs, { ...options, onProgress: (...at) => progress.push(at) });
  assert.deepEqual([result.computed, result.reused], [14, 6]);
  assert.deepEqual(progress, [[6, 20], [10, 20], [14, 20], [18, 20], [20, 20]]);
  assert.deepEqual(drawn.toSorted((a, b) => a - b), inputs.map((_, i) => i));
  assert.deepEqual(result.values, unbroken.values);

  const again = await computeActivations(inputs, options);
  assert.deepEqual([again.computed, again.reused], [0, 20]);
  assert.equal(drawn.length, 20);
  assert.deepEqual(again.values, unbroken.values);
});

Deno.test("equal keys are computed once and returned at each of their places", async () => {
  const [first, second] = makeInputs(2);
  const result = await computeActivations([first, second, first, first], makeOptions(temporary()));
  assert.deepEqual([result.count, result.computed, result.reused], [4, 2, 2]);
  const row = (i: number) => result.values.subarray(512 * i, 512 * (i + 1));
  assert.deepEqual(row(2), row(0));
  assert.deepEqual(row(3), row(0));
  assert.notDeepEqual(row(1), row(0));
});

Deno.test("no inputs give no values", async () => {
  const result = await computeActivations([], makeOptions(temporary()));
  assert.deepEqual([result.count, result.values.length, result.computed, result.reused], [0, 0, 0, 0]);
});

Deno.test("float32 asked for later is computed then, and the half floats stay as they were", async () => {
  const store = temporary();
  const options = makeOptions(store);
  await computeActivations(makeInputs(6), options);
  const records = recordsIn(store);
  const before = Deno.readFileSync(records);
  assert.equal(await storedActivations(makeInputs(6), { ...options, float32: true }), 0);
  const result = await computeActivations(makeInputs(6), { ...options, float32: true });
  assert.deepEqual([result.computed, result.reused], [6, 0]);
  assert.deepEqual(Deno.readFileSync(records), before);
  assert.deepEqual(result.values, new Float32Array(new Float16Array(result.float32!)));
  assert.equal(await storedActivations(makeInputs(6), { ...options, float32: true }), 6);
  assert.equal((await computeActivations(makeInputs(6), { ...options, float32: true })).computed, 0);
});

Deno.test("other weights, scaling or cut are stored apart, each with a specification to read", async () => {
  const store = temporary();
  const options = makeOptions(store);
  const others = [{}, { weights: randomWeights(1) }, { scaling: "imagenet" as const }, {
    cut: "block3" as const,
  }];
  const lengths = [512, 512, 512, 8 * 8 * 128];
  for (const [i, other] of others.entries()) {
    const result = await computeActivations(makeInputs(2), { ...options, ...other });
    assert.deepEqual([result.length, result.computed], [lengths[i], 2]);
  }
  const specs = [...Deno.readDirSync(`${store}/activations`)].map(({ name }) =>
    JSON.parse(Deno.readTextFileSync(`${store}/activations/${name}/spec.json`))
  );
  assert.equal(specs.length, 4);
  assert.equal(specs.filter(({ scaling }) => scaling === "imagenet").length, 1);
  assert.equal(specs.filter(({ cut }) => cut === "block3").length, 1);
  assert.equal(specs.filter(({ weights }) => weights === randomWeights(1).digest).length, 1);
});

Deno.test("killed in the middle, it goes on from there and ends with the same bytes", async () => {
  const store = temporary();
  const { child, lines } = startChild(store, 20, 25);
  let seen = 0;
  for await (const line of lines) {
    if (line.done !== undefined) seen = line.done as number;
    if (seen >= 8) break;
  }
  child.kill("SIGKILL");
  assert.equal((await child.status).signal, "SIGKILL");

  const options = makeOptions(store);
  const stored = await storedActivations(makeInputs(20), options);
  assert.ok(stored >= seen && stored < 20, `${stored} stored, ${seen} reported`);
  const drawn: number[] = [];
  const result = await computeActivations(makeInputs(20, (index) => drawn.push(index)), options);
  assert.deepEqual([result.computed, result.reused, drawn.length], [20 - stored, stored, 20 - stored]);
  assert.deepEqual(result.values, unbroken.values);
});

Deno.test("a file cut off at any byte costs the records behind it", async () => {
  const store = temporary();
  const options = { ...makeOptions(store), onNotice: () => {} };
  await computeActivations(makeInputs(6), options);
  const records = recordsIn(store);
  const whole = Deno.readFileSync(records);
  for (const kept of [0, 10, 16, 50, 16 + recordBytes, 16 + 3 * recordBytes + 41, whole.length - 1]) {
    Deno.writeFileSync(records, whole.subarray(0, kept));
    const left = Math.max(0, Math.floor((kept - 16) / recordBytes));
    const result = await computeActivations(makeInputs(6), options);
    assert.deepEqual([result.computed, result.reused], [6 - left, left], `${kept} bytes kept`);
    assert.deepEqual(result.values, unbroken.values.subarray(0, 6 * 512));
  }
});

Deno.test("a flipped bit is found, reported, and its image computed again", async () => {
  const store = temporary();
  const notices: string[] = [];
  const options = { ...makeOptions(store), onNotice: (notice: string) => notices.push(notice) };
  await computeActivations(makeInputs(6), options);
  const records = recordsIn(store);
  for (const offset of [0, 33, 37, 40, 500, recordBytes - 1]) { // key, checksums, payload
    const whole = Deno.readFileSync(records);
    changeBytes(records, (bytes) => {
      bytes[16 + 2 * recordBytes + offset] ^= 4;
      return bytes;
    });
    notices.length = 0;
    const result = await computeActivations(makeInputs(6), options);
    assert.deepEqual([result.computed, result.reused], [1, 5], `byte ${offset}`);
    assert.deepEqual(result.values, unbroken.values.subarray(0, 6 * 512));
    assert.equal(notices.length, 1, notices.join());
    assert.match(notices[0], /damaged/);
    Deno.writeFileSync(records, whole);
  }
});

Deno.test("of two at once one computes, the other says that it waits, and then reads", async () => {
  const store = temporary();
  const { child, lines } = startChild(store, 20, 25);
  await lines.next(); // it has the lock
  const notices: string[] = [];
  const rest = Array.fromAsync(lines);
  const result = await computeActivations(makeInputs(20), {
    ...makeOptions(store),
    onNotice: (notice) => notices.push(notice),
  });
  const last = (await rest).at(-1)!;
  assert.equal((await child.status).code, 0);
  assert.equal(last.computed, 20);
  assert.deepEqual([result.computed, result.reused], [0, 20]);
  assert.equal(last.digest, sha256(new Uint8Array(result.values.buffer)));
  assert.deepEqual(result.values, unbroken.values);
  assert.equal(notices.length, 1);
  assert.match(notices[0], /another process.*[Ww]aiting/);
});

Deno.test("a failure in the middle keeps what was computed before it, and frees lock and memory", async () => {
  const options = makeOptions(temporary());
  const failing = makeInputs(20, (index) => {
    if (index === 9) throw new Error("photo 9 is gone");
  });
  const before = tf.memory().numTensors;
  await assert.rejects(computeActivations(failing, options), { message: /photo 9/ });
  assert.equal(tf.memory().numTensors, before);
  const result = await computeActivations(makeInputs(20), options);
  assert.deepEqual([result.computed, result.reused], [12, 8]);
  assert.deepEqual(result.values, unbroken.values);
  assert.equal(tf.memory().numTensors, before);
});

Deno.test("what cannot be computed or stored is refused before it is", async () => {
  const store = temporary();
  const options = makeOptions(store);
  const [input] = makeInputs(1);
  await assert.rejects(computeActivations([{ ...input, key: "photo 1" }], options), {
    name: "TypeError",
    message: /Input 0: .*64 hexadecimal digits. Received: photo 1/,
  });
  await assert.rejects(computeActivations([{ ...input, pixels: () => new Uint8Array(3) }], options), {
    name: "TypeError",
    message: /shape \(32, 32, 3\), 3072 values. Received: 3/,
  });
  await assert.rejects(computeActivations([input], { ...options, batchSize: 0 }), { name: "RangeError" });

  const { weights } = options;
  const layers = weights.layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => 70_000) }));
  const huge = { ...weights, digest: sha256("huge"), layers };
  await assert.rejects(computeActivations([input], { ...options, weights: huge }), {
    message: /half float. Received: \d+/,
  });
  assert.equal(await storedActivations([input], { ...options, weights: huge }), 0);
});

Deno.test("read one at a time they are the same; what is damaged meanwhile is told and computed again by the next run", async () => {
  const store = temporary();
  const inputs = [...makeInputs(20), ...makeInputs(2)]; // two of them twice
  const row = new Float32Array(512);
  const check = (reader: { read: (row: number, target: Float32Array) => void }) => {
    for (const index of [21, 3, 19, 0, 3]) {
      reader.read(index, row);
      const place = 512 * (index % 20);
      assert.deepEqual(row, unbroken.values.slice(place, place + 512), `row ${index}`);
    }
  };
  {
    using reader = await openActivations(inputs, makeOptions(store));
    assert.deepEqual([reader.length, reader.computed], [512, 20]);
    check(reader);
    changeBytes(recordsIn(store), (bytes) => {
      bytes[16 + 5 * recordBytes + 100] ^= 1;
      return bytes;
    });
    assert.throws(() => {
      for (let index = 0; index < 20; index++) reader.read(index, row);
    }, /was damaged after it was stored.*run again: it is computed anew/);
  }
  using again = await openActivations(inputs, makeOptions(store));
  assert.equal(again.computed, 1);
  check(again);
});
