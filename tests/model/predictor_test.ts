import assert from "node:assert/strict";
import { join } from "node:path";
import { decodeImage } from "../../lib/data/decode.ts";
import { listPhotos } from "../../lib/data/photo_files.ts";
import { makeStandIn } from "../../lib/data/stand_in.ts";
import { classify, makePredictor, type PhotoAnswer } from "../../lib/model/predictor.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { startEngine, tf } from "../../lib/support/engine/engine.ts";
import { assertClose, seededModel, testPixels } from "./seeded_model.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

await startEngine();

const folder = await lastingFolder();
await makeStandIn(folder, { seed: 1, images: 60 });
const { photos } = await listPhotos([folder]);
const model = seededModel({ size: 32, scaling: "divide255" });

Deno.test("the other photos of a batch change a photo's answer by less than 1e-5", async () => {
  using predictor = makePredictor(model);
  const pixels = testPixels(32);
  const together = await predictor.predict(Uint8Array.from([...pixels, ...pixels, ...pixels])); // 21: two batches
  for (let i = 0; i < 7; i++) {
    const alone = await predictor.predict(pixels.subarray(i * 3072, (i + 1) * 3072));
    assert.ok(Math.abs(alone.reduce((sum, value) => sum + value) - 1) < 1e-6);
    for (const copy of [0, 7, 14]) assertClose(together.slice((copy + i) * 7, (copy + i + 1) * 7), alone);
  }
  assert.equal((await predictor.predict(new Uint8Array())).length, 0);
  await assert.rejects(predictor.predict(new Uint8Array(100)), {
    name: "TypeError",
    message: /multiple of 3072.*Received: 100$/,
  });
});

Deno.test("every photo is decoded as in training, and the answers come in the order asked", async () => {
  assert.equal(photos.length, 60);
  for (const size of [32, [36, 48]] as const) {
    const model = seededModel({ size, scaling: "divide255" });
    const asked = photos.slice(0, 20).reverse(); // more than a batch
    const answers = await Array.fromAsync(classify(model, asked));
    assert.deepEqual(answers.map(({ path }) => path), asked);
    using predictor = makePredictor(model);
    const pixels = await Promise.all(asked.map((path) => decodeImage(path, size)));
    const expected = await predictor.predict(Uint8Array.from(pixels.flatMap((image) => [...image])));
    answers.forEach(({ probabilities, problem }, i) => {
      assertClose(probabilities!, expected.subarray(7 * i, 7 * i + 7));
      assert.equal(problem, null);
    });
  }
});

/** The eight ways in which a square lies, (side, side, 3): turned by hand, row by row. */
function turnedByHand(image: Uint8Array, side: number): Uint8Array[] {
  const rows = Array.from(
    { length: side },
    (_, y) =>
      Array.from({ length: side }, (_, x) => [...image.subarray(3 * (y * side + x), 3 * (y * side + x) + 3)]),
  );
  type Rows = typeof rows;
  const quarter = (of: Rows): Rows => of[0].map((_, x) => of.map((row) => row[x]).reverse()); // clockwise
  const ways: Rows[] = [rows];
  for (let turn = 1; turn < 4; turn++) ways.push(quarter(ways[turn - 1]));
  const mirrored = ways.map((way) => way.map((row) => row.toReversed()));
  return [...ways, ...mirrored].map((way) => Uint8Array.from(way.flat(2)));
}

Deno.test("with eight orientations, the answer is the mean over hand-turned and mirrored photos", async () => {
  using plain = makePredictor(model);
  using turned = makePredictor(model, { orientations: 8 });
  const asked = photos.slice(0, 18); // more than a batch
  const decoded = await Promise.all(asked.map((path) => decodeImage(path, 32)));
  const all = await turned.predict(Uint8Array.from(decoded.flatMap((image) => [...image])));
  let moved = 0;
  const turns = decoded.map((image) => turnedByHand(image, 32));
  const alone = await plain.predict(Uint8Array.from(turns.flat().flatMap((way) => [...way])));
  for (const [i, ways] of turns.entries()) {
    assert.equal(new Set(ways.map((way) => way.join())).size, 8);
    const answers = alone.subarray(56 * i, 56 * (i + 1)); // 8 ways, 7 classes
    const mean = answers.slice(0, 7).map((_, label) =>
      ways.reduce((sum, _, j) => sum + answers[7 * j + label] / 8, 0)
    );
    assertClose(all.slice(i * 7, (i + 1) * 7), mean);
    moved = Math.max(moved, ...mean.map((value, label) => Math.abs(value - answers[label])));
  }
  assert.ok(moved > 1e-4, `${moved}: the mean differs from the photo's own answer`);
  const [{ probabilities }] = await Array.fromAsync(classify(model, asked.slice(0, 1), { orientations: 8 }));
  assertClose(probabilities!, all.slice(0, 7));
});

Deno.test("eight orientations of a rectangle are refused with what to do", () => {
  const model = seededModel({ size: [36, 48], scaling: "divide255" });
  assert.throws(() => makePredictor(model, { orientations: 8 }), {
    name: "RangeError",
    message: /square images.*Leave out --orientations.*Received: a model of 48 × 36 pixels$/,
  });
});

Deno.test("an answer has the digest of the photo's file", async () => {
  const [{ fileDigest }] = await Array.fromAsync(classify(model, photos.slice(0, 1)));
  assert.equal(fileDigest, sha256(await Deno.readFile(photos[0])));
});

Deno.test("damaged photos are named with the reason, and the good ones get the same answers as without them", async () => {
  const [good, other] = photos;
  const jpeg = await Deno.readFile(good);
  const cut = join(folder, "cut.jpg");
  await Deno.writeFile(cut, jpeg.subarray(0, jpeg.length >> 1));
  const text = join(folder, "text.png");
  await Deno.writeTextFile(text, "no picture");
  const asked = [cut, good, text, "nowhere.jpg", folder, other];
  const answers = await Array.fromAsync(classify(model, asked));
  assert.deepEqual(answers.map(({ path }) => path), asked);
  const problems = answers.map(({ problem }) => problem);
  assert.match(problems[0]!, /cut\.jpg: is (damaged or )?cut short/);
  assert.match(problems[2]!, /text\.png: is not a picture in a known format/);
  assert.equal(problems[3], "nowhere.jpg: does not exist");
  assert.match(problems[4]!, /: is a folder, not a photo$/);
  const sound = answers.filter(({ problem }) => problem === null);
  const alone = await Array.fromAsync(classify(model, [good, other]));
  assert.deepEqual(sound.map(({ path }) => path), [good, other]);
  sound.forEach(({ probabilities }, i) => assertClose(probabilities!, alone[i].probabilities!));
});

Deno.test("no tensors leak with no photos, only damaged photos or an early stop", async () => {
  const before = tf.memory().numTensors;
  assert.deepEqual(await Array.fromAsync(classify(model, [])), []);
  const [{ probabilities }] = await Array.fromAsync(classify(model, ["nowhere.jpg"]));
  assert.equal(probabilities, null);
  const seen: PhotoAnswer[] = [];
  for await (const answer of classify(model, photos)) {
    seen.push(answer);
    if (seen.length === 3) break;
  }
  assert.equal(tf.memory().numTensors, before);
});
