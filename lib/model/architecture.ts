/** The older names of vgg16.ts, for what still uses them. */
import type { ImageSize } from "../image_size.ts";
import type { Depth } from "../recipe.ts";
import * as vgg16 from "./vgg16.ts";

export { convolutions, type Layer, layers, outputShapes, parameterCount } from "./vgg16.ts";
export type Cut = "flatten" | Exclude<Depth, "head">;
export const cuts: readonly Cut[] = ["flatten", "block5", "block4", "block3", "block2", "block1"];
export const cutOf = (depth: Depth): Cut => (depth === "head" ? "flatten" : depth);
const depthOf = (cut: Cut): Depth => (cut === "flatten" ? "head" : cut);
export const frozenLayers = (cut: Cut) => vgg16.frozenLayers(depthOf(cut));
export const cutShape = (cut: Cut, size: ImageSize) => vgg16.inputShape(depthOf(cut), size);
export const cutLength = (cut: Cut, size: ImageSize) => vgg16.inputLength(depthOf(cut), size);
