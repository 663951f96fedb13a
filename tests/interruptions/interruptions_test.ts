/** Whatever stops or damages a run: the next one goes on and ends with the bytes of an unbroken run. */
import assert from "node:assert/strict";
import { join } from "node:path";
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

/** Two runs in the folder `unbroken`, made once. Tests that damage it leave it as it was. */
function unbroken(): Promise<Unbroken> {
  return made ??= (async () => {
    const first = startRun(place, "unbroken");
    await first.says(/01_eda +not run yet/);
    const second = startRun(place, "unbroken");
    await second.says(/Another run works in .*waiting/);
    const outcomes = { first: await first.ended, second: await second.ended };
    return { ...outcomes, results: await resultsOf(place, "unbroken") };
  })();
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

Deno.test("of two runs in one folder the second waits, says so, and takes all that the first has made", async () => {
  const { first, second, results } = await unbroken();
  assert.equal(first.code, 0, first.text);
  assert.equal(Object.keys(results).length, 2 + 7 + 3, `results, CSVs, softmaxes: ${Object.keys(results)}`);
  assert.equal(second.text.match(/reused, nothing changed/g)?.length, 5, second.text);
  await assertAsUnbroken("unbroken");
});

Deno.test("a run stopped seven times by Ctrl+C and SIGKILL goes on each time and ends with the same bytes", async () => {
  // What a run says or writes at the moment of a stop. Every run comes to it, also one that goes on.
  const moments: ["says" | "writes", RegExp][] = [
    ["says", /01_eda +not run yet/],
    ["writes", /^notebooks.01/],
    ["writes", /^(store.images|notebooks.03)/],
    ["writes", /^notebooks.03/],
    ["writes", /^(store.activations|notebooks.05)/],
    ["says", /05_final_evaluation +not run yet/],
    ["writes", /^notebooks.05/],
  ];
  for (const [index, [event, pattern]] of moments.entries()) {
    const signal = index % 2 === 0 ? "SIGINT" : "SIGKILL";
    const run = startRun(place, "stopped");
    await run[event](pattern);
    run.signal(signal);
    const { code, text } = await run.ended;
    assert.equal(code, signal === "SIGINT" ? 130 : 137, `${pattern}\n${text}`);
    if (signal === "SIGINT") assert.match(text, /Stopped\..*The same command goes on from there\./);
    assert.deepEqual(await survivors(place), []);
  }
  await finishRun(place, "stopped");
  await assertAsUnbroken("stopped");
});

Deno.test("half a results.json, a flipped head and a cut one are found by name and made again", async () => {
  await unbroken();
  await change(inPlace("unbroken", "results.json"), halve);
  await change(inPlace("unbroken", "optimizers", "nadam.head"), flipMiddle);
  await change(inPlace("unbroken", "optimizers", "adam.head"), halve);
  const text = await finishRun(place, "unbroken");
  const heads =
    /04_optimizer_comparison +optimizers.(nadam|adam).head is missing or was changed \(and 1 more\)/;
  assert.match(text, heads);
  assert.match(text, /05_final_evaluation +results.json is missing or was changed/);
  assert.equal(text.match(/reused, nothing changed/g)?.length, 3, text);
  await assertAsUnbroken("unbroken");
});

Deno.test("a broken record, a torn store and flipped bytes in stored images and activations are named and rebuilt", async () => {
  await unbroken();
  await change(inPlace("unbroken", "run.json"), halve);
  await change(inPlace("unbroken", "store", "images", "pixels_64.records"), flipMiddle);
  const activations = inPlace("unbroken", "store", "activations");
  for (const [index, { name }] of [...Deno.readDirSync(activations)].entries()) {
    const cut = (bytes: Uint8Array) => bytes.subarray(0, -100);
    await change(join(activations, name, "records.bin"), index === 0 ? flipMiddle : cut);
  }
  await Deno.remove(inPlace("unbroken", "optimizers"), { recursive: true }); // so that activations are needed
  const text = await finishRun(place, "unbroken");
  assert.match(text, /run\.json is damaged .* all notebooks run again/);
  assert.match(text, /pixels_64\.records: record \d+ \(.*\) is damaged and was dropped/);
  assert.match(text, /1 of 70 images were stored, but are damaged or gone.*SYN_\d+\.jpg/);
  assert.match(text, /records\.bin: record \d+ \(.*\) is damaged and was dropped/);
  assert.match(text, /records\.bin: ends in the middle of a record/);
  await assertAsUnbroken("unbroken");
});

Deno.test({
  name:
    "a full disk stops the run with path and what to do, leaves nothing half-written; later the run goes on",
  ignore: Deno.build.os !== "linux", // elsewhere there is no /dev/full
  async fn() {
    await unbroken();
    const images = inPlace("unbroken", "store", "images");
    await Deno.remove(images, { recursive: true });
    await Deno.mkdir(images);
    await Deno.symlink("/dev/full", join(images, "pixels_64.records")); // writing to it fails as on a full disk
    await Deno.remove(inPlace("unbroken", "notebooks", "02_augmentation.ipynb"));
    const full = await startRun(place, "unbroken").ended;
    assert.equal(full.code, 2, full.text);
    assert.match(
      full.text,
      /pixels_64\.records could not be written: No space .*Free some space.*goes on from there/,
    );
    assert.deepEqual(unfinished(place, "unbroken"), []);
    await Deno.remove(join(images, "pixels_64.records"));
    await finishRun(place, "unbroken");
    await assertAsUnbroken("unbroken");
  },
});

Deno.test("a folder that cannot be written to is named, with what to do, before anything else happens", async () => {
  await Deno.writeTextFile(inPlace("taken"), "a file where the folder should be");
  const { code, text } = await startRun(place, join("taken", "run")).ended;
  assert.equal(code, 2, text);
  assert.match(text, /taken.* could not be written: .*take another folder \(--out\)/);
  assert.doesNotMatch(text, / {4}at /, "no stack");
  assert.equal(await Deno.readTextFile(inPlace("taken")), "a file where the folder should be");
});
