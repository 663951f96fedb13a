/** Prints the features of the fixture's noise images as JSON, on whichever engine HAM10000_ENGINE names, by 1 … n workers. */
import { engine, startEngine } from "../../lib/support/engine/engine.ts";
import { makePass } from "../../lib/model/frozen_pass.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { noiseImages } from "./images.ts";

await startEngine();

const weights = randomWeights(0);
const features: number[][] = [];
for (let workers = 1; workers <= Number(Deno.args[0]); workers++) {
  using pass = makePass(weights, { size: 64, scaling: "divide255", workers });
  features.push([...await pass.forward(new Float32Array(noiseImages(4, 64)))]);
}
console.log(JSON.stringify({ engine: engine.name, features }));
