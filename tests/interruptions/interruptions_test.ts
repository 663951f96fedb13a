/** Whatever stops or damages a run: the next one goes on and ends with the bytes of an unbroken run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { randomFor } from "../../lib/support/random.ts";
import { makePlace, type Place, resultsOf, startRun, survivors, unfinished } from "./run.ts";

let place: Place;
let expected: Record<string, unknown>;

Deno.test.beforeAll(async () => {
  place = await makePlace();
});

Deno.test.afterAll(async () => await place[Symbol.asyncDispose]());

const inPlace = (...parts: string[]) => join(place.folder, ...parts);

/** A run to its end; its text. */
async function finish(out: string, flags: string[] = []): Promise<string> {
  const { code, text } = await startRun(place, out, { flags }).ended;
  assert.equal(code, 0, text);
  return text;
}

async function assertAsUnbroken(out: string): Promise<void> {
  assert.deepEqual(await resultsOf(place, out), expected);
  assert.deepEqual(await unfinished(place, out), []);
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

async function recordFiles(out: string): Promise<string[]> {
  const folder = inPlace(out, "store", "activations");
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name, "records.bin"));
}

Deno.test("of two runs in one folder the second waits, says so, and takes all that the first has made", async () => {
  const first = startRun(place, "unbroken");
  await first.says(/01_eda +not run yet/);
  const second = startRun(place, "unbroken");
  await second.says(/Another run works in .*waiting/);
  const { code, text } = await first.ended;
  assert.equal(code, 0, text);
  expected = await resultsOf(place, "unbroken");
  assert.equal(
    Object.keys(expected).length,
    2 + 7 + 3,
    `results.json and what it holds, CSVs, heads: ${Object.keys(expected)}`,
  );
  const waited = await second.ended;
  assert.equal(waited.text.match(/reused, nothing changed/g)?.length, 5, waited.text);
  await assertAsUnbroken("unbroken");
});

Deno.test("a run stopped seven times by Ctrl+C and SIGKILL goes on each time and ends with the same bytes", async () => {
  const random = randomFor(3, "moments");
  const notebooks = new Set<string>();
  for (const [moment, notebook] of [1, 1, 2, 3, 4, 5, 5].entries()) {
    const signal = moment % 2 === 0 ? "SIGINT" : "SIGKILL";
    const run = startRun(place, "stopped");
    // soon after a notebook begins, this one or a later one, so that the moment is the same on a busy machine
    await run.says(new RegExp(`^0[${notebook}-5]_\\w+ +not run yet`, "m"));
    await new Promise((resolve) => setTimeout(resolve, random() * 1500));
    run.signal(signal);
    const { code, text } = await run.ended;
    assert.equal(code, signal === "SIGINT" ? 130 : 137, text);
    if (signal === "SIGINT") assert.match(text, /Stopped\..*The same command goes on from there\./);
    assert.deepEqual(await survivors(place), []);
    notebooks.add(text.match(/^\d\d_\w+(?= +not run yet)/gm)?.at(-1) ?? "");
  }
  assert.ok(notebooks.size > 2, `stopped in ${[...notebooks]} only`);
  await finish("stopped");
  await assertAsUnbroken("stopped");
});

Deno.test("half a results.json, a flipped head and a cut one are found by name and made again", async () => {
  await change(inPlace("unbroken", "results.json"), halve);
  await change(inPlace("unbroken", "optimizers", "nadam.head"), flipMiddle);
  await change(inPlace("unbroken", "optimizers", "adam.head"), halve);
  const text = await finish("unbroken");
  assert.match(
    text,
    /04_optimizer_comparison +optimizers.(nadam|adam).head is missing or was changed \(and 1 more\)/,
  );
  assert.match(text, /05_final_evaluation +results.json is missing or was changed/);
  assert.equal(text.match(/reused, nothing changed/g)?.length, 3, text);
  await assertAsUnbroken("unbroken");
});

Deno.test("a broken record, a torn store and flipped bytes in stored images and activations are named and rebuilt", async () => {
  await change(inPlace("unbroken", "run.json"), halve);
  await change(inPlace("unbroken", "store", "images", "pixels_64.records"), flipMiddle);
  for (const [index, path] of (await recordFiles("unbroken")).entries()) {
    await change(path, index === 0 ? flipMiddle : (bytes) => bytes.subarray(0, -100));
  }
  await Deno.remove(inPlace("unbroken", "optimizers"), { recursive: true }); // so that activations are needed
  const text = await finish("unbroken");
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
    assert.deepEqual(await unfinished(place, "unbroken"), []);
    await Deno.remove(join(images, "pixels_64.records"));
    await finish("unbroken");
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
