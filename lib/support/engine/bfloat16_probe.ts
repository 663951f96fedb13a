/**
 * Program: times one convolution of VGG16's third block on eight images, in both precisions, on the native engine. Prints
 * `{"float32": milliseconds, "bfloat16": milliseconds}`, each the shortest of three runs.
 */
import { startEngine, tf } from "./engine.ts";
import { dtypes, operation } from "./operation.ts";

await startEngine();
const [images, filter] = [tf.randomNormal([8, 16, 16, 256]), tf.randomNormal([3, 3, 256, 256])];
const times = Object.entries(dtypes).map(([name, T]) => {
  const inputs = [images, filter].map((x) => operation("Cast", [x], { SrcT: dtypes.float32, DstT: T }));
  const milliseconds = Array.from({ length: 4 }, () => {
    const start = performance.now();
    const sums = operation("Conv2D", inputs, {
      T,
      strides: [1, 1, 1, 1],
      padding: "SAME",
      data_format: "NHWC",
    });
    operation("Cast", [sums], { SrcT: T, DstT: dtypes.float32 }).dataSync();
    return performance.now() - start;
  });
  return [name, Math.min(...milliseconds.slice(1))]; // the first run is a warm-up
});
console.log(JSON.stringify(Object.fromEntries(times)));
