/** Tables of notebook 7. */
import type { BridgeRow } from "../experiment/leakage/bridge.ts";
import type { Measured } from "../evaluation/intervals.ts";
import type { LeakEffect } from "../experiment/leakage/effects.ts";
import type { LeakNetwork } from "../experiment/leakage/networks.ts";
import type { OfficialRow } from "../experiment/leakage/results.ts";
import { partRows, trainedText } from "../experiment/leakage/texts.ts";
import type { TrainingList } from "../data/crossover.ts";
import type { LeakFreeParts } from "../data/leak_free_parts.ts";
import type { Depth } from "../recipe.ts";
import { differenceText, percent } from "../support/format.ts";
import { type Column, type Table, table } from "./table.ts";

interface Options {
  synthetic: boolean;
}

/** Photos in each part. @param options.chooses whether validation chooses something. Default: false */
export function leakFreePartTable(
  parts: LeakFreeParts,
  { chooses = false, ...options }: Options & { chooses?: boolean },
): Table {
  return table(partRows(parts, { chooses }), [
    { value: "part", title: "part" },
    { value: "photos", title: "photos" },
    { value: "use", title: "" },
  ], { caption: "Photos by part; groups stay together, and each class is divided separately", ...options });
}

/** What the networks of one partition learn from. The numbers must be equal, except for those of leaked images. */
export function trainingListTable(
  lists: readonly TrainingList[],
  parts: LeakFreeParts,
  options: Options,
): Table {
  const tested = new Set([...parts.test, ...parts.relatives]);
  const rows = lists.map(({ rung, half, images }) => ({
    ...{ rung, half: half ?? "–", images: images.length },
    photos: new Set(images.map(({ row }) => row)).size,
    leaked: images.filter(({ row }) => tested.has(row)).length,
  }));
  return table(rows, [
    { value: "rung", title: "what leaks" },
    { value: "half", title: "half" },
    { value: "images", title: "images" },
    { value: "photos", title: "photos" },
    { value: "leaked", title: "images of test lesions" },
  ], { caption: "Training lists: copies only", ...options });
}

/** A column for the depth, if a table has networks of several depths. */
function depthColumn<Row extends { depth: Depth }>(rows: readonly Row[]): Column<Row>[] {
  return new Set(rows.map(({ depth }) => depth)).size > 1
    ? [{ value: ({ depth }) => trainedText(depth), title: "trained" }]
    : [];
}

/** The effect of each kind of leak by class, and over all. @param options.codes of the classes, in label order */
export function leakEffectTable(
  effects: readonly LeakEffect[],
  { codes, ...options }: Options & { codes: readonly string[] },
): Table {
  const rows = effects.flatMap((all) => [
    ...all.perClass.flatMap((own, label) =>
      own ? [{ kind: all.kind, depth: all.depth, dx: codes[label], ...own }] : []
    ),
    { ...all, dx: "all classes", photos: all.reached },
  ]);
  const share = (of: (row: typeof rows[number]) => Measured) => (row: typeof rows[number]) => of(row).value;
  return table(rows, [
    { value: "kind", title: "leak" },
    ...depthColumn(rows),
    { value: "dx", title: "diagnosis" },
    { value: "photos", title: "test photos" },
    { value: share(({ unseen }) => unseen), title: "recall, unseen", format: percent },
    { value: share(({ seen }) => seen), title: "recall, seen", format: percent },
    {
      value: ({ effect }) => differenceText(effect),
      title: "what the leak adds, points (95 % interval)",
      align: "right",
    },
  ], { caption: "The same photos, by networks that have and have not seen them", ...options });
}

/** Scores on the own test and the official test set: one row per kind of network, the mean over its networks. */
export function leakNetworkTable(networks: readonly LeakNetwork[], options: Options): Table {
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const kinds = Map.groupBy(networks, ({ rung, depth }) => `${depth} ${rung}`);
  const rows = [...kinds.values()].map((own) => ({
    ...{ rung: own[0].rung, depth: own[0].depth },
    networks: own.length,
    own: mean(own.map(({ own }) => own.balancedAccuracy)),
    auc: mean(own.map(({ own }) => own.macroAuc)),
    official: own.every(({ official }) => official)
      ? mean(own.map(({ official }) => official!.balancedAccuracy))
      : null,
  }));
  return table(rows, [
    { value: "rung", title: "what leaks" },
    ...depthColumn(rows),
    { value: "networks", title: "networks" },
    { value: "own", title: "own test, balanced accuracy", format: percent },
    { value: "auc", title: "AUC (macro)" },
    { value: "official", title: "official test set, balanced accuracy", format: percent },
  ], { caption: "Means over the networks; what leaks is of one half of the test", ...options });
}

/** Scores on the official test set by what has leaked. */
export function officialLeakTable(rows: readonly OfficialRow[], options: Options): Table {
  return table(rows, [
    { value: "label", title: "what leaks" },
    ...depthColumn(rows),
    { value: "networks", title: "networks" },
    {
      ...shareColumn("balanced accuracy", ({ score }) => score.value),
      spread: { title: "95 % interval", of: ({ score }) => score },
    },
    ...rows.some(({ unrelated }) => unrelated)
      ? [shareColumn("… without near-duplicates", ({ unrelated }) => unrelated?.value)]
      : [],
    {
      value: ({ gain }) => gain && differenceText(gain),
      title: "the leak adds, points (95 % interval)",
      align: "right",
    },
  ], { caption: "The official test set, answers pooled", ...options });
}

/** What the official set's form changes: own test photos as they are and in that form. Null if no row has a control. */
export function leakControlTable(all: readonly OfficialRow[], options: Options): Table | null {
  const rows = all.filter(({ control }) => control);
  if (rows.length === 0) return null;
  return table(rows, [
    { value: "label", title: "what leaks" },
    ...depthColumn(rows),
    { value: ({ control }) => control!.photos, title: "photos" },
    shareColumn("as they are", ({ control }) => control!.asTheyAre.value),
    shareColumn("in the set's form", ({ control }) => control!.sameForm.value),
    {
      value: ({ control }) => differenceText(control!.change),
      title: "the form changes, points (95 % interval)",
      align: "right",
    },
  ], {
    caption: "Control: own test photos, one of each group, in the official set's form; balanced accuracy",
    ...options,
  });
}

function shareColumn(
  title: string,
  value: (row: OfficialRow) => number | undefined,
): Column<OfficialRow> {
  return { value, title, format: percent };
}

/** Networks trained and tested on originals as written and on copies only. @param options.label and `code` of the commonest class */
export function bridgeTable(
  rows: readonly BridgeRow[],
  { label, code, ...options }: Options & { label: number; code: string },
): Table {
  return table(rows, [
    { value: "trained", title: "trained on" },
    { value: "tested", title: "tested on" },
    { value: "n", title: "n" },
    {
      value: "accuracy",
      title: "accuracy",
      format: percent,
      spread: { title: "95 % interval", of: ({ interval }) => interval },
    },
    { value: ({ recall }) => recall[label], title: `recall of ${code}`, format: percent },
  ], {
    caption:
      "The write-up's numbers, divided before the augmentation; originals: as written, photos and the copies that fill up a class",
    ...options,
  });
}
