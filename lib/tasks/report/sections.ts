/**
 * The sections of `summary.md` and of the site's first page: the claim, the results, why the test leaks, what it cost. They are
 * made from the run's own files.
 */
import { protocolText } from "../../config.ts";
import { claimOf, conclusion, resultRows } from "../../experiment/conclusion.ts";
import { describeOpenings } from "../../experiment/openings.ts";
import { asWrittenResult, deeperResult, type Result, type Results } from "../../experiment/results.ts";
import {
  describeAllImages,
  describeLadder,
  describeOptimizers,
  describeScaling,
  describeSizes,
} from "../../experiment/study_texts.ts";
import { describeBridge, describeEffects, describeOfficialGains } from "../../experiment/leakage/texts.ts";
import type { LeakFreeResults } from "../../experiment/leakage/results.ts";
import { claimBars } from "../../figures/claim.ts";
import { leakageBars } from "../../figures/class_bars.ts";
import { ladderFigure } from "../../figures/cost.ts";
import type { Figure } from "../../figures/figure.ts";
import { leakFigure } from "../../figures/leak_figure.ts";
import { leakControlTable, leakEffectTable, officialLeakTable } from "../../figures/leak_tables.ts";
import { exposureTable } from "../../figures/result_tables.ts";
import { table } from "../../figures/table.ts";
import { sizeText } from "../../image_size.ts";
import {
  countText,
  escapeMarkdown,
  intervalText,
  percent,
  sampleText,
  thousands,
} from "../../support/format.ts";
import { findStop } from "../../support/notebook/stop_notice.ts";
import { durationText } from "../../support/pace.ts";
import {
  furtherNotebooks,
  honestNotebook,
  leakageNotebook,
  studiesNotebook,
  testNotebook,
} from "../notebooks.ts";
import { leadOf, titleOf } from "./notebook_page.ts";
import { honestGlance, honestSection, worthFigure, worthSection } from "./honest_section.ts";
import { officialGlance, officialSection } from "./official_section.ts";
import { notMedical, reportTitle } from "./page.ts";
import type { StoredRun, Studies } from "./stored_run.ts";

export interface Section {
  title: string;
  /** Markdown, without the title. */
  text: string;
  /** Drawn below the text on the site's first page, at any width in pixels. */
  figure?: (size?: { width: number }) => Figure;
}

/** The text of `summary.md`. `picture` is the address of the main figure, if there is one. */
export function summaryMarkdown(run: StoredRun, options: { picture?: string } = {}): string {
  const { results } = run;
  const figure = results && options.picture ? mainFigure(run)!() : null;
  const picture = figure ? [`![${figure.alt.replace(/[[\]\\]/g, "\\$&")}](${options.picture})`] : [];
  const short = glance(run).length > 0 ? [glanceTable(run), ...picture] : [];
  const blocks = makeSections(run).flatMap(({ title, text }) => [`## ${title}`, text]);
  const warnings = warningsOf(run).map((warning) => `> **${escapeMarkdown(warning)}**`);
  return `${[`# ${reportTitle}`, ...warnings, notMedical, ...short, ...blocks].join("\n\n")}\n`;
}

/** The sections in reading order. Without results of notebook 5, only the honest model's (if it has run) and the last are made. */
export function makeSections(run: StoredRun): Section[] {
  const { results, openings, studies, leakFree, honest } = run;
  if (!results) {
    const sections = honest ? [worthSection(honest, null), honestSection(honest, run)] : [];
    return [...sections, notebooksSection(run)];
  }
  return [
    claimSection(results),
    ...honest ? [worthSection(honest, results)] : [],
    resultSection(results, { hasMainFigure: honest === null }),
    leakageSection(results),
    ...results.official === undefined ? [] : [officialSection(results)], // missing in results of an older version
    ...leakFree ? [leakFreeSection(leakFree, results)] : [],
    ...honest ? [honestSection(honest, run)] : [],
    ...typeof openings !== "string" && openings.length > 0
      ? [{ title: "How often the test was opened", text: describeOpenings(openings) }]
      : [],
    ...studies ? [studiesSection(studies, results)] : [],
    costSection(run, results),
    notebooksSection(run),
  ];
}

/** Warnings as plain text, to be shown above everything else: stand-in data, random weights, other photos, no results. */
export function warningsOf(run: StoredRun): string[] {
  const { results, openings } = run;
  if (!hasResults(run)) {
    return ["This run has no results yet: it stopped before its last notebook, or is still running."];
  }
  const synthetic = isSynthetic(run);
  return [
    synthetic && "SYNTHETIC stand-in data: the images are drawn. No number here says anything about skin.",
    results?.weights === "random" &&
    "SEEDED RANDOM weights: this network has not been trained on ImageNet, the write-up's has.",
    results !== null && !synthetic && !results.ham10000 &&
    "These are not the write-up's photos: the difference from its number says nothing about its claim.",
    ...strangersTold(run).map((title) =>
      `“${title}” was executed with other settings than the notebook that ran last, or by an earlier version of the project. ` +
      "All its results on this page come from that execution."
    ),
    typeof openings === "string" && `It is unknown how often the test was opened: ${openings}`,
  ].filter((warning) => warning !== false);
}

/** Whether a notebook that stores results has run: 5, 7 or 8. */
export function hasResults({ results, leakFree, honest }: StoredRun): boolean {
  return (results ?? leakFree ?? honest) !== null;
}

/** Whether the run's results come from drawn images. */
export function isSynthetic({ results, honest }: StoredRun): boolean {
  return (results ?? honest)?.synthetic ?? false;
}

/** Titles of the strangers (see `StoredRun`) whose results the first page shows. */
function strangersTold({ notebooks, strangers, results, studies, leakFree, honest }: StoredRun): string[] {
  const told: Record<string, unknown> = {
    [testNotebook]: results,
    [studiesNotebook]: studies,
    [leakageNotebook]: leakFree,
    [honestNotebook]: honest,
  };
  return notebooks.filter(({ name }) => strangers.includes(name) && told[name])
    .map(({ name, notebook }) => titleOf(notebook, name));
}

/** The main numbers, each with a name and a short explanation. */
export function glance(run: StoredRun): { name: string; value: string; what: string }[] {
  const { results } = run;
  if (!results) return run.honest ? honestGlance(run.honest) : [];
  const deeper = deeperResult(results);
  const all = results.leakage.against9600.at(-1)!;
  const seconds = totalSeconds(run);
  const accuracy = (name: string, { test: { accuracy, interval, n } }: Result, what: string) => ({
    name,
    value: percent(accuracy),
    what: `test accuracy, ${what}, ${sampleText(n)}` +
      (interval ? `; 95 % interval ${intervalText(interval)}` : ""),
  });
  return [
    { name: "Claimed", value: percent(results.claimed.accuracy), what: "test accuracy, says the write-up" },
    ...run.honest ? honestGlance(run.honest) : [],
    accuracy("Measured", asWrittenResult(results), `${protocolText(results.protocol)}, the network frozen`),
    ...deeper ? [accuracy("Fine-tuned", deeper, `from ${deeper.depth} on, same images`)] : [],
    ...officialGlance(results),
    { name: "Leaked", value: percent(all.copyShare), what: "of the test images have a copy in training" },
    ...seconds > 0
      ? [{
        name: "Cost",
        value: durationText(seconds),
        what: `of computing for the notebooks 1 to 5, on ${machineText(results)}`,
      }]
      : [],
  ];
}

/** The main numbers as a table in Markdown. */
export function glanceTable(run: StoredRun): string {
  return table(glance(run), [
    { value: "name", title: "in short" },
    { value: "value", title: "", align: "right" },
    { value: "what", title: "what it is" },
  ], { synthetic: isSynthetic(run) }).markdown;
}

function claimSection({ claimed, counts, classes, synthetic, ham10000 }: Results): Section {
  const named = classes.filter(({ code, name }) => name !== code);
  return {
    title: "What was claimed",
    text:
      `The write-up “${claimed.title}” takes VGG16, a network trained on everyday photos, and trains a new ` +
      `last layer on the photos of HAM10000. For its seven diagnoses it reports a test accuracy of ` +
      `**${percent(claimed.accuracy)}**. ` +
      `We repeat its steps${synthetic || ham10000 ? "" : " on other photos"}: ${thousands(counts.images)} ` +
      `${imagesName(synthetic)} are augmented to ${thousands(counts.augmented)} images and split into ` +
      `${thousands(counts.train)} for training and ${thousands(counts.test)} for the test. ` +
      `Of the training images ${thousands(counts.subset)} are used.` +
      (named.length > 0
        ? ` The diagnoses are ${
          named.map(({ code, name }) => `${escapeMarkdown(code)} (${name[0].toLowerCase()}${name.slice(1)})`)
            .join(", ")
        }.`
        : ""),
  };
}

/** @param options.hasMainFigure whether its figure is the main one, which stands above all sections */
function resultSection(results: Results, { hasMainFigure }: { hasMainFigure: boolean }): Section {
  const shown = table(resultRows(results), [
    { value: "name", title: "what was trained" },
    { value: (run) => run.train.accuracy, title: "train", format: percent },
    { value: (run) => run.validation.accuracy, title: "validation", format: percent },
    {
      value: (run) => run.test.accuracy,
      title: "test",
      format: percent,
      best: "max",
      spread: { title: "95 % interval", of: (run) => run.test.interval },
    },
    { value: (run) => run.test.macroF1, title: "test F1 (macro)", format: percent, best: "max" },
  ], { synthetic: results.synthetic });
  return {
    title: "What we got",
    text: [
      conclusion({ ...results, official: null }).replace(/^.*\n\n/, ""), // without its heading; the official set has its own section
      shown.markdown,
      "The best test values are bold. F1 (macro) is the mean over the diagnoses. The intervals come from a bootstrap over " +
      "lesions, because photos of one lesion are not independent.",
    ].join("\n\n"),
    ...!hasMainFigure && { figure: (size) => claimFigure(results, size) },
  };
}

/** The main result as one figure, at any width in pixels; null if the run has no such result. */
export function mainFigure(
  { honest, results }: Pick<StoredRun, "honest" | "results">,
): NonNullable<Section["figure"]> | null {
  if (honest) return (size) => worthFigure(honest, results, size);
  return results && ((size) => claimFigure(results, size));
}

function claimFigure(results: Results, size?: { width: number }): Figure {
  return claimBars(claimOf(results), { synthetic: results.synthetic, ...size });
}

function leakageSection(results: Results): Section {
  const { leakage, counts, synthetic } = results;
  const rows = leakage.against9600;
  const all = rows.at(-1)!;
  const shown = table(rows, [
    { value: "dx", title: "diagnosis" },
    { value: "images", title: "test images" },
    { value: "copyShare", title: "with a copy in training", format: percent },
    { value: "lesionShare", title: "with their lesion in training", format: percent },
  ], { synthetic });
  const seen = `**${percent(all.copyShare)}** of the test images have a copy among the ${
    thousands(counts.subsetTrain)
  } images used for training, and **${percent(all.lesionShare)}** show a lesion that is among them`;
  const leaks = results.protocol === "as-written";
  return {
    title: leaks ? "Why the test leaks" : "What training has seen of the test",
    text: [
      leaks
        ? "The write-up first makes changed copies of the photos (turned, zoomed, shifted, mirrored) and splits them into training " +
          `and test afterwards. So copies of one photo land on both sides: ${seen}. Such a test measures in part how well ` +
          "the network recognises pictures that it has seen. Also, it has about as many images of each diagnosis as of any " +
          "other, which no clinic has. Neither the claimed number nor ours is an accuracy on new patients."
        : `Unlike in the write-up, groups of photos were divided before they were augmented: ${seen}. Still the test has about as ` +
          "many images of each diagnosis as of any other, which no clinic has.",
      shown.markdown,
      exposureTable(results).markdown,
    ].join("\n\n"),
    figure: (size) => leakageBars(rows, { synthetic, ...size }),
  };
}

function leakFreeSection(
  { effects, official, bridge }: LeakFreeResults,
  { runs, chosen, classes, counts, synthetic }: Results,
): Section {
  const codes = classes.map(({ code }) => code);
  const label = counts.perClass.images.indexOf(Math.max(...counts.perClass.images));
  const control = leakControlTable(official, { synthetic });
  return {
    title: "What each kind of leak adds",
    text: [
      "Notebook 7 trains networks that differ in nothing but whose photos have leaked. All answer the same test photos, one of " +
      "each lesion, at the prevalence among lesions; each photo is answered by networks that have seen it and by networks that have not.",
      describeEffects(effects, { codes }),
      describeBridge(bridge, {
        asWritten: asWrittenResult({ runs, chosen } as Results).test,
        ...{ label, code: codes[label] },
      }),
      leakEffectTable(effects.map((all) => ({ ...all, perClass: [] })), { codes, synthetic }).markdown,
      ...official.length > 0
        ? [
          officialLeakTable(official, { synthetic }).markdown,
          describeOfficialGains(official),
          ...control ? [control.markdown] : [],
        ]
        : [],
    ].join("\n\n"),
    figure: (size) => leakFigure(effects, official, { codes, depth: "head", synthetic, ...size }),
  };
}

function studiesSection(studies: Studies, { claimed, synthetic }: Results): Section {
  const { ladder, scaling, image_sizes, optimizers, all_images } = studies;
  return {
    title: "What the write-up left as future work",
    text: [
      "Notebook 6 does what the write-up leaves for later. It compares on validation, except in its last part. Validation leaks " +
      "as the test does: the numbers compare recipes with each other and say nothing about patients.",
      `**More trainable layers**, at ${
        sizeText(ladder[0].size)
      } pixels, each depth with one recipe and nothing against overfitting, and notebook 5's recipe beside them:`,
      describeLadder(ladder, claimed.accuracy),
      "**Pixels divided by 255**, as the write-up has them, or scaled as ImageNet's weights expect them:",
      describeScaling(scaling),
      `**The optimizers**, each at its own best learning rate, on the frozen network. ${
        describeOptimizers(optimizers)
      }`,
      "**Larger images:**",
      describeSizes(image_sizes),
      `**More images.** ${describeAllImages(all_images)}`,
    ].join("\n\n"),
    figure: (size) => ladderFigure(ladder, { claimed: claimed.accuracy, synthetic, ...size }),
  };
}

function machineText({ engine: { threads, adapter } }: Results): string {
  return adapter ? adapter.name : countText(threads, "CPU thread");
}

function costSection(run: StoredRun, results: Results): Section {
  const { timings, notebooks, studies } = run;
  const rows = notebooks.filter(({ name }) => name in timings && !furtherNotebooks.includes(name))
    .map(({ notebook, name }) => ({ what: titleOf(notebook, name), seconds: timings[name] }));
  const earlier = earlierSeconds(run);
  if (earlier > 0) {
    rows.push({
      what: `Training from ${deeperResult(results)?.depth} on, in earlier sittings`,
      seconds: earlier,
    });
  }
  const { engine: { name, tensorflow, adapter }, cpu, counts, synthetic } = results;
  const engine = `${name}${tensorflow === "none" ? "" : ` on TensorFlow ${tensorflow}`}`;
  const machine = machineText(results) + (cpu && !adapter ? ` (${escapeMarkdown(cpu)})` : "");
  const shown = table(rows, [
    { value: "what", title: "notebook" },
    { value: "seconds", title: "time", format: (value) => durationText(Math.round(Number(value))) },
  ]);
  return {
    title: "What it cost",
    text: rows.length === 0 ? "The run has not kept its times." : [
      `From ${thousands(counts.images)} ${imagesName(synthetic)} to the results of notebook 5 it took ` +
      `**${durationText(totalSeconds(run))}** on ${machine}, ${engine}. Decoded photos and ` +
      "activations that were stored already are not counted.",
      shown.markdown,
      studies && studiesCost(studies),
    ].filter(Boolean).join("\n\n"),
  };
}

/** The studies' trainings, each counted once. */
function studiesCost({ ladder, scaling, deep_optimizers, image_sizes, all_images }: Studies): string {
  const runs = [ladder, scaling, deep_optimizers, image_sizes, all_images].flat();
  const minutes = new Map(runs.map((run) => [run.configuration, run.minutes]));
  const seconds = 60 * [...minutes.values()].reduce((sum, value) => sum + value, 0);
  return `Notebook 6 compares ${minutes.size} trainings. Together they took ${
    durationText(seconds)
  }. Whatever else the ` +
    "machine did meanwhile is in these times.";
}

/** Seconds of the main notebooks, plus those of training that was done before they ran. */
function totalSeconds(run: StoredRun): number {
  return run.notebooks.filter(({ name }) => !furtherNotebooks.includes(name))
    .reduce((sum, { name }) => sum + (run.timings[name] ?? 0), earlierSeconds(run));
}

/** Seconds of the recipe's training in earlier sittings: those beyond the time of notebook 4. */
function earlierSeconds({ timings, trainingSeconds }: StoredRun): number {
  const shownBy = Object.entries(timings).find(([name]) => name.startsWith("04"))?.[1] ?? 0;
  return Math.max(0, trainingSeconds - shownBy);
}

function notebooksSection({ notebooks }: StoredRun): Section {
  const lines = notebooks.map(({ name, notebook }) => {
    const stopped = findStop(notebook) ? ", **which did not run to its end**" : "";
    return `- [${titleOf(notebook, name)}](${name}.ipynb)${stopped}  \n  ${escapeMarkdown(leadOf(notebook))}`;
  });
  return { title: "The notebooks", text: lines.join("\n") };
}

function imagesName(synthetic: boolean): string {
  return synthetic ? "drawn images" : "photos";
}
