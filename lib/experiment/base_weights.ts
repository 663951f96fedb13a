/** The weights that the frozen network starts from. */
import type { Config } from "../config.ts";
import { loadWeights, randomWeights, type Vgg16Weights } from "../model/weights.ts";

/** The given ImageNet weights, checked; without a file seeded random ones, which every result then says. */
export function openWeights(config: Config): Promise<Vgg16Weights> | Vgg16Weights {
  return config.weights === null ? randomWeights(config.seed) : loadWeights(config.weights);
}

/** One line for readers: what these weights are. */
export function describeWeights(weights: Vgg16Weights): string {
  return weights.source === "imagenet"
    ? "VGG16 without top, ImageNet weights"
    : "VGG16 without top, SEEDED RANDOM weights: no ImageNet file was found, so the numbers say nothing about the write-up";
}
