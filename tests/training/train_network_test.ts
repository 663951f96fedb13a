import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { optimizerNames } from "../../lib/recipe.ts";
import { engine, tf } from "../../lib/support/engine/engine.ts";
import { makeOptimizer } from "../../lib/training/optimizer.ts";
import { trainNetwork } from "../../lib/training/train_network.ts";
import { makeTrainableNetwork } from "../../lib/training/trainable_network.ts";
import { noiseTraining } from "./noise_training.ts";

const ignore = engine.name === "wasm";

Deno.test({
  name:
    "killed after its first step, at an epoch's end and in the second epoch, a training ends with the same bits",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const program = fileURLToPath(new URL("./train_program.ts", import.meta.url));
    const train = async (name: string, killAfter: number) => {
      const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", program, join(folder, name), "nadam", `${killAfter}`],
      }).output();
      if (killAfter > 0) return assert.equal(signal, "SIGKILL", new TextDecoder().decode(stderr));
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    try {
      const { steps: all, ...unbroken } = await train("unbroken", 0);
      for (const killAfter of [2, 2, 3]) await train("broken", killAfter);
      const { steps, ...broken } = await train("broken", 0);
      assert.deepEqual(broken, unbroken);
      assert.ok(steps < all, `${steps} of ${all} steps in the last sitting`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    "every optimizer learns the noise's classes; the best epoch's weights come back; nothing stays on the engine",
  ignore,
  async fn() {
    for (const optimizer of optimizerNames) {
      const before = tf.memory().numTensors;
      const { train, options } = noiseTraining({ optimizer, epochs: 5 });
      const { history, bestEpoch, parameters } = await trainNetwork(train, options);
      assert.equal(tf.memory().numTensors, before);
      assert.ok(
        history.at(-1)!.loss < history[0].loss / 2,
        `${optimizer}: ${history.map(({ loss }) => loss)}`,
      );
      const best = history[bestEpoch - 1];
      for (const { validationAccuracy, validationLoss } of history) {
        assert.ok(validationAccuracy <= best.validationAccuracy);
        if (validationAccuracy === best.validationAccuracy) assert.ok(validationLoss >= best.validationLoss);
      }
      assert.ok(
        parameters.some(({ values }, i) => values.some((v, j) => v !== options.initial[i].values[j])),
      );
    }
  },
});

Deno.test({
  name: "gradients in an optimizer's room are those in arrays of their own, to the bit",
  ignore,
  fn() {
    const { train, options } = noiseTraining();
    const values = options.initial.map((parameter) => parameter.values);
    using optimizer = makeOptimizer("nadam");
    const { gradients: gradientRoom } = optimizer.place(values);
    using roomy = makeTrainableNetwork(options.initial, { ...options, gradientRoom });
    using plain = makeTrainableNetwork(options.initial, options);
    for (const first of [0, 8]) {
      const labels = [...train.labels.subarray(first, first + 8)];
      const batch = () => {
        const x = new Float32Array(8 * plain.inputs);
        labels.forEach((_, i) => train.read(first + i, x.subarray(i * plain.inputs, (i + 1) * plain.inputs)));
        return x;
      };
      const answer = roomy.lossAndGradients(batch(), labels);
      answer.gradients.forEach((gradient, i) => assert.equal(gradient, gradientRoom[i]));
      const gradients = answer.gradients.map((gradient) => gradient.slice());
      assert.deepEqual({ ...answer, gradients }, plain.lossAndGradients(batch(), labels));
    }
  },
});

Deno.test({
  name: "random orientation of rectangles is refused",
  ignore,
  async fn() {
    const { train, options } = noiseTraining({ size: [48, 64], cut: "block1", randomOrientation: true });
    await assert.rejects(trainNetwork(train, options), /needs square images\. Received: 64 × 48 pixels/);
  },
});

Deno.test({
  name: "without progress it ends after its patience; a diverging loss stops with what to change",
  ignore,
  async fn() {
    const { train, options } = noiseTraining({
      epochs: 6,
      learningRate: 1e-12,
      patience: 2,
      warmUpEpochs: 0,
    });
    const { history, bestEpoch } = await trainNetwork(train, { ...options, weightDecay: 0 });
    assert.ok(history.length < 6 && history.length === bestEpoch + 2, `${history.length}, ${bestEpoch}`);
    await assert.rejects(
      trainNetwork(train, { ...options, learningRate: 1e6, optimizer: "adam" }),
      /adam diverged in epoch 1, step \d+, at learning rate 1000000\. Take a smaller learning rate \(try 100000\) or a warm-up/,
    );
  },
});

Deno.test({
  name: "options that cannot be, another cut's parameters and a damaged checkpoint are told",
  ignore,
  async fn() {
    const { train, options } = noiseTraining({ epochs: 1 });
    for (
      const [change, message] of [
        [{ dropout: 1 }, /dropout must be .*Received: 1/],
        [{ weightDecay: -1 }, /weightDecay must be .*Received: -1/],
        [{ warmUpEpochs: 1 }, /warmUpEpochs must be .*Received: 1/],
        [{ patience: 0 }, /patience must be .*Received: 0/],
        [{ learningRate: 0 }, /learningRate must be .*Received: 0/],
        [{ cut: "flatten" }, /Parameter 0 must be predictions\/kernel .*Received: block5_conv1/],
        [
          { cut: "block4" },
          /Parameter 0 must be block4_conv1\/kernel \(3,3,256,512\)\. Received: block5_conv1/,
        ],
        [{ classes: 4 }, /predictions\/kernel \(2048,4\)\. Received: predictions\/kernel \(2048,3\)/],
      ] as const
    ) {
      await assert.rejects(trainNetwork(train, { ...options, ...change }), message);
    }
    const path = await Deno.makeTempFile();
    await Deno.writeTextFile(
      path,
      "HAMTENS1 and then nothing that is one ........................................",
    );
    const notices: string[] = [];
    await trainNetwork(train, {
      ...options,
      checkpoint: { path, configuration: "x", everySeconds: 60 },
      onNotice: (message) => notices.push(message),
    });
    assert.match(notices.join(), /checkpoint cannot be used, the training starts again: .*SHA-256/);
    await Deno.remove(path);
  },
});
