/** Prints the features of the fixture's noise images as JSON, on whichever engine HAM10000_ENGINE names. */
import { engine, startEngine, tf } from "../../lib/support/engine/engine.ts";
import { makeBase } from "../../lib/model/forward.ts";
import { randomWeights } from "../../lib/model/weights.ts";
import { noiseImages } from "./images.ts";

await startEngine();

const base = makeBase(randomWeights(0), { size: 64, scaling: "divide255" });
const features = base.forward(tf.tensor4d(noiseImages(4, 64), [4, 64, 64, 3], "int32"));
console.log(JSON.stringify({ engine: engine.name, features: [...features.dataSync()] }));
