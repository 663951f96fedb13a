/** A model that is saved and loaded again answers as before; a folder that is not whole is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Tensor } from "@tensorflow/tfjs";
import { bytesOf, sha256 } from "../../../lib/support/digest.ts";
import { type ImageSize, pixelsIn, sidesOf, sizeText } from "../../../lib/image_size.ts";
import { loadModel } from "../../../lib/model/saved/load_model.ts";
import { makePredictor } from "../../../lib/model/saved/predictor.ts";
import { saveModel } from "../../../lib/model/saved/save_model.ts";
import type { TrainedModel } from "../../../lib/model/saved/trained_model.ts";
import { tf } from "../../../lib/support/engine/engine.ts";
import { largestDifference, type ModelOptions, seededModel, testPixels } from "./models.ts";

const root = await Deno.makeTempDir({ prefix: "models é " });
globalThis.addEventListener("unload", () => Deno.removeSync(root, { recursive: true }));

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
async function replace(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.remove(path);
  await Deno.writeFile(path, bytes);
}

function answersOf(model: TrainedModel): Float32Array {
  using predictor = makePredictor(model);
  return predictor.predict(testPixels(model.size));
}

/** What TensorFlow.js itself makes of the folder. */
async function layersModelAnswers(folder: string, size: ImageSize): Promise<Float32Array> {
  const model = await tf.loadLayersModel(`file://${join(folder, "model.json")}`);
  const pixels = testPixels(size);
  const answers = tf.tidy(() => {
    const images = tf.tensor4d(pixels, [pixels.length / pixelsIn(size) / 3, ...sidesOf(size), 3], "int32");
    return (model.predict(images) as Tensor).dataSync<"float32">();
  });
  model.dispose();
  return answers;
}

async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  const digests = names.map(async (name) => [name, sha256(await Deno.readFile(join(folder, name)))]);
  return Object.fromEntries(await Promise.all(digests));
}

for (
  const options of [
    { size: 64, scaling: "divide255" },
    { size: [50, 75], scaling: "imagenet", seed: 3 },
    { size: 96, scaling: "imagenet", classes: ["a", "b", "c"], seed: 5, synthetic: false },
  ] satisfies ModelOptions[]
) {
  Deno.test(`a ${options.scaling} model of ${sizeText(options.size)} pixels answers after loading as before saving, to the bit, and TensorFlow.js as well within 1e-5`, async () => {
    const model = seededModel(options);
    const folder = join(root, sizeText(options.size));
    await saveModel(folder, model);
    const loaded = await loadModel(folder);
    assert.deepEqual(loaded.provenance, model.provenance);
    assert.deepEqual(loaded.classes, model.classes);
    assert.deepEqual([loaded.size, loaded.scaling], [model.size, model.scaling]);
    for (const [i, { name, kernel, bias }] of model.layers.entries()) {
      assert.equal(loaded.layers[i].name, name);
      assert.equal(sha256(bytesOf(loaded.layers[i].kernel)), sha256(bytesOf(kernel)), name);
      assert.deepEqual(loaded.layers[i].bias, bias);
    }
    const answers = answersOf(loaded);
    assert.deepEqual(answers, answersOf(model));

    const before = tf.memory().numTensors;
    const theirs = await layersModelAnswers(folder, model.size);
    const difference = largestDifference(answers, theirs);
    assert.ok(difference < 1e-5, `${difference}`); // theirs are direct convolutions, ours in part Winograd's
    assert.equal(tf.memory().numTensors, before);
  });
}

Deno.test("the same model gives the same bytes, and replaces another one whole", async () => {
  const folder = join(root, "replaced");
  await saveModel(folder, seededModel({ size: 32, scaling: "imagenet", seed: 1 }));
  await Deno.writeTextFile(join(folder, "left.txt"), "of the older one");
  await saveModel(folder, soundModel);
  assert.deepEqual(await filesOf(folder), await filesOf(sound));
  assert.deepEqual(Object.keys(await filesOf(folder)), [
    "about.json",
    "model.h5",
    "model.json",
    "weights.bin",
  ]);
});

Deno.test("saving and loading leaves no tensors on the engine, and nothing beside the folder", async () => {
  const before = tf.memory().numTensors;
  const folder = join(root, "alone", "model");
  await saveModel(folder, soundModel);
  answersOf(await loadModel(folder));
  assert.equal(tf.memory().numTensors, before);
  assert.deepEqual(Array.from(Deno.readDirSync(join(root, "alone")), ({ name }) => name), ["model"]);
});

Deno.test("a photo's answer does not depend on those beside it", () => {
  using predictor = makePredictor(soundModel);
  const pixels = testPixels(32);
  const together = predictor.predict(Uint8Array.from([...pixels, ...pixels, ...pixels])); // 21: two batches
  for (let i = 0; i < 7; i++) {
    const alone = predictor.predict(pixels.subarray(i * 3072, (i + 1) * 3072));
    for (const copy of [0, 7, 14]) {
      assert.deepEqual(together.slice((copy + i) * 7, (copy + i + 1) * 7), alone);
    }
  }
  assert.equal(predictor.predict(new Uint8Array()).length, 0);
  assert.throws(() => predictor.predict(new Uint8Array(100)), {
    name: "TypeError",
    message: /multiple of 3072.*Received: 100$/,
  });
});

Deno.test("a folder without a model is named, with what it holds", async () => {
  const missing = join(root, "nowhere");
  await assert.rejects(loadModel(missing), {
    name: "SyntaxError",
    message:
      `${
        join(missing, "about.json")
      }: there is no model that this project saved. Received: no such folder. ` +
      "Train again, or give the folder of another model (--model)",
  });
  const foreign = await unsound((folder) => Deno.remove(join(folder, "about.json"))); // any layers-model
  await assert.rejects(loadModel(foreign), { message: /a folder with model.h5, model.json, weights.bin/ });
  await assert.rejects(loadModel(join(sound, "model.json")), { message: /there is no model/ });
});

Deno.test("a model's file that is missing, cut, longer or changed in one bit is named", async () => {
  for (const name of ["model.json", "weights.bin", "model.h5"]) {
    const bytes = await Deno.readFile(join(sound, name));
    const changed = bytes.slice();
    changed[bytes.length >> 1] ^= 1;
    const cases: [RegExp, (path: string) => Promise<void>][] = [
      [/the model lacks it\. Received: .*No such file/, (path) => Deno.remove(path)],
      [
        /cut short: about\.json names (\d+) bytes\. Received: 1000 bytes/,
        (path) => replace(path, bytes.slice(0, 1000)),
      ],
      [
        /too long: .*\. Received: /,
        (path) => replace(path, new Uint8Array(bytes.length + 9)),
      ],
      [/changed, or another model's: about\.json names SHA-256 /, (path) => replace(path, changed)],
    ];
    for (const [message, change] of cases) {
      const folder = await unsound((folder) => change(join(folder, name)));
      const problem = await loadModel(folder).then(
        () => assert.fail(`${name}: ${message}`),
        (error) => error,
      );
      assert.equal(problem.name, "SyntaxError");
      assert.match(problem.message, message);
      assert.ok(problem.message.startsWith(`${join(folder, name)}: `), problem.message);
      assert.ok(problem.message.endsWith("Train again, or give the folder of another model (--model)"));
    }
  }
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
    const folder = await unsound((folder) =>
      replace(join(folder, "about.json"), new TextEncoder().encode(changed))
    );
    await assert.rejects(loadModel(folder), { name: "SyntaxError", message });
  }
});

Deno.test("a file of another model of the same size is refused", async () => {
  const other = join(root, "other");
  await saveModel(other, seededModel({ size: 32, scaling: "divide255", seed: 2 }));
  const folder = await unsound(async (folder) => {
    await replace(join(folder, "weights.bin"), await Deno.readFile(join(other, "weights.bin")));
  });
  await assert.rejects(loadModel(folder), { message: /weights\.bin: changed, or another model's/ });
});

Deno.test("a network that is not whole, or that diverged, is not saved", async () => {
  const folder = join(root, "never");
  const { layers, head } = soundModel;
  const diverged = { ...layers[4], bias: layers[4].bias.with(3, NaN) };
  for (
    const [model, name, message] of [
      [
        { ...soundModel, layers: layers.slice(1) },
        "TypeError",
        /layer 1: block1_conv1 1728 \+ 64 .*Received: block1_conv2/,
      ],
      [
        { ...soundModel, size: 64 },
        "TypeError",
        /64 × 64 pixels.*layer 14: predictions 14336 \+ 7.*Received: predictions 3584/,
      ],
      [{ ...soundModel, classes: soundModel.classes.slice(1) }, "TypeError", /6 classes/],
      [
        { ...soundModel, head: { ...head, kernel: head.kernel.map(() => Infinity) } },
        "RangeError",
        /predictions must have/,
      ],
      [
        { ...soundModel, layers: layers.with(4, diverged) },
        "RangeError",
        /block3_conv1 .*finite.*Received: NaN/,
      ],
    ] as const
  ) {
    await assert.rejects(saveModel(folder, model), { name, message });
  }
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test({
  name: "a model that does not fit on the disk is an error that names it, and the older one stays",
  ignore: Deno.build.os === "windows", // has no ulimit
  fn: async () => {
    const folder = await unsound(() => Promise.resolve());
    const program = [
      `import { loadModel } from "${
        new URL("../../../lib/model/saved/load_model.ts", import.meta.url).href
      }";`,
      `import { saveModel } from "${
        new URL("../../../lib/model/saved/save_model.ts", import.meta.url).href
      }";`,
      `const model = await loadModel(${JSON.stringify(folder)});`,
      `await saveModel(${
        JSON.stringify(folder)
      }, model).catch(({ name, message }) => console.log(name + ": " + message));`,
    ];
    const file = join(root, "save.ts");
    await Deno.writeTextFile(file, program.join("\n"));
    const config = ["--config", new URL("../../../deno.json", import.meta.url).pathname];
    const { stdout, stderr } = await new Deno.Command("bash", {
      // files of 20 MB at most: weights.bin is larger
      args: [
        "-c",
        `trap "" XFSZ; ulimit -f 20000; exec "$@"`,
        "-",
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        ...config,
        file,
      ],
      env: { HAM10000_ENGINE: "wasm" },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.match(
      text,
      /^StorageError: .*weights\.bin could not be written: File too large/,
      new TextDecoder().decode(stderr),
    );
    assert.deepEqual(await filesOf(folder), await filesOf(sound));
  },
});
