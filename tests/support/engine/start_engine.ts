/**
 * Program: starts lib/support/engine/engine.ts of the project that the argument names, convolves seeded numbers with it and
 * prints `{"engine": …, "backend": …, "values": …}`.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { randomFor } from "../../../lib/support/random.ts";

const started = await import(pathToFileURL(join(Deno.args[0], "lib", "support", "engine", "engine.ts")).href);
await started.startEngine();
const { tf, engine } = started;
const random = randomFor("start_engine");
const numbers = (count: number) => Float32Array.from({ length: count }, () => random() - 0.5);
const images = tf.tensor4d(numbers(2 * 12 * 12 * 8), [2, 12, 12, 8]);
const kernel = tf.tensor4d(numbers(3 * 3 * 8 * 16), [3, 3, 8, 16]);
const values = await tf.conv2d(images, kernel, 1, "same").data(); // (2, 12, 12, 16)
console.log(JSON.stringify({ engine, backend: tf.getBackend(), values: [...values] }));
