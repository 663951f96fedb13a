/** The parts of the configured protocol, and the leak that they have on purpose. */
import { join } from "node:path";
import { type Config, storeFolder } from "../config.ts";
import { type LeakClaim, leaksAsWritten } from "../data/leak_check.ts";
import { groupPhotos } from "../data/leak_free_parts.ts";
import { relatePhotos } from "../data/near_duplicates.ts";
import { makeParts, type Parts, type Photos } from "../data/parts.ts";
import { partsSplitFirst } from "../data/split_first.ts";
import { openStore } from "../support/store.ts";

/**
 * Makes the parts of the configured protocol. As written, they follow from the table alone. Split first, photos that belong
 * together are found by their lesions and pixels: the first time by reading every photo (minutes for 10,000), then from the
 * store.
 *
 * @throws {RangeError} as `partsSplitFirst`
 */
export async function openParts(
  config: Config,
  source: Photos & { readonly folder: string },
): Promise<{ parts: Parts; leak: LeakClaim }> {
  if (config.protocol === "as-written") return { parts: makeParts(config, source), leak: leaksAsWritten };
  const { samples, folder } = source;
  const paths = samples.map(({ imagePath }) => join(folder, imagePath));
  const relations = await relatePhotos(paths, { samples, store: openStore(storeFolder(config)) });
  const parts = partsSplitFirst(config, source, groupPhotos(samples, relations));
  return { parts, leak: { allowed: "nothing", evidence: { samples, ...relations } } };
}
