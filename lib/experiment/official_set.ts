/** Finds the official test set: its table, its photos, and the control in the same form. Opens no photo. */
import { basename, join } from "node:path";
import type { Config } from "../config.ts";
import { searchFolder } from "../data/photo_files.ts";
import { photoName } from "../support/photo_kinds.ts";
import { diagnoses, type DiagnosisClass } from "../data/diagnosis.ts";
import { type LabelledSet, openLabelledSet } from "./labelled_set.ts";

export interface OfficialSet extends LabelledSet {
  /** The set's name for readers. */
  readonly title: string;
  /** Paths of HAM10000's photos in the form of the set's photos, by image id; null if the set has no such folder. */
  readonly sameForm: ReadonlyMap<string, string> | null;
}

const sameFormFolder = "ham10000_same_form";

/**
 * Opens the configured set, with its classes matched; null if none is configured, or if the run's own classes are not the set's.
 *
 * @throws {RangeError} if the folder has no table or several, if the set has classes unknown to the run, or as `openLabelledSet`
 */
export async function openOfficialSet(
  config: Config,
  classes: readonly DiagnosisClass[],
): Promise<OfficialSet | null> {
  const folder = config.officialTest;
  if (folder === null) return null;
  const metadata = await findTruthTable(folder);
  if (metadata === null) {
    throw new RangeError(
      `--test ${folder}: expected a folder with photos and their table, a CSV file whose name holds GroundTruth, in the folder ` +
        "or one folder deep. `deno task data --with test` brings the official one. Received: no such table",
    );
  }
  const codes = classes.map(({ code }) => code);
  // Photos other than HAM10000's may have other diagnoses: then there is no test for this run, and that is no error
  const mayDiffer = !diagnoses.every((code) => codes.includes(code));
  const ofSet = await openLabelledSet(folder, classes, { metadata, skipUnknown: true }).catch((error) => {
    if (mayDiffer && error instanceof RangeError) return null;
    throw error;
  });
  const unknown = ofSet?.matching.unknown.map(({ code }) => code) ?? [];
  if (ofSet === null || mayDiffer && unknown.length > 0) return null;
  if (unknown.length > 0) {
    throw new RangeError(
      `--test ${folder}: expected a set with the run's classes, ${
        codes.join(", ")
      }. For other sets there is ` +
        `\`deno task evaluate\`, with --rename and --skip-unknown. Received: ${unknown.join(", ")}`,
    );
  }
  const control = join(folder, sameFormFolder);
  const hasControl = await Deno.stat(control).then(({ isDirectory }) => isDirectory, () => false);
  const photos = hasControl ? (await searchFolder(control)).photos : [];
  return {
    ...ofSet,
    title: /ISIC2018_Task3_Test/i.test(ofSet.name)
      ? "the official test set of ISIC 2018 Task 3"
      : `the test set ${ofSet.name}`,
    sameForm: hasControl ? new Map(photos.map(({ path }) => [photoName(basename(path)), path])) : null,
  };
}

/**
 * Path of a released set's table: the CSV file with "GroundTruth" in its name, in the folder or one folder deep. If there are
 * several, the one with "test" in its name; null if there is none.
 *
 * @throws {RangeError} if several are possible
 */
export async function findTruthTable(folder: string): Promise<string | null> {
  const found: string[] = [];
  const look = async (place: string, depth: number) => {
    for (const entry of await Array.fromAsync(Deno.readDir(place)).catch(() => [])) {
      const path = join(place, entry.name);
      if (entry.name.startsWith(".")) continue;
      if (/ground.?truth.*\.csv$/i.test(entry.name)) found.push(path);
      else if (depth > 0 && (await Deno.stat(path).catch(() => null))?.isDirectory) {
        await look(path, depth - 1);
      }
    }
  };
  await look(folder, 1);
  const ofTests = found.filter((path) => /test/i.test(basename(path)));
  const tables = ofTests.length > 0 ? ofTests : found;
  if (tables.length > 1) {
    throw new RangeError(
      `${folder} has several tables whose names hold GroundTruth; leave the one that is meant. Received: ${
        tables.map((path) => basename(path)).sort().join(", ")
      }`,
    );
  }
  return tables[0] ?? null;
}
