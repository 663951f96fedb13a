/**
 * Program: loads one native addon in this process, multiplies two matrices with it, and prints
 * `{"tensorflow": version, "product": [7, 10, 15, 22]}`.
 *
 * Arguments: the folder of @tensorflow/tfjs-node, the addon's path (which may be outside that folder).
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import util from "node:util";

Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined }); // see engine.ts
const [packageFolder, addon] = Deno.args;
const require = createRequire(join(packageFolder, "package.json"));
const tf = require("@tensorflow/tfjs");
require("./dist/register_all_kernels.js");
const { NodeJSKernelBackend } = require("./dist/nodejs_kernel_backend.js");
const binding = require(addon);
tf.registerBackend("tensorflow", () => new NodeJSKernelBackend(binding, "tfjs-node"));
await tf.setBackend("tensorflow");
const product = await tf.matMul([[1, 2], [3, 4]], [[1, 2], [3, 4]]).data();
console.log(JSON.stringify({ tensorflow: binding.TF_Version, product: [...product] }));
