/** The result of `deno task evaluate` as text, JSON and an HTML page. No photo is shown. */
import { classificationReport } from "../evaluation/classification_report.ts";
import { type SetScores, widthlessText } from "../evaluation/set_scores.ts";
import { describeSet } from "../experiment/labelled_set.ts";
import type { ModelEvaluation } from "../experiment/model_evaluation.ts";
import { type Table, table } from "../figures/table.ts";
import { medicalNotice, warningsOf } from "../model/saved_model.ts";
import {
  countText,
  decimals,
  escapeMarkup,
  firstOf,
  percent,
  sampleText,
  thousands,
} from "../support/format.ts";
import { describeModel } from "./classify.ts";
import { framed, plainPage } from "./plain_page.ts";
import { jsonText } from "../support/json.ts";

interface Section {
  readonly title: string;
  /** Plain sentences. */
  readonly lines: readonly string[];
  readonly tables: readonly Table[];
  /** scikit-learn's report, for a terminal only: the page's table of classes has the same numbers with intervals. */
  readonly report?: string;
}

/** Text for a terminal. */
export function evaluationText(evaluation: ModelEvaluation): string {
  return sectionsOf(evaluation).flatMap(({ title, lines, tables, report }) => [
    [title, "─".repeat(title.length), ...lines].join("\n"),
    ...tables.map(({ text }) => text),
    ...report ? [report.trimEnd()] : [],
  ]).join("\n\n") + "\n";
}

/** JSON with every number, the medical notice and warnings. */
export function evaluationJson(evaluation: ModelEvaluation): string {
  const warnings = warningsOf(evaluation.model.provenance);
  return jsonText({ notice: medicalNotice, warnings, ...evaluation });
}

/** A page for a browser. */
export function evaluationHtml(evaluation: ModelEvaluation): string {
  const notes = [medicalNotice, ...warningsOf(evaluation.model.provenance)];
  const paragraphs = (lines: readonly string[], kind = "") =>
    lines.map((line) => `<p${kind}>${escapeMarkup(line)}</p>`);
  const sections = sectionsOf(evaluation).flatMap(({ title, lines, tables }) => [
    `<h2>${escapeMarkup(title)}</h2>`,
    ...paragraphs(lines),
    ...tables.map(framed),
  ]);
  const body = [...paragraphs(notes, ' class="note" role="note"'), ...sections].join("\n");
  return plainPage(`A model, tested on ${evaluation.set.name}`, body, {
    ...{ width: 62, style: ".note{border-left:.3rem solid #c60;padding-left:.8rem}" },
  });
}

function sectionsOf(evaluation: ModelEvaluation): Section[] {
  const { model, orientations, set, shared, all, unseen } = evaluation;
  return [
    {
      title: "What was tested",
      lines: [
        `The model: ${describeModel(model)}.`,
        ...orientations === 8 ? ["Each answer is the mean of the eight orientations of the photo."] : [],
        ...describeSet(set, set),
        ...set.damaged.length > 0
          ? [
            `Cannot be decoded, so left out: ${countText(set.damaged.length, "photo")}, ${
              firstOf(set.damaged)
            }.`,
          ]
          : [],
        ...sharedLines(evaluation),
      ],
      tables: [],
    },
    scoresSection(`All ${countText(set.photos, "photo")}`, all, evaluation),
    ...unseen && shared
      ? [
        scoresSection(
          `The ${countText(unseen.n, "photo")} that share nothing with training`,
          unseen,
          evaluation,
        ),
      ]
      : [],
  ];
}

/** Says what the set shares with training. */
function sharedLines({ shared, nearDuplicates, set: { photos } }: ModelEvaluation): string[] {
  if (shared === null) {
    return [
      "It is not known whether the model was trained on some of these photos: an older version saved it, without digests of its " +
      "training photos. Train again to know.",
    ];
  }
  const lesions = shared.lesions === null
    ? "whether lesions are shared is not known, as one of the tables names none"
    : `${countText(shared.lesions, "photo")} of a lesion whose name is in training's table, too`;
  return [
    `The model was trained on ${
      shared.photos === 0 ? "none" : thousands(shared.photos)
    } of these photos, by the bytes of their files; ` +
    `${lesions}.`,
    ...nearLines(nearDuplicates),
    ...shared.either === 0
      ? []
      : shared.either === photos
      ? ["So no photo is left that it has not learned from: these numbers say how well it remembers."]
      : ["It may remember them, so the numbers on the rest alone are below."],
  ];
}

/** Says which photos are near-duplicates of training photos. */
function nearLines(near: ModelEvaluation["nearDuplicates"]): string[] {
  if (near === null) {
    return [
      "Near-duplicates of the photos that it was trained on (turned, mirrored, cropped a little, saved again) were not looked for: " +
      "--training-photos with the folder of these photos looks for them.",
    ];
  }
  const { pairs, found, trained } = near;
  const photos = new Set(pairs.map(({ photo }) => photo)).size;
  const named = pairs.map((pair) => `${pair.photo} of ${pair.trained}`);
  return [
    `By their pixels, ${
      photos === 0
        ? "no other photo is"
        : photos === 1
        ? "1 other photo is"
        : `${thousands(photos)} other photos are`
    } ` +
    `nearly one that it was trained on (turned, mirrored, cropped a little, saved again)${
      named.length > 0 ? `: ${firstOf(named)}` : ""
    }.`,
    ...found < trained
      ? [
        `Of the ${countText(trained, "photo")} that it was trained on only ${thousands(found)} ${
          found === 1 ? "was" : "were"
        } found in the folder, so that near-duplicates of the others are not known.`,
      ]
      : [],
  ];
}

function scoresSection(title: string, scores: SetScores, { model, set }: ModelEvaluation): Section {
  const { intervals, baseline, perClass, confusion, notes, n, groups } = scores;
  const { synthetic } = model.provenance;
  const codes = model.classes.map(({ code }) => code);
  const commonest = codes[baseline.label];
  const names = {
    accuracy: "accuracy",
    balancedAccuracy: "balanced accuracy",
    macroPrecision: "precision (macro)",
    macroRecall: "recall (macro)",
    macroF1: "F1 (macro)",
    loss: "loss (nats)",
  } as const;
  const keys = Object.keys(names) as (keyof typeof names)[];
  const write = (key: keyof typeof names) => key === "loss" ? decimals : percent;
  const rows = keys.map((key) => ({
    metric: names[key],
    value: write(key)(scores[key]),
    interval: `${write(key)(intervals[key].low)} to ${write(key)(intervals[key].high)}`,
    baseline: write(key)(baseline[key]),
  }));
  const classRows = perClass.map((metrics, label) => ({
    ...metrics,
    label,
    spreads: intervals.perClass[label],
  }));
  const share = (key: "precision" | "recall" | "f1", title: string) => ({
    ...{ title, format: percent, value: key },
    spread: { title: "95 % interval", of: ({ spreads }: (typeof classRows)[number]) => spreads?.[key] },
  });
  return {
    title,
    lines: [
      `Intervals: 2,000 bootstrap samples of ${
        countText(groups, set.knowsLesions ? "lesion" : "photo")
      }; for means over the classes and for single classes, samples are drawn within each class.`,
      ...widthlessText(scores, codes),
      ...notes.map((note) => note.replace(/^Class (\d+)/, (_, label) => `Class ${codes[label]}`)),
    ],
    tables: [
      table(rows, [
        { value: "metric", title: "metric" },
        { value: "value", title: "model", align: "right" },
        { value: "interval", title: "95 % interval", align: "right" },
        { value: "baseline", title: `always ${commonest}`, align: "right" },
      ], { caption: sampleText(n), synthetic }),
      table(classRows, [
        { value: ({ label }) => codes[label], title: "class" },
        { value: "support", title: "n" },
        share("precision", "precision"),
        share("recall", "recall"),
        share("f1", "F1"),
        { value: ({ label }) => model.classes[label].name, title: "name" },
      ], { caption: "Each class", synthetic }),
      table(confusion.map((counts, label) => ({ counts, label })), [
        { value: ({ label }) => codes[label], title: "true" },
        ...codes.map((code, label) => ({
          ...{ title: code, align: "right" as const },
          value: ({ counts }: { counts: readonly number[] }) => counts[label],
        })),
      ], { caption: "Confusion matrix: rows are true classes, columns the model's answers", synthetic }),
    ],
    report: classificationReport(scores, codes),
  };
}
