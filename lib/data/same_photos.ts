/** Finds photos that a table has under several ids: files with the same bytes. */
import { basename, join } from "node:path";
import { listed } from "../support/format.ts";
import { decodeImage } from "./decode.ts";
import type { Sample } from "./metadata.ts";
import { firstOfSame, severalOf } from "./same_files.ts";

/** Photos that a table has under several ids. */
export interface SamePhotos {
  /**
   * For each row, the row that stands for its photo. Rows with the same number are one photo, although the table gives them
   * different lesions. Rows of one lesion keep their own numbers: the table already groups them, and they count as photos of that
   * lesion (HAM10000 has two such pairs).
   */
  readonly photoRows: readonly number[];
  /** Notes for readers; empty if no photo occurs twice. */
  readonly notes: readonly string[];
}

/**
 * Finds photos that a table has under several ids, by comparing their files.
 *
 * @param options `tables`: their paths, for errors; `keepContradictions`: whether one photo may have several diagnoses
 * @throws {SyntaxError} if a photo has several diagnoses and `keepContradictions` is false: with their number and the first ids
 */
export async function findSamePhotos(
  folder: string,
  samples: readonly Sample[],
  { tables, keepContradictions }: { tables: readonly string[]; keepContradictions: boolean },
): Promise<SamePhotos> {
  const paths = samples.map(({ imagePath }) => join(folder, imagePath));
  const first = await firstOfSame(paths);
  const groups = severalOf([...first.keys()], (row) => first[row]);
  const differ = (name: "dx" | "lesionId") =>
    groups.filter((group) => group.some((row) => samples[row][name] !== samples[group[0]][name]));

  const contradictions: number[][] = [];
  for (const group of differ("dx")) { // an error page saved under many names is not a photo: decoding fails
    if (await decodeImage(paths[group[0]], 1).catch(() => null)) contradictions.push(group);
  }
  const labelled = groupsText(contradictions, (row) => `${samples[row].imageId} (${samples[row].dx})`);
  const twice = `${contradictions.length} ${contradictions.length === 1 ? "photo has" : "photos have"} ` +
    "several diagnoses: the same bytes under several ids";
  if (contradictions.length > 0 && !keepContradictions) {
    throw new SyntaxError(
      `${
        tables.map((path) => basename(path)).join(" and ")
      }: ${twice}. Correct the table, or leave these rows out. To go on with all of them as they are: ` +
        `--keep-contradictions. Received: ${labelled}`,
    );
  }
  const joined = differ("lesionId");
  const photoRows = [...first.keys()];
  for (const group of joined) for (const row of group) photoRows[row] = group[0];
  const many = `${joined.length} ${
    joined.length === 1 ? "photo is" : "photos are"
  } in the table under several ids`;
  return {
    photoRows,
    notes: [
      ...joined.length > 0
        ? [
          `${many}, with the same bytes. The leak counts each as one photo: ` +
          groupsText(joined, (row) => samples[row].imageId),
        ]
        : [],
      ...contradictions.length > 0 ? [`${twice}. They are kept: ${labelled}`] : [],
    ],
  };
}

/** The first five groups, with the first five names of each: `a = b; c = d`. */
function groupsText(groups: readonly number[][], nameOf: (row: number) => string): string {
  const texts = groups.map((group) => listed(group.map(nameOf), { most: 5, separator: " = " }));
  return listed(texts, { most: 5, separator: "; " });
}
