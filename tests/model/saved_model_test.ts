/** A saved model answers as before, here, in TensorFlow.js and in Keras; a folder that is not whole is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Tensor } from "@tensorflow/tfjs";
import { pixelsIn, sidesOf, sizeText } from "../../lib/image_size.ts";
import { makePredictor } from "../../lib/model/predictor.ts";
import { loadModel, saveModel, type TrainedModel } from "../../lib/model/saved_model.ts";
import { digestTraining } from "../../lib/model/trained_on.ts";
import { loadWeights, weightsDigest } from "../../lib/model/weights.ts";
import { sha256 } from "../../lib/support/digest.ts";
import { startEngine, tf } from "../../lib/support/engine/engine.ts";
import { digestsIn } from "../support/folder_files.ts";
import { assertClose, fixtureModels, seededModel, testPixels } from "./seeded_model.ts";
import { lastingFolder } from "../support/temporary_folder.ts";

await startEngine();

/** Keras' answers to these models; tests/fixtures/keras_model has the recipe. */
const golden = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/keras_model/predictions.json", import.meta.url)),
);
const root = await lastingFolder("models é ");

/** A sound saved model to copy from. */
const sound = join(root, "sound");
const soundModel = seededModel({ size: 32, scaling: "divide255" });
await saveModel(sound, soundModel);

/** A copy of the sound folder, without copying bytes that stay; `change` makes it unsound. */
async function unsound(change: (folder: string) => Promise<void>): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: root });
  for (const { name } of Deno.readDirSync(sound)) await Deno.link(join(sound, name), join(folder, name));
  await change(folder);
  return folder;
}

/** Replaces a file of a copy, whose links lead to the sound one. */
async function replace(path: string, content: Uint8Array | string): Promise<void> {
  await Deno.remove(path);
  await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
}

async function answersOf(model: TrainedModel): Promise<Float32Array> {
  using predictor = makePredictor(model);
  return await predictor.predict(testPixels(model.size));
}

/** What TensorFlow.js itself makes of the folder. */
async function layersModelAnswers(folder: string, { size }: TrainedModel): Promise<Float32Array> {
  const model = await tf.loadLayersModel(`file://${join(folder, "model.json")}`);
  const pixels = testPixels(size);
  const answers = tf.tidy(() => {
    const images = tf.tensor4d(pixels, [pixels.length / pixelsIn(size) / 3, ...sidesOf(size), 3], "int32");
    return (model.predict(images) as Tensor).dataSync<"float32">();
  });
  model.dispose();
  return answers;
}

for (const [name, options] of Object.entries(fixtureModels)) {
  const { size, scaling } = options;
  Deno.test(`a saved ${scaling} model of ${sizeText(size)} pixels predicts the same to the bit; TensorFlow.js and Keras agree within 1e-5`, async () => {
    const model = seededModel(options);
    const folder = join(root, name);
    const before = tf.memory().numTensors;
    await saveModel(folder, model);
    const loaded = await loadModel(folder);
    assert.deepEqual({ ...loaded, layers: null, head: null }, { ...model, layers: null, head: null });
    assert.equal(weightsDigest(loaded.layers), weightsDigest(model.layers));
    const answers = await answersOf(loaded);
    assert.deepEqual(answers, await answersOf(model));
    assertClose(answers, await layersModelAnswers(folder, model));
    assert.equal(tf.memory().numTensors, before);

    const { sha256: digest, predictions, inputShape } = golden.models[name];
    const received = sha256(await Deno.readFile(join(folder, "model.h5")));
    assert.equal(received, digest, "Keras saw another file: make the fixture again");
    assert.deepEqual(inputShape, [...sidesOf(size), 3]);
    assertClose(answers, predictions.flat());
    const base = await loadWeights(join(folder, "model.h5"), { imagenetOnly: false });
    assert.equal(weightsDigest(base.layers), weightsDigest(model.layers), "a base to start a training from");
  });
}

Deno.test("saving the same model always gives the same bytes and fully replaces an older model", async () => {
  const folder = join(root, "alone", "model");
  await saveModel(folder, seededModel({ size: 32, scaling: "imagenet", seed: 1 }));
  await Deno.writeTextFile(join(folder, "left.txt"), "of the older one");
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
  await saveModel(folder, soundModel).finally(() => Date.now = now);
  assert.deepEqual(await digestsIn(folder), await digestsIn(sound));
  assert.deepEqual(Object.keys(await digestsIn(folder)), [
    ...["about.json", "model.h5", "model.json", "weights.bin"],
  ]);
  assert.deepEqual(Array.from(Deno.readDirSync(join(root, "alone")), ({ name }) => name), ["model"]);
});

Deno.test("a folder without a model is reported, with its contents", async () => {
  const missing = join(root, "nowhere");
  await assert.rejects(loadModel(missing), {
    name: "SyntaxError",
    message:
      `${join(missing, "about.json")}: expected a model saved by this project. Received: no such folder. ` +
      "Train again, or give the folder of another model (--model)",
  });
  const foreign = await unsound((folder) => Deno.remove(join(folder, "about.json"))); // any layers-model
  await assert.rejects(loadModel(foreign), { message: /a folder with model.h5, model.json, weights.bin/ });
  await assert.rejects(loadModel(join(sound, "model.json")), {
    message: /expected a model saved by this project/,
  });
});

Deno.test("a model file that is missing, truncated, too long, changed by one bit or of another model is named", async () => {
  const other = join(root, "other");
  await saveModel(other, seededModel({ size: 32, scaling: "divide255", seed: 2 }));
  for (const name of ["model.json", "weights.bin", "model.h5"]) {
    const bytes = await Deno.readFile(join(sound, name));
    const changed = bytes.slice();
    changed[bytes.length >> 1] ^= 1;
    const cases: [RegExp, Uint8Array | null][] = [
      [/the model lacks it\. Received: .*No such file/, null],
      [/cut short: about\.json names (\d+) bytes\. Received: 1000 bytes/, bytes.slice(0, 1000)],
      [/too long: .*\. Received: /, new Uint8Array(bytes.length + 9)],
      [/changed, or another model's: about\.json names SHA-256 /, changed],
    ];
    if (name !== "model.json") cases.push([/another model's/, await Deno.readFile(join(other, name))]);
    for (const [message, content] of cases) {
      const folder = await unsound((folder) =>
        content === null ? Deno.remove(join(folder, name)) : replace(join(folder, name), content)
      );
      await assert.rejects(loadModel(folder), (error: Error) => {
        assert.equal(error.name, "SyntaxError");
        assert.match(error.message, message);
        assert.ok(error.message.startsWith(`${join(folder, name)}: `), error.message);
        return error.message.endsWith("Train again, or give the folder of another model (--model)");
      });
    }
  }
});

Deno.test("about.json says which program reads the model, and what tfjs-node needs in a newer Node", async () => {
  const { reading } = JSON.parse(await Deno.readTextFile(join(sound, "about.json")));
  assert.match(
    reading["model.json"],
    /tf\.loadLayersModel\. .*tfjs-node 4\.22\.0 in Node 23 or newer first run/,
  );
  assert.match(reading["model.h5"], /keras\.saving\.load_model/);
  // The line that it gives brings the function back
  const line = /first run (require.*?;)/.exec(reading["model.json"])![1];
  const util: { isNullOrUndefined?: (value: unknown) => boolean } = {};
  new Function("require", line)(() => util);
  assert.deepEqual([null, undefined, 0, ""].map(util.isNullOrUndefined!), [true, true, false, false]);
});

Deno.test("digests of the training data are saved with a model and checked; a model without them loads with trainedOn null", async () => {
  const photos = ["a", "b", "c"].map((name) => ({ fileDigest: sha256(name), lesionId: `lesion of ${name}` }));
  const folder = join(root, "with digests");
  const trainedOn = digestTraining(photos);
  await saveModel(folder, { ...soundModel, trainedOn });
  const text = await Deno.readTextFile(join(folder, "trained_on.json"));
  assert.ok(!text.includes("lesion of"), "no name of a lesion is passed on");
  assert.deepEqual((await loadModel(folder)).trainedOn, trainedOn);
  await Deno.writeTextFile(join(folder, "trained_on.json"), text.replace(/[0-9a-f]/, "g"));
  await assert.rejects(loadModel(folder), { name: "SyntaxError", message: /trained_on\.json: changed, or/ });
  await Deno.remove(join(folder, "trained_on.json"));
  await assert.rejects(loadModel(folder), { message: /trained_on\.json: the model lacks it/ });
  assert.equal((await loadModel(sound)).trainedOn, null);
});

Deno.test("about.json that is cut, changed or of another format is refused", async () => {
  const text = await Deno.readTextFile(join(sound, "about.json"));
  for (
    const [changed, message] of [
      [text.slice(0, 500), /cut short or changed: it is no JSON/],
      ["null", /cut short or changed: it is no JSON/],
      [text.replace('"size": 32', '"size": 33'), /changed: its digest does not fit what comes before it/],
      [text.replace("Melanoma", "Melonoma"), /changed: its digest does not fit/],
      [text.replace('"synthetic": true', '"synthetic": false'), /changed: its digest does not fit/],
      ["{}", /its format must be "vgg16-lesions-1"\. Received: none/],
      ['{"format":"vgg16-lesions-9"}', /Received: "vgg16-lesions-9"/],
    ] as const
  ) {
    const folder = await unsound((folder) => replace(join(folder, "about.json"), changed));
    await assert.rejects(loadModel(folder), { name: "SyntaxError", message });
  }
});

Deno.test("an incomplete, inconsistent or diverged network is not saved", async () => {
  const folder = join(root, "never");
  const { layers, head, classes } = soundModel;
  const diverged = { ...layers[4], bias: layers[4].bias.with(3, NaN) };
  for (
    const [change, name, message] of [
      [{ layers: layers.slice(1) }, "TypeError", /layer 1: block1_conv1 1728 \+ 64 .*Received: block1_conv2/],
      [{ size: 64 }, "TypeError", /64 × 64 pixels.*14: predictions 14336 \+ 7.*Received: predictions 3584/],
      [{ classes: classes.slice(1) }, "TypeError", /6 classes/],
      [{ head: { ...head, kernel: head.kernel.with(0, Infinity) } }, "RangeError", /predictions must have/],
      [{ layers: layers.with(4, diverged) }, "RangeError", /block3_conv1 .*finite.*Received: NaN/],
    ] as const
  ) {
    await assert.rejects(saveModel(folder, { ...soundModel, ...change }), { name, message });
  }
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test({
  name: "if a model does not fit on the disk, the error names the file, and the older model stays",
  ignore: Deno.build.os === "windows", // has no ulimit
  fn: async () => {
    const folder = await unsound(() => Promise.resolve());
    const module = new URL("../../lib/model/saved_model.ts", import.meta.url).href;
    const program = `import { loadModel, saveModel } from "${module}";
      const folder = ${JSON.stringify(folder)};
      await saveModel(folder, await loadModel(folder))
        .catch(({ name, message }) => console.log(name + ": " + message));`;
    const file = join(root, "save.ts");
    await Deno.writeTextFile(file, program);
    const config = ["--config", new URL("../../deno.json", import.meta.url).pathname];
    const { stdout, stderr } = await new Deno.Command("bash", {
      // files of 20 MB at most: weights.bin is larger
      args: [
        ...["-c", `trap "" XFSZ; ulimit -f 20000; exec "$@"`, "-"],
        ...[Deno.execPath(), "run", "-A", "--no-check", ...config, file],
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    const message = /^StorageError: .*weights\.bin could not be written: File too large/;
    assert.match(text, message, new TextDecoder().decode(stderr));
    assert.deepEqual(await digestsIn(folder), await digestsIn(sound));
  },
});
