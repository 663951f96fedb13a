/** All that the training notebooks start from, opened in one call. */
import type { Config } from "../config.ts";
import { openWeights } from "./base_weights.ts";
import type { Inputs } from "./features.ts";
import { makeParts } from "./parts.ts";
import { openImages, openSource, type StageProgress } from "./source.ts";

/** Photos, parts and weights of a run. */
export async function openInputs(
  config: Config,
  progress: StageProgress = () => () => {},
): Promise<Inputs> {
  const source = await openSource(config, progress);
  const { images, digest: dataDigest } = await openImages(config, source, progress("Images"));
  return { source, parts: makeParts(config, source), images, dataDigest, weights: await openWeights(config) };
}
