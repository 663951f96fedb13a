import assert from "node:assert/strict";
import { join } from "node:path";
import { makeStandIn } from "../../../lib/data/stand_in.ts";
import { decodeImage } from "../../../lib/data/decode.ts";
import { classify, type PhotoAnswer } from "../../../lib/model/saved/classify.ts";
import { listPhotos } from "../../../lib/model/saved/photo_list.ts";
import { makePredictor } from "../../../lib/model/saved/predictor.ts";
import { tf } from "../../../lib/support/engine/engine.ts";
import { seededModel } from "./models.ts";

const folder = await Deno.makeTempDir();
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
await makeStandIn(folder, { seed: 1, images: 60 });
const { photos } = await listPhotos([folder]);
const model = seededModel({ size: 32, scaling: "divide255" });

Deno.test("every photo gets the answer of its pixels as training decodes them, in the order asked, without leaks", async () => {
  assert.equal(photos.length, 60);
  const asked = photos.slice(0, 20).reverse(); // more than a batch
  const before = tf.memory().numTensors;
  const progress: [number, number][] = [];
  const answers = await Array.fromAsync(classify(model, asked, {
    concurrency: 3,
    onProgress: (done, total) => progress.push([done, total]),
  }));
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(progress, [[16, 20], [20, 20]]);
  assert.deepEqual(answers.map(({ path }) => path), asked);
  using predictor = makePredictor(model);
  for (const { path, probabilities, problem } of answers) {
    assert.deepEqual(probabilities, predictor.predict(await decodeImage(path, 32)));
    assert.equal(problem, null);
    assert.ok(Math.abs(probabilities!.reduce((sum, value) => sum + value) - 1) < 1e-6);
  }
});

Deno.test("a model of rectangles is asked about rectangles", async () => {
  const wide = seededModel({ size: [36, 48], scaling: "divide255" });
  using predictor = makePredictor(wide);
  for await (const { path, probabilities } of classify(wide, photos.slice(0, 3))) {
    assert.deepEqual(probabilities, predictor.predict(await decodeImage(path, [36, 48])));
  }
});

Deno.test("damaged photos among good ones are named with the reason, and the good ones answered as without them", async () => {
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
  const alone = await Array.fromAsync(classify(model, [good, other]));
  const sound = answers.filter(({ problem }) => problem === null);
  assert.deepEqual(sound, alone);
});

Deno.test("nothing asked, nothing but damage, and stopping half-way: no leaks", async () => {
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
