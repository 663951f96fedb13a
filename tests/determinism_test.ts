/** What "the same" means: byte for byte on one machine and engine; elsewhere within a tolerance that stands here. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { listShards, readWholeRows } from "../lib/support/shard.ts";
import { finishRun, makePlace, type Place, resultsOf } from "./interruptions/run.ts";

/** Activations of other engines or thread counts differ by less than this, of the largest, before they are rounded. */
const activationTolerance = 1e-4;
/** They are stored as half floats: two values may be rounded to neighbours, which differ by so much of the value. */
const halfFloatStep = 2 ** -10;
/** Images of a part whose predicted class may then differ: those that lie between two classes. */
const imageTolerance = 1;

let place: Place;

Deno.test.beforeAll(async () => {
  place = await makePlace();
});

Deno.test.afterAll(async () => await place[Symbol.asyncDispose]());

let made: Promise<string> | undefined;

/** A whole run in the folder `first`, made once. */
function firstRun(): Promise<string> {
  return made ??= finishRun(place, "first");
}

/** The activations that a run has stored, by their keys. */
async function activationsOf(out: string): Promise<Map<string, Float16Array>> {
  const folder = join(place.folder, out, "store", "activations");
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name));
  const rows = names.flatMap(listShards).flatMap((path) => [...readWholeRows(path, 2 * 2048)!.rows]);
  return new Map(rows.map(([key, row]) => [key, new Float16Array(new Uint8Array(row).buffer)]));
}

/** Compares a run on another engine or thread count with the first one: counts alike, the rest within the tolerances. */
async function assertClose(out: string): Promise<void> {
  const [expected, found] = await Promise.all(["first", out].map(activationsOf));
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort(), "the same images");
  const largest = Math.max(...expected.values().map((values) => Math.max(...values)));
  assert.ok(expected.size > 0 && largest > 0);
  for (const [key, values] of expected) {
    const others = found.get(key)!;
    for (const [index, value] of values.entries()) {
      const difference = Math.abs(value - others[index]);
      const most = activationTolerance * largest + halfFloatStep * Math.abs(value);
      assert.ok(difference <= most, `${key}, ${index}: ${value}, ${others[index]}`);
    }
  }

  const [first, other] = await Promise.all(
    ["first", out].map(async (name) =>
      JSON.parse(await Deno.readTextFile(join(place.folder, name, "results.json")))
    ),
  );
  assert.deepEqual(other.counts, first.counts);
  assert.notDeepEqual(other.engine, first.engine, "really another engine or thread count");
  const others = [...other.runs, ...other.baselines];
  for (const [index, run] of [...first.runs, ...first.baselines].entries()) {
    for (const part of ["train", "validation", "test"]) {
      const { n, accuracy, loss } = run[part];
      const images = Math.round(Math.abs(accuracy - others[index][part].accuracy) * n);
      assert.ok(images <= imageTolerance, `${run.name}, ${part}: ${images} of ${n} images`);
      assert.ok(Math.abs(loss - others[index][part].loss) <= 1e-3 * loss, `${run.name}, ${part}: loss`);
    }
  }
}

/** A prefix that runs a command where there is no network but loopback; null where the system grants none. */
async function withoutNetwork(): Promise<string[] | null> {
  for (const flags of ["-n", "-rn"]) {
    const prefix = ["unshare", flags, "sh", "-c", 'ip link set lo up && exec "$@"', "-"];
    const works = await new Deno.Command(prefix[0], { args: [...prefix.slice(1), "true"], stderr: "null" })
      .output().catch(() => null);
    if (works?.success) return prefix;
  }
  return null;
}

Deno.test("two whole runs, one of them cut off from the network: the same results, tables and weights to the byte", async () => {
  await firstRun();
  const before = await withoutNetwork();
  if (before === null) {
    console.log(
      "No network namespace is granted here: the second run is held back by Deno's permissions alone.",
    );
  } else {
    const { success } = await new Deno.Command(before[0], {
      args: [
        ...before.slice(1),
        Deno.execPath(),
        "eval",
        "await Deno.connect({ hostname: '192.0.2.1', port: 9 })",
      ],
      stderr: "null",
    }).output();
    assert.equal(success, false, "there is a network after all");
  }
  // Where a namespace is not to be had, programs that ask for a proxy meet a dead port.
  const proxy = "http://127.0.0.1:9";
  await finishRun(place, "second", {
    before: before ?? [],
    env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "127.0.0.1" },
  });
  const [first, second] = await Promise.all(["first", "second"].map((out) => resultsOf(place, out)));
  const files = Object.keys(first);
  assert.equal(files.length, 2 + 7 + 3 * 2 + 2, `results, CSVs, three trainings, a model: ${files}`);
  assert.deepEqual(second, first);
});

Deno.test("another thread count: activations within 1e-4 of the largest, answers within one image a part", async () => {
  const threads = navigator.hardwareConcurrency === 1 ? "2" : "1";
  await firstRun();
  await finishRun(place, "threads", { flags: ["--only", "05"], env: { TF_NUM_INTRAOP_THREADS: threads } });
  await assertClose("threads");
});

Deno.test("WebAssembly in place of TensorFlow: activations within 1e-4 of the largest, answers within one image a part", async () => {
  await firstRun();
  await finishRun(place, "wasm", { flags: ["--only", "05"], env: { HAM10000_ENGINE: "wasm" } });
  await assertClose("wasm");
});
