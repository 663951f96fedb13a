/** The honest model's tests. Each is opened once, after the choice is written to a file. */
import { join } from "node:path";
import type { LeakFreeParts } from "../../data/leak_free_parts.ts";
import { macroAuc } from "../../evaluation/curves.ts";
import { type AnsweredRows, measureSet, pickRows, type SetScores } from "../../evaluation/set_scores.ts";
import { predictImages } from "../../model/predictor.ts";
import { writeAtomic } from "../../support/atomic.ts";
import { photoOf } from "../experiment.ts";
import { honestFolder, testedConfiguration } from "./choice.ts";
import { checkHonestParts, type HonestSelection } from "./selection.ts";
import { answerPhotos } from "./training.ts";
import type { Related } from "../leakage/division.ts";
import {
  digestOfImages,
  type FormControl,
  formControl,
  loadReadable,
  type OfficialImages,
  openOfficialImages,
} from "../official_testing.ts";
import { openOnce } from "../testing.ts";
import { jsonText } from "../../support/json.ts";

/** Scores on photos that are counted independently. Plain values: survives JSON. */
export interface HonestScores extends SetScores {
  readonly macroAuc: number;
}

/** The honest model's predictions and scores. */
export interface HonestTest {
  /** The own test. `photos`: rows of the table. */
  readonly own: {
    readonly photos: readonly number[];
    readonly rows: AnsweredRows;
    readonly scores: HonestScores;
  };
  /** The validation part, which chose the model. Thresholds and the temperature are fitted on it. */
  readonly validation: { readonly photos: readonly number[]; readonly rows: AnsweredRows };
  /** Null if the official set is not available. */
  readonly official: OfficialHonest | null;
}

export interface OfficialHonest {
  readonly title: string;
  readonly rows: AnsweredRows;
  readonly imageIds: readonly string[];
  readonly scores: HonestScores;
  /** Without photos that have a near-duplicate in the table. Null if none or all have one. */
  readonly unrelated: HonestScores | null;
  /** Own test photos as they are and in the official set's form. Null if there are none. */
  readonly control: (FormControl & { readonly photos: number }) | null;
}

/** The honest model's name in the log of test openings. */
const honestName = "honest model";

/**
 * Writes the choice to a file, then opens the own test and the official test set, once for each model.
 *
 * @throws {Error} as `openOfficialSet`
 */
export async function testHonest(
  { experiment, choice, model, rows, adjustment }: HonestSelection,
  parts: LeakFreeParts,
  related: Related,
): Promise<HonestTest> {
  const { config, source: { samples, classes } } = experiment;
  checkHonestParts(parts, related.evidence);
  const folder = join(config.out, honestFolder);
  const written = { model: model.digest, choice, adjustment, validation: rows };
  await writeAtomic(join(folder, "choice.json"), jsonText(written, 1));

  const { orientations } = choice;
  const logged = { ...experiment, config: { ...config, out: folder } };
  const open = async (images: readonly Uint8Array[], set: string, name?: string) =>
    await openOnce(logged, {
      name: honestName,
      configuration: testedConfiguration(model, choice),
    }, {
      ...{ set, name },
      answer: () =>
        predictImages(model, images, { orientations, label: `Honest model on ${name ?? "the test"}` }),
    });
  const rowsOf = (photos: readonly number[], probabilities: Float32Array): AnsweredRows => ({
    truth: photos.map((row) => samples[row].label),
    probabilities,
    groups: photos.map((row) => `${parts.groupOf[row]}`),
    classes: classes.length,
  });
  const label = "Honest model on validation";
  const validation = await answerPhotos(experiment, model, parts.validation, { orientations, label });
  const { images } = experiment;
  const set = digestOfImages({
    pixelDigests: parts.test.map((row) => images.pixelDigests[row]),
    labels: parts.test.map((row) => samples[row].label),
  });
  const own = rowsOf(parts.test, await open(parts.test.map((row) => photoOf(images, row)), set));
  return {
    own: { photos: parts.test, rows: own, scores: honestScores(own, config) },
    validation: { photos: parts.validation, rows: rowsOf(parts.validation, validation) },
    official: await openOfficial(),
  };

  async function openOfficial(): Promise<OfficialHonest | null> {
    const opened = await openOfficialImages(experiment);
    if (opened === null) return null;
    const { set, kept, images } = opened;
    const { title, labels, lesions } = images;
    const pixels = labels.map((_, i) => photoOf({ ...images, size: config.size }, i));
    const rows: AnsweredRows = {
      ...{ truth: labels, groups: lesions, classes: classes.length },
      probabilities: await open(pixels, digestOfImages(images), title),
    };
    const near = new Set(related.official.map(({ official }) => official));
    const others = [...kept.keys()].filter((i) => !near.has(kept[i].imageId));
    return {
      ...{ title, rows, imageIds: kept.map(({ imageId }) => imageId), scores: honestScores(rows, config) },
      unrelated: others.length === kept.length || others.length === 0
        ? null
        : honestScores(pickRows(rows, others), config),
      control: set.sameForm && await controlForm(set.sameForm, opened.load),
    };
  }

  async function controlForm(found: ReadonlyMap<string, string>, load: OfficialImages["load"]) {
    const pathOf = (row: number) => found.get(samples[row].imageId);
    const { photos, inForm } = await loadReadable(parts.test, pathOf, load);
    if (!inForm) return null;
    const { pixelDigests } = inForm;
    const set = digestOfImages({ pixelDigests, labels: photos.map((row) => samples[row].label) });
    const after = rowsOf(
      photos,
      await open(photos.map((_, i) => photoOf(inForm, i)), set, "the control in the official set's form"),
    );
    const places = new Map(parts.test.map((row, i) => [row, i]));
    const before = pickRows(own, photos.map((row) => places.get(row)!));
    return { photos: photos.length, ...formControl(before, after, config) };
  }
}

/** All metrics of photos that are counted independently. */
export function honestScores(rows: AnsweredRows, { seed }: { seed: number }): HonestScores {
  const { truth, probabilities, classes } = rows;
  return { ...measureSet(rows, { seed }), macroAuc: macroAuc(truth, probabilities, classes) };
}
