/** Where the photos come from: HAM10000, the user's own table and photos, or the drawn stand-in. */
import { join } from "node:path";
import { type Config } from "../config.ts";
import { projectRoot } from "../support/project.ts";
import { sha256 } from "../support/digest.ts";
import { countLabels, type DiagnosisClass } from "../data/diagnosis.ts";
import { openTable, type Sample } from "../data/metadata.ts";
import { isStandIn, makeStandIn } from "../data/stand_in.ts";
import { type ImageSet, loadImageSet } from "../data/image_set.ts";
import { aboutSource } from "./about_source.ts";
import { checkClassSizes } from "./class_sizes.ts";

export interface Source {
  /** True for the drawn stand-in: every figure and file then says so. */
  readonly synthetic: boolean;
  /** Absolute folder of the photos. */
  readonly folder: string;
  /** Path of the metadata table. */
  readonly table: string;
  /** In the order of the metadata table, without the skipped ones. */
  readonly samples: readonly Sample[];
  /** In label order. */
  readonly classes: readonly DiagnosisClass[];
  /** Photos per class, in label order. */
  readonly counts: readonly number[];
  /** Photos that cannot be decoded and were left out, by their image ids; null where the run stops at such. */
  readonly skipped: readonly string[] | null;
  /** A few lines for readers: what these photos are, and what was left out. */
  readonly about: readonly string[];
}

type Progress = (done: number, total: number) => void;
/** Makes a progress line for a named stage. */
export type StageProgress = (stage: string) => Progress;

/**
 * Opens the configured photos and checks their table; draws the stand-in first where it is not there yet. Photos are decoded
 * only where damaged ones are to be skipped.
 */
export async function openSource(config: Config, progress: StageProgress = () => () => {}): Promise<Source> {
  const folder = config.data ?? standInFolder(config);
  if (config.data === null) await makeStandIn(folder, { seed: config.seed, images: config.standInImages });
  const table = await openTable(folder, config);
  const { samples, skipped } = config.skipDamaged
    ? await withoutDamaged(config, {
      folder,
      samples: table.samples,
      onProgress: progress("Checking photos"),
    })
    : { samples: table.samples, skipped: null };
  const counts = countLabels(samples.map((sample) => sample.label), table.classes.length);
  checkClassSizes(config, table.classes, counts);
  const synthetic = config.data === null || await isStandIn(folder);
  const { classes, path, knowsLesions } = table;
  const about = aboutSource({ config, synthetic, samples, classes, knowsLesions, skipped });
  return { synthetic, folder, table: path, samples, classes, counts, skipped, about };
}

/** The photos as RGB of the configured size, with the digest of the whole source: its table and every photo's bytes. */
export async function openImages(
  config: Config,
  source: Source,
  onProgress?: Progress,
): Promise<{ images: ImageSet; digest: string }> {
  const paths = source.samples.map((sample) => join(source.folder, sample.imagePath));
  const images = await loadImageSet(paths, { size: config.size, store: storeFolder(config), onProgress });
  const table = await Deno.readFile(source.table);
  return { images, digest: sha256(table, ...images.fileDigests) };
}

/** Where a run keeps what can be computed again: decoded images, activations. */
export function storeFolder(config: Config): string {
  return join(config.out, "store");
}

/** A path as it may be shown: relative to the project where it lies in it, else its last part. */
export function shownPath(path: string): string {
  return path.startsWith(projectRoot) ? path.slice(projectRoot.length) : path.split(/[\\/]/).at(-1) ?? path;
}

/** The samples whose photos can be decoded, and the image ids of the others, both in the table's order. */
async function withoutDamaged(
  config: Config,
  { folder, samples, onProgress }: { folder: string; samples: readonly Sample[]; onProgress: Progress },
): Promise<{ samples: readonly Sample[]; skipped: string[] }> {
  const paths = samples.map((sample) => join(folder, sample.imagePath));
  const options = { size: config.size, store: storeFolder(config), onProgress, keepGoing: true };
  const damaged = new Set((await loadImageSet(paths, options)).damaged.map(({ index }) => index));
  return {
    samples: samples.filter((_, index) => !damaged.has(index)),
    skipped: [...damaged].map((index) => samples[index].imageId),
  };
}

function standInFolder(config: Config): string {
  return join(storeFolder(config), `stand-in-${config.standInImages}-seed-${config.seed}`);
}
