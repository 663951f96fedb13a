/** Facts that the model card and the checklists share: the honest model's origin, and its numbers in words. Markdown. */
import type { DiagnosisClass } from "../../data/diagnosis.ts";
import type { Measured } from "../../evaluation/intervals.ts";
import type { SetScores } from "../../evaluation/set_scores.ts";
import type { ImageSize } from "../../image_size.ts";
import { convolutions, inputLength, parameterCount, trainedLayers } from "../../model/vgg16.ts";
import type { Vgg16Weights } from "../../model/weights.ts";
import { stageOf } from "../../recipe.ts";
import {
  countText,
  escapeMarkdown,
  intervalText,
  percent,
  sampleText,
  thousands,
} from "../../support/format.ts";
import { packageVersions } from "../../support/versions.ts";
import { type Opening, testedBefore } from "../openings.ts";
import { courseOf, honestPlan, honestStage, testedConfiguration } from "./choice.ts";
import type { HonestResults } from "./results.ts";
import type { HonestSelection } from "./selection.ts";

/** File names in the model's folder. A published report writes both in lower case. */
export const cardFile = "MODEL_CARD.md";
export const checklistsFile = "CHECKLISTS.md";

/** What a reader must know about a run besides its numbers. Plain values. */
export interface HonestAbout {
  readonly classes: readonly DiagnosisClass[];
  /** Whether the photos come from the user's own table, not HAM10000. */
  readonly own: boolean;
  /** Numbers of photos and lesions in the table; `lesions` is null if it names none. */
  readonly photos: number;
  readonly lesions: number | null;
  /** Lesions by how their diagnosis was confirmed (`dx_type` of the first photo), the commonest way first. */
  readonly confirmed: readonly { readonly how: string; readonly lesions: number }[];
  /** Photos that were left out because they cannot be decoded. */
  readonly skipped: number;
  readonly size: ImageSize;
  /** Seed of the parts and of the intervals. Each network has one of `seeds`. */
  readonly seed: number;
  readonly seeds: readonly number[];
  /** Weights that the training started from. */
  readonly base: Pick<Vgg16Weights, "source" | "digest">;
  /** Digest of the table and of every photo. */
  readonly dataDigest: string;
  readonly versions: Readonly<Record<string, string>>;
  /** How many other networks had been tested on the same tests in this run's folder before this one. */
  readonly testedBefore: number;
}

/** @param openings of the honest models' tests */
export function aboutHonest(
  { experiment, model, choice }: HonestSelection,
  openings: readonly Opening[],
): HonestAbout {
  const { config, source, weights, dataDigest } = experiment;
  const { samples, classes, own, knowsLesions, skipped } = source;
  const lesions = new Map(samples.toReversed().map(({ lesionId, dxType }) => [lesionId, dxType]));
  const confirmed = [...Map.groupBy(lesions.values(), (how) => how)]
    .map(([how, own]) => ({ how, lesions: own.length }))
    .toSorted((a, b) => b.lesions - a.lesions);
  return {
    ...{ classes, own, dataDigest, size: model.size, versions: packageVersions() },
    photos: samples.length,
    lesions: knowsLesions ? lesions.size : null,
    confirmed,
    skipped: skipped?.length ?? 0,
    ...{ seed: config.seed, seeds: honestPlan(config).seeds },
    base: { source: weights.source, digest: weights.digest },
    testedBefore: testedBefore(openings, testedConfiguration(model, choice)),
  };
}

/** A number with its interval: `0.819 (0.776 to 0.860)`. @param write formats each number */
export function withInterval({ value, low, high }: Measured, write: (value: number) => string): string {
  return `${write(value)} (${write(low)} to ${write(high)})`;
}

/** Balanced accuracy with its interval, n and the baseline to beat. */
export function scoreText({ balancedAccuracy, intervals, n, baseline }: SetScores): string {
  return `a balanced accuracy of ${percent(balancedAccuracy)} (95 % interval ${
    intervalText(intervals.balancedAccuracy)
  }; ${sampleText(n)}; always one answer: ${percent(baseline.balancedAccuracy)})`;
}

/** Number of other photos of the test's lesions. They are in no part. */
export function relativesOf({ photos, own }: HonestResults, about: Pick<HonestAbout, "photos">): number {
  return about.photos - photos.train - photos.validation - own.n;
}

const confirmedBy: Record<string, string> = {
  histo: "histopathology",
  follow_up: "follow-up",
  consensus: "experts' consensus",
  confocal: "confocal microscopy",
};

/** How diagnoses were confirmed. */
export function confirmedText({ own, confirmed }: Pick<HonestAbout, "own" | "confirmed">): string {
  if (own) return "As given in the user's own table";
  const all = confirmed.reduce((sum, { lesions }) => sum + lesions, 0);
  const shares = confirmed.map(({ how, lesions }) =>
    `${confirmedBy[how] ?? how} (${percent(lesions / all)})`
  );
  return `By ${shares.join(", ")} of the lesions, as the table says for each photo`;
}

/** How many photos each part has, in words. */
export function partsText(results: HonestResults, about: HonestAbout): string {
  const { train, validation, validationGroups } = results.photos;
  return `Of ${thousands(about.photos)} photos ${thousands(train)} are for training, ${
    thousands(validation)
  } (${thousands(validationGroups)} groups) for validation and ${
    thousands(results.own.n)
  } (one of each lesion) for the test; the other ${
    thousands(relativesOf(results, about))
  } photos of the test's lesions are not used`;
}

/** Numbers of trained parameters and of all. */
export function parametersOf(
  { choice }: HonestResults,
  { size, classes }: Pick<HonestAbout, "size" | "classes">,
): { trained: number; all: number } {
  const softmax = (inputLength("head", size) + 1) * classes.length;
  return {
    trained: parameterCount(trainedLayers(choice.depth)) + softmax,
    all: parameterCount(convolutions) + softmax,
  };
}

/** How a network is trained, in a sentence. */
export function trainingText({ choice }: HonestResults): string {
  const { optimizer, learningRate, schedule, warmUpEpochs, epochs, batchSize, dropout, emaMomentum } =
    stageOf(honestStage(choice));
  const [first, ...others] = courseOf(choice);
  const thens = others.map(({ epochs, size }) => `then ${epochs} at ${size} × ${size} with a new softmax`);
  return [
    others.length > 0
      ? [`${first.epochs} epochs of ${optimizer} at ${first.size} × ${first.size} pixels`, ...thens].join(
        ", ",
      )
      : `${epochs} epochs of ${optimizer}`,
    `a learning rate of at most ${learningRate} (${schedule}, rising for ${warmUpEpochs} epochs)`,
    `${batchSize} photos a step`,
    `dropout ${dropout} before the softmax`,
    choice.balancedSoftmax ? "balanced softmax loss" : "cross-entropy loss",
    choice.weights === "average"
      ? `the moving average of the weights counts (momentum ${emaMomentum})`
      : "the weights after the last step count",
  ].join("; ");
}

/** How photos are changed during training, in a sentence. */
export function drawingText({ choice: { shape, light, balance, before } }: HonestResults): string {
  const kinds = [
    ...shape
      ? [
        `turned by up to ${shape.rotation}°, zoomed by ${shape.zoom.join(" to ")}, moved by up to ${
          percent(Math.max(shape.widthShift, shape.heightShift), 0)
        } of the sides`,
        ...shape.horizontalFlip || shape.verticalFlip ? ["mirrored"] : [],
      ]
      : [],
    ...light ? ["under another light"] : [],
    ...balance > 0 ? ["rare classes more often than they occur"] : [],
  ];
  const photos = before ? "In the last of these trainings photos" : "Photos";
  return kinds.length === 0
    ? `${photos} are shown as they are`
    : `${photos} are drawn anew each time: ${kinds.join(", ")}`;
}

/** How the plan itself came about. */
export const planText =
  "This plan was itself changed five times after looking at HAM10000's validation results, before this model answered a test " +
  "photo. So validation's numbers are a little too good (docs/METHOD.md).";

/** Which changes validation kept and which it did not. */
export function choiceText({ steps }: HonestResults): string {
  const labels = (kept: boolean) =>
    steps.slice(1).filter(({ stays }) => stays === kept).map(({ label }) => escapeMarkdown(label));
  const of = (kept: boolean) => labels(kept).join("; ") || "none";
  return `${countText(steps.length - 1, "change")} ${
    steps.length === 2 ? "was" : "were"
  } tried in turn. Kept, because they clearly lower the validation loss: ${of(true)}. Not kept: ${of(false)}`;
}

export function markdownList(...items: string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** A Markdown table that lines up as plain text too. Cells are Markdown already. @param right indices of columns with numbers */
export function alignedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { right = [] }: { right?: readonly number[] } = {},
): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replace(/(?<!\\)\|/g, "\\|")));
  const widths = head.map((_, i) => Math.max(3, ...cells.map((row) => [...row[i]].length)));
  const pad = (cell: string, i: number) => {
    const space = " ".repeat(widths[i] - [...cell].length);
    return right.includes(i) ? space + cell : cell + space;
  };
  const rule = widths.map((width, i) =>
    right.includes(i) ? `${"-".repeat(width - 1)}:` : `:${"-".repeat(width - 1)}`
  );
  const [first, ...others] = cells.map((row) => row.map(pad));
  return [first, rule, ...others].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
