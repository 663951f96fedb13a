/**
 * What a reader who opens one page must learn: the claim, what came out, why the test leaks, what it cost. Made of the
 * run's own files, for the summary and for the site's first page.
 */
import {
  describeAllImages,
  describeLadder,
  describeOptimizers,
  describeScaling,
  describeSizes,
} from "../../experiment/study_texts.ts";
import { ladderFigure } from "../../figures/cost.ts";
import type { Figure } from "../../figures/figure.ts";
import { percent, points, thousands } from "../../support/format.ts";
import { leakageBars } from "../../figures/class_bars.ts";
import { table } from "../../figures/table.ts";
import { sizeText } from "../../image_size.ts";
import { durationText } from "../../support/pace.ts";
import { findStop } from "../../support/notebook/stop_notice.ts";
import { titleOf } from "./notebook_text.ts";
import { resultFigure } from "./result_figure.ts";
import { asWrittenRun, deeperRun, intervalOf, type ResultRun, type Results } from "./results.ts";
import { furtherNotebook, type RunFolder, type Studies } from "./run_folder.ts";

export interface Section {
  title: string;
  /** Markdown, without the title. */
  text: string;
  /** Drawn under the text on the site's first page, at any width in pixels. */
  figure?: (size?: { width: number }) => Figure;
}

/** The sections in reading order; a run that stopped before its results has the last alone. */
export function makeSections(run: RunFolder): Section[] {
  const { results } = run;
  if (!results) return [notebooksSection(run)];
  return [
    claimSection(run, results),
    resultSection(results),
    ...(results.leakage?.against9600?.length ? [leakageSection(results)] : []),
    ...(run.studies ? [furtherSection(run.studies, results)] : []),
    costSection(run, results),
    notebooksSection(run),
  ];
}

/** Warnings that belong above everything else, plain text: stand-in data, random weights, other photos, no results. */
export function warningsOf({ results, configuration }: RunFolder): string[] {
  if (!results) {
    return ["This run has no results yet: it stopped before its last notebook, or is still running."];
  }
  const isOwn = Boolean(configuration.columns || configuration.classes);
  return [
    ...(results.synthetic
      ? ["SYNTHETIC stand-in data: the images are drawn. No number here says anything about skin."]
      : []),
    ...(results.weights === "random"
      ? ["SEEDED RANDOM weights: the network has not been trained on ImageNet, as the write-up's has."]
      : []),
    ...(isOwn
      ? ["These are not the write-up's photos: the difference to its number says nothing about its claim."]
      : []),
  ];
}

function claimSection({ configuration }: RunFolder, { claimed, counts, synthetic }: Results): Section {
  const isOwn = Boolean(configuration.columns || configuration.classes);
  return {
    title: "What was claimed",
    text:
      `The write-up “${
        claimed.title ?? "the write-up"
      }” takes VGG16, a network trained on everyday photos, puts a new ` +
      `last layer on it, and reports that it tells the seven diagnoses of HAM10000 apart with an accuracy of ` +
      `**${percent(claimed.accuracy)}** on its test images. ${
        isOwn ? "Its steps are repeated here on other photos" : "Its steps are repeated here as it wrote them"
      }: ${thousands(counts.images)} ${synthetic ? "drawn images" : "photos"}, augmented to ${
        thousands(counts.augmented)
      } images, divided into ${thousands(counts.train)} to train on and ${
        thousands(counts.test)
      } to test on; ${thousands(counts.subset)} of the former are used.`,
  };
}

function resultSection(results: Results): Section {
  const [frozen, deeper] = [asWrittenRun(results), deeperRun(results)];
  const rows = [...results.runs, ...results.baselines];
  const hasIntervals = rows.some((run) => intervalOf(results, run));
  const shown = table(rows, [
    { value: (run) => nameOf(run, { frozen, deeper }), title: "what was trained" },
    { value: (run) => run.train.accuracy, title: "train", format: percent },
    { value: (run) => run.validation.accuracy, title: "validation", format: percent },
    {
      value: (run) => run.test.accuracy,
      title: "test",
      format: percent,
      best: "max",
      ...hasIntervals && { spread: { title: "95 % interval", of: (run) => intervalOf(results, run) } },
    },
    { value: (run) => run.test.macroF1, title: "test F1 (macro)", format: percent, best: "max" },
  ], { synthetic: results.synthetic });
  return {
    title: "What we got",
    text: [
      [frozen && frozenText(results, frozen), deeper && deeperText(results, deeper)].filter(Boolean).join(
        " ",
      ),
      baselinesText(results),
      shown.markdown,
      "The best test number is bold. F1 (macro) is its mean over the diagnoses. Intervals draw whole lesions with replacement, since photos of one lesion are " +
      "no independent witnesses.",
    ].filter(Boolean).join("\n\n"),
    figure: asWrittenRun(results) ? (size) => resultFigure(results, size)! : undefined,
  };
}

function frozenText(results: Results, run: ResultRun): string {
  const interval = intervalOf(results, run);
  const behind = results.claimed.accuracy - run.test.accuracy;
  return `With the network as it came and only the last layer trained${
    run.optimizer ? ` (${run.optimizer})` : ""
  }, ` +
    `**${percent(run.test.accuracy)}** of ${thousands(run.test.n)} test images are answered rightly` +
    `${interval ? ` (95 % interval ${percent(interval.low)} to ${percent(interval.high)})` : ""}: ` +
    `${points(Math.abs(behind), 1)} points ${behind >= 0 ? "less" : "more"} than claimed.`;
}

function deeperText(results: Results, run: ResultRun): string {
  const behind = results.claimed.accuracy - run.test.accuracy;
  return `Where the network itself is trained too, from ${run.depth} on, it is **${
    percent(run.test.accuracy)
  }**, ` +
    `${points(Math.abs(behind), 1)} points ${behind >= 0 ? "below" : "above"} the claim.`;
}

function baselinesText({ baselines }: Results): string {
  if (baselines.length === 0) return "";
  const said = baselines.map(({ name, test }) => `${name}, ${percent(test.accuracy)}`).join("; ");
  return `For comparison, without any network: ${said}.`;
}

function leakageSection(results: Results): Section {
  const rows = results.leakage!.against9600!;
  const all = rows.at(-1)!;
  const trained = results.counts.subsetTrain;
  const shown = table(rows, [
    { value: "dx", title: "diagnosis" },
    { value: "images", title: "test images" },
    { value: "copyShare", title: "their photo is trained on", format: percent },
    { value: "lesionShare", title: "their lesion is trained on", format: percent },
  ], { synthetic: results.synthetic });
  return {
    title: "Why the test leaks",
    text: [
      "The write-up first makes changed copies of the photos, turned, zoomed, shifted, mirrored, and divides into training " +
      "and test afterwards. So copies of one photo land on both sides: " +
      `**${percent(all.copyShare)}** of the test images have a copy among the ${
        trained ? `${thousands(trained)} ` : ""
      }images trained on, and of **${
        percent(all.lesionShare)
      }** the lesion was seen. Such a test measures in good part ` +
      "how well a picture is recognised again. It also holds each diagnosis about equally often, which no clinic does. " +
      "Neither the claimed number nor ours is an accuracy on new patients.",
      shown.markdown,
    ].join("\n\n"),
    figure: (size) => leakageBars(rows, { synthetic: results.synthetic, ...size }),
  };
}

function furtherSection(studies: Studies, { claimed, synthetic }: Results): Section {
  const { ladder, scaling, imageSizes, optimizers, allImages } = studies;
  return {
    title: "What the write-up left as future work",
    text: [
      "Notebook 6 does what the write-up only wishes for. All but the last is compared on validation, which leaks as the test does: " +
      "the numbers compare recipes with one another and say nothing about patients.",
      `**More trainable layers**, at ${
        sizeText(ladder[0].size)
      } pixels, and beside them the recipe of the result above:`,
      describeLadder(ladder, claimed.accuracy),
      "**Pixels divided by 255**, as the write-up has them:",
      describeScaling(scaling),
      `**The optimizers**, each at its own best learning rate, on the frozen network. ${
        describeOptimizers(optimizers)
      }`,
      "**Larger images:**",
      describeSizes(imageSizes),
      `**More images.** ${describeAllImages(allImages)}`,
    ].join("\n\n"),
    figure: (size) => ladderFigure(ladder, { claimed: claimed.accuracy, synthetic, ...size }),
  };
}

function costSection({ timings, notebooks, studies }: RunFolder, results: Results): Section {
  const known = notebooks.filter(({ name }) => name in timings && name !== furtherNotebook);
  const rows = [
    ...known.map(({ notebook, name }) => ({ what: titleOf(notebook, name), seconds: timings[name] })),
    ...timings.earlierTraining > 0
      ? [{
        what: `Training from ${deeperRun(results)?.depth} on, in earlier sittings`,
        seconds: timings.earlierTraining,
      }]
      : [],
  ];
  const { engine, counts } = results;
  const machine = [
    engine?.threads && `${engine.threads} threads of a CPU`,
    engine?.name && `${engine.name}${engine.tensorflow ? ` on TensorFlow ${engine.tensorflow}` : ""}`,
  ].filter(Boolean).join(", ");
  const shown = table(rows, [
    { value: "what", title: "notebook" },
    { value: "seconds", title: "time", format: (value) => durationText(Math.round(Number(value))) },
  ]);
  return {
    title: "What it cost",
    text: known.length === 0 ? "The run has not kept its times." : [
      `All of it, from ${thousands(counts.images)} ${
        results.synthetic ? "drawn images" : "photos"
      } to this page's numbers, took **${durationText(totalSeconds({ timings, notebooks }))}**${
        machine ? ` on ${machine}` : ""
      }. Other work that an earlier run had stored is not computed again, nor counted.`,
      shown.markdown,
      studies ? furtherCost(studies) : "",
    ].filter(Boolean).join("\n\n"),
  };
}

/** The studies' deep trainings, each counted once. */
function furtherCost({ ladder, scaling, deepOptimizers, imageSizes, allImages }: Studies): string {
  const runs = [...ladder, ...scaling, ...deepOptimizers, ...imageSizes, ...allImages];
  const minutes = new Map(runs.map((run) => [run.configuration, run.minutes]));
  const seconds = 60 * [...minutes.values()].reduce((sum, value) => sum + value, 0);
  return `Notebook 6 compares ${minutes.size} trainings, that of the result above among them. They took ${
    durationText(Math.round(seconds))
  } in all, in sittings of their own: their minutes are those of the day, with whatever else the machine had to do.`;
}

/** The five notebooks, and the training that was done before they ran. */
export function totalSeconds({ timings, notebooks }: Pick<RunFolder, "timings" | "notebooks">): number {
  return notebooks.filter(({ name }) => name !== furtherNotebook)
    .reduce((sum, { name }) => sum + (timings[name] ?? 0), timings.earlierTraining ?? 0);
}

function notebooksSection({ notebooks }: RunFolder): Section {
  const lines = notebooks.map(({ name, notebook }) => {
    const stop = findStop(notebook);
    return `- [${titleOf(notebook, name)}](${name}.ipynb)${stop ? ", **which did not run to its end**" : ""}`;
  });
  return { title: "The notebooks", text: lines.join("\n") };
}

function nameOf(run: ResultRun, marked: { frozen: ResultRun | null; deeper: ResultRun | null }): string {
  if (run === marked.frozen) return `${run.name} (the result as written)`;
  return run === marked.deeper ? `${run.name} (the best on validation)` : run.name;
}
