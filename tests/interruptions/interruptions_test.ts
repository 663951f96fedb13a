/**
 * What "the same" means: whatever stops or damages a run, the next one goes on and ends with the bytes of an unbroken run; on another
 * engine it is close.
 */
import assert from "node:assert/strict";
import { cp, glob } from "node:fs/promises";
import { join } from "node:path";
import { readEngineChoice } from "../../lib/support/engine/engine_choice.ts";
import { assertClose } from "./closeness.ts";
import {
  finishRun,
  makePlace,
  type Outcome,
  type Place,
  resultsOf,
  startRun,
  survivors,
  unfinished,
} from "./run.ts";
import { filesIn } from "../support/folder_files.ts";

let place: Place;

Deno.test.beforeAll(async () => {
  place = await makePlace();
});

Deno.test.afterAll(async () => await place[Symbol.asyncDispose]());

const inPlace = (...parts: string[]) => join(place.folder, ...parts);

interface Unbroken {
  results: Record<string, unknown>;
  first: Outcome;
  /** Started while the first one ran. */
  second: Outcome;
}

let made: Promise<Unbroken> | undefined;

/** Two runs in the folder `unbroken`, made once, the first cut off from the network. Tests that damage it leave it as it was. */
function unbroken(): Promise<Unbroken> {
  return made ??= (async () => {
    const proxy = "http://127.0.0.1:9"; // where no namespace is to be had, programs that ask for a proxy meet a dead port
    const first = startRun(place, "unbroken", {
      before: await withoutNetwork(),
      env: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: "127.0.0.1" },
    });
    await first.says(/01_eda +not run yet/);
    const second = startRun(place, "unbroken");
    await second.says(/Another run works in .*waiting/);
    const outcomes = { first: await first.ended, second: await second.ended };
    return { ...outcomes, results: await resultsOf(place, "unbroken") };
  })();
}

/** A prefix that runs a command where there is no network but loopback; empty where the system grants none. */
async function withoutNetwork(): Promise<string[]> {
  for (const flags of ["-n", "-rn"]) {
    const prefix = ["unshare", flags, "sh", "-c", 'ip link set lo up && exec "$@"', "-"];
    const works = await new Deno.Command(prefix[0], { args: [...prefix.slice(1), "true"], stderr: "null" })
      .output().catch(() => null);
    if (works?.success) return prefix;
  }
  console.log("No network namespace is granted here: the run is held back by Deno's permissions alone.");
  return [];
}

async function assertAsUnbroken(out: string): Promise<void> {
  assert.deepEqual(await resultsOf(place, out), (await unbroken()).results);
  assert.deepEqual(unfinished(place, out), []);
  assert.deepEqual(await survivors(place), []);
}

async function change(path: string, how: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): Promise<void> {
  await Deno.writeFile(path, how(await Deno.readFile(path)));
}

const halve = (bytes: Uint8Array<ArrayBuffer>) => bytes.subarray(0, bytes.length >> 1);
const flipMiddle = (bytes: Uint8Array<ArrayBuffer>) => {
  bytes[bytes.length >> 1] ^= 4;
  return bytes;
};

Deno.test("if two runs share a folder, the second waits, says so, and reuses everything the first has made", async () => {
  const { first, second, results } = await unbroken();
  assert.equal(first.code, 0, first.text);
  const files = Object.keys(results);
  assert.equal(files.length, 2 + 7 + 3 * 2 + 2, `results, CSVs, three trainings, a model: ${files}`);
  assert.equal(second.text.match(/reused, nothing changed/g)?.length, 5, second.text);
  assert.deepEqual(unfinished(place, "unbroken"), []);
  assert.deepEqual(await survivors(place), []);
});

Deno.test("a run stopped five times by Ctrl+C and SIGKILL ends with the same bytes as an unbroken one without network", async () => {
  const [program, ...prefix] = await withoutNetwork();
  if (program) {
    const connect = "await Deno.connect({ hostname: '192.0.2.1', port: 9 })"; // an address for documentation
    const args = [...prefix, Deno.execPath(), "eval", connect];
    const { success } = await new Deno.Command(program, { args, stderr: "null" }).output();
    assert.equal(success, false, "there is a network after all");
  }
  // What a run says or writes at the moment of a stop. Every run comes to it, also one that goes on.
  const moments: ["says" | "writes", RegExp][] = [
    ["writes", /^(store.images|notebooks.02)/],
    ["writes", /^notebooks.03/],
    ["writes", /^(store.activations|notebooks.05)/],
    ["says", /05_final_evaluation +not run yet/],
    ["writes", /^notebooks.05/],
  ];
  for (const [index, [event, pattern]] of moments.entries()) {
    const signal = index % 2 === 0 ? "SIGKILL" : "SIGINT";
    const run = startRun(place, "stopped");
    await run[event](pattern);
    run.signal(signal);
    const { code, text } = await run.ended;
    assert.equal(code, signal === "SIGINT" ? 130 : 137, `${pattern}\n${text}`);
    if (signal === "SIGINT") assert.match(text, /Stopped\..*The same command continues from there\./);
    assert.deepEqual(await survivors(place), []);
  }
  await finishRun(place, "stopped");
  await assertAsUnbroken("stopped");
});

Deno.test("after several processes do the units of work, one killed, a run only renders and gives the bytes of an unbroken one", async () => {
  const start = (flags: string[], task: "plan" | "unit" = "unit") =>
    startRun(place, "units", { task, flags });
  const end = async (run: ReturnType<typeof start>, code = 0) => {
    const outcome = await run.ended;
    assert.equal(outcome.code, code, outcome.text);
    return outcome.text;
  };
  assert.match(await end(start(["--kind", "decode"]), 2), /has no plan for these flags.*deno task plan/);
  const planned = await end(start(["--shard-images", "30"], "plan"));
  assert.match(planned, /decode, 2 of 2 +35 +no.*\n.*activations head, 1 of 3/);
  const [first] = planned.match(/^[0-9a-f]{12}/m)!;

  const texts = await Promise.all([1, 2].map(() => end(start(["--kind", "decode"]))));
  assert.deepEqual([/done in/g, /stored already/g].map((what) => texts.join("").match(what)?.length), [2, 2]);
  const killed = start(["--kind", "activations"]);
  await killed.writes(/^store.activations.*shard$/);
  killed.signal("SIGKILL");
  assert.equal((await killed.ended).code, 137);
  assert.match(
    await end(start(["--kind", "training", "--shard", "1/3"]), 1),
    /of the 5 units that this one needs are not stored:\n {2}activations head, \d of 3 .*not done/,
  );
  await end(start(["--kind", "activations"]));
  await end(start(["--kind", "training"]));
  await end(start(["--kind", "evaluation"]));
  assert.match(await end(start([first])), /decode, 1 of 2: stored already/);

  const stored = () => filesIn(inPlace("units", "store")).filter((name) => !name.endsWith(".tmp")).sort();
  const before = stored();
  await finishRun(place, "units");
  assert.deepEqual(stored(), before, "reproduce has computed nothing");
  await assertAsUnbroken("units");
});

/** Notebook 5 alone, elsewhere, with the same drawn images: it computes all else. Before the tests that damage what `unbroken` has stored. */
async function assertCloseTo(out: string, env: Record<string, string>): Promise<void> {
  await unbroken();
  const [drawn, copy] = ["unbroken", out].map((run) => inPlace(run, "store", "stand-in-70-seed-0"));
  await cp(drawn, copy, { recursive: true });
  await finishRun(place, out, { flags: ["--only", "05"], env });
  await assertClose(inPlace("unbroken"), inPlace(out));
}

Deno.test("another thread count: activations within 1e-4 of the largest, correct answers within one image per part", async () => {
  await assertCloseTo("threads", { TF_NUM_INTRAOP_THREADS: readEngineChoice().threads === 1 ? "2" : "1" });
});

Deno.test("WebAssembly in place of TensorFlow: activations within 1e-4 of the largest, correct answers within one image per part", async () => {
  await assertCloseTo("wasm", { HAM10000_ENGINE: "wasm" });
});

/** Paths of the files below a folder of the run `unbroken` whose names end so. */
async function filesOf(folder: string, end: string): Promise<string[]> {
  const names = await Array.fromAsync(glob(`${folder}/**/*${end}`, { cwd: inPlace("unbroken") }));
  return names.sort().map((name) => inPlace("unbroken", name));
}

Deno.test("a truncated results.json and changed or truncated training histories are detected and made again", async () => {
  await unbroken();
  const [first, second] = await filesOf("trainings", "history.jsonl");
  await change(inPlace("unbroken", "results.json"), halve);
  await change(first, flipMiddle);
  await change(second, halve);
  const text = await finishRun(place, "unbroken");
  assert.match(
    text,
    /04_optimizer_comparison +trainings.*history\.jsonl is missing or was changed \(and 1 more\)/,
  );
  assert.match(text, /05_final_evaluation +results\.json is missing or was changed/);
  assert.equal(text.match(/reused, nothing changed/g)?.length, 3, text);
  await assertAsUnbroken("unbroken");
});

Deno.test("a broken record and flipped bytes in stored images, activations and trainings are named and rebuilt", async () => {
  await unbroken();
  await change(inPlace("unbroken", "run.json"), halve);
  const [images] = await filesOf("store/images-32", ".shard");
  const activations = await filesOf("store/activations", ".shard");
  const [fit] = await filesOf("store/fits", ".tensors");
  await change(images, flipMiddle);
  await change(activations[0], flipMiddle);
  for (const path of activations.slice(1)) await change(path, (bytes) => bytes.subarray(0, -100));
  await change(fit, flipMiddle);
  await Deno.remove(inPlace("unbroken", "store", "runs"), { recursive: true }); // so that all these are needed
  const text = await finishRun(place, "unbroken", { flags: ["--from", "04"] });
  assert.match(text, /run\.json is damaged .* all notebooks run again/);
  assert.match(
    text,
    /images-32.*\.shard: damaged\. 69 of its 70 rows are intact; the others are computed again/,
  );
  assert.match(text, /1 of 70 images were stored, but are damaged or gone.*SYN_\d+\.jpg/);
  assert.match(text, /activations.*\.shard: damaged\. \d+ of its \d+ rows are intact/);
  assert.match(
    text,
    /fits.*\.tensors: cut short or changed: its SHA-256 does not match. It is treated as missing/,
  );
  await assertAsUnbroken("unbroken");
});

Deno.test({
  name: "a full disk stops the run with path and advice, leaves nothing half-written; later the run goes on",
  ignore: Deno.build.os === "windows", // has no ulimit
  async fn() {
    await unbroken();
    const images = inPlace("unbroken", "store", "images-32");
    await Deno.remove(images, { recursive: true });
    await Deno.remove(inPlace("unbroken", "store", "photos-32-v2"), { recursive: true });
    await Deno.remove(inPlace("unbroken", "notebooks", "02_augmentation.ipynb"));
    const limit = 'trap "" XFSZ; ulimit -f 200; exec "$@"'; // 0.1 or 0.2 MB a file: the images need 0.22
    const flags = ["--only", "02"];
    const full = await startRun(place, "unbroken", { flags, before: ["sh", "-c", limit, "-"] }).ended;
    assert.equal(full.code, 2, full.text);
    assert.match(
      full.text,
      /images-32.* could not be written: File too .*Free some space.*continues from there/,
    );
    assert.deepEqual(unfinished(place, "unbroken"), []);
    await finishRun(place, "unbroken", { flags });
    await assertAsUnbroken("unbroken");
  },
});

Deno.test("a folder that cannot be written to is named, with what to do, before anything else happens", async () => {
  await Deno.writeTextFile(inPlace("taken"), "a file where the folder should be");
  const { code, text } = await startRun(place, join("taken", "run")).ended;
  assert.equal(code, 2, text);
  assert.match(text, /taken.* could not be written: .*use another folder/);
  assert.doesNotMatch(text, / {4}at /, "no stack");
  assert.equal(await Deno.readTextFile(inPlace("taken")), "a file where the folder should be");
});
