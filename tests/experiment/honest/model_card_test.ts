import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { classesOf, ham10000Classes } from "../../../lib/data/diagnosis.ts";
import { checklists } from "../../../lib/experiment/honest/checklists.ts";
import { claim } from "../../../lib/experiment/honest/checklists/claim.ts";
import { tripodAi } from "../../../lib/experiment/honest/checklists/tripod_ai.ts";
import type { HonestAbout } from "../../../lib/experiment/honest/facts.ts";
import type { HonestSelection } from "../../../lib/experiment/honest/selection.ts";
import { modelCard, saveModelCard } from "../../../lib/experiment/honest/model_card.ts";
import { projectRoot } from "../../../lib/support/project.ts";
import { publish } from "../../../lib/tasks/report/publish.ts";
import { drawnHonest, seed, seeds } from "./drawn_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { executed, writeRun } from "../../tasks/report/drawn_run.ts";

const versions = {
  ...{ deno: "2.9.6", sharp: "0.35.5" },
  ...{ "@tensorflow/tfjs": "4.22.0", "@tensorflow/tfjs-node": "4.22.1" },
};
const about: HonestAbout = {
  ...{ classes: ham10000Classes, own: false, photos: 10015, lesions: 7470, skipped: 0, testedBefore: 0 },
  ...{ size: 64, seed, seeds, base: { source: "imagenet", digest: "ba5e".repeat(16) } },
  ...{ dataDigest: "da7a".repeat(16), versions },
  confirmed: [{ how: "follow_up", lesions: 6 }, { how: "histo", lesions: 4 }],
};
const results = drawnHonest();
const card = modelCard(results, about);
const lists = checklists(results, about);
const own = classesOf(["a|b", "c"]);
const otherTable = { ...about, own: true, classes: own, lesions: null };
const otherResults = drawnHonest({ classes: own, official: false });

/** The text of a section with this heading and of those below it, all spaces made one. */
function sectionOf(text: string, heading: string): string {
  const [line, level] = text.match(new RegExp(`^(#+) ${heading}$`, "m"))!;
  const after = text.slice(text.indexOf(`\n${line}\n`) + line.length + 1);
  const end = after.search(new RegExp(`^#{1,${level.length}} `, "m"));
  return (end < 0 ? after : after.slice(0, end)).replace(/[\s\u00a0]+/g, " ");
}

const share = (value: number) => `${(100 * value).toFixed(1)} %`;
const withInterval = (value: number, { low, high }: { low: number; high: number }) =>
  `${share(value)} (${share(low)} to ${share(high)})`;

Deno.test("the model card's numbers come from the results, with interval, n and baseline", () => {
  const { own, official, clinical } = results;
  const mel = clinical.detections[0];
  const { difference } = official!.control!;
  const expected: Record<string, string[]> = {
    "The tests": [own, official!.scores, official!.control!.asTheyAre, official!.control!.sameForm].flatMap(
      ({ n, balancedAccuracy, accuracy, intervals, baseline }) => [
        `| ${n} | ${withInterval(balancedAccuracy, intervals.balancedAccuracy)} | ${
          share(baseline.balancedAccuracy)
        } | ${withInterval(accuracy, intervals.accuracy)} | ${share(baseline.accuracy)} |`,
      ],
    ),
    "Quantitative analyses": [
      `by ${difference.balancedAccuracy.difference < 0 ? "−" : "+"}${
        Math.abs(100 * difference.balancedAccuracy.difference).toFixed(1)
      } points`,
      "n = 35",
    ],
    "Each diagnosis, own test": ham10000Classes.flatMap(({ code }, label) => [
      `| ${code} | 31 | ${withInterval(own.perClass[label].recall, own.intervals.perClass[label]!.recall)} |`,
      withInterval(
        official!.scores.perClass[label].recall,
        official!.scores.intervals.perClass[label]!.recall,
      ),
      clinical.classes[label].auc.value.toFixed(3),
    ]),
    "Found at a threshold, own test": clinical.detections.flatMap(
      ({ name, n, threshold, sensitivity, specificity, atPrevalence }) => [
        name,
        `| ${n} | ${share(threshold)} | ${withInterval(sensitivity.value, sensitivity)} | ${
          withInterval(specificity.value, specificity)
        } |`,
        ...atPrevalence.map(({ prevalence, ppv, npv }) =>
          `${share(prevalence)}, PPV is ${share(ppv)} and NPV ${share(npv)}`
        ),
      ],
    ),
    "Probabilities, own test": [
      clinical.calibration.temperature.toFixed(2),
      share(clinical.calibration.before.ece),
      share(clinical.calibration.after.ece),
      clinical.calibration.after.brier.toFixed(3),
    ],
    "Melanoma in subgroups, own test": clinical.subgroups.map(({ value, melanomas, others }) =>
      `| ${value} | ${melanomas} | ${others} |`
    ),
    "Training data": [
      "10,015 photos",
      "7,013 are for training",
      "1,009 (747 groups)",
      "217 (one of each lesion)",
      "the other 1,776 photos",
    ],
    "Model details": [
      ...["14,729,031 parameters", "14,468,871 parameters"],
      "2 epochs of nadam at 64 × 64 pixels, then 4 at 96 × 96 with a new softmax",
      "the moving average of the weights counts",
    ],
    "Caveats and recommendations": [share(mel.n / own.n), share(own.balancedAccuracy)],
    "Digests and versions": [results.model, about.base.digest, about.dataDigest, "Deno 2.9.6"],
  };
  for (const [heading, texts] of Object.entries(expected)) {
    const section = sectionOf(card, heading);
    for (const text of texts) assert.ok(section.includes(text), `${heading} lacks ${text}: ${section}`);
  }
  const opened = (before: number) =>
    /\*\*Opened\*\*.*/.exec(modelCard(results, { ...about, testedBefore: before }))![0];
  assert.match(opened(0), /each test once by this network, .*json`\. Each opening is logged\.$/);
  assert.match(
    opened(2),
    /json`\. Before it, 2 networks of another training had been tested on the same photos\. Each/,
  );
});

Deno.test("other results give another card: no score is hard-coded", () => {
  const moved = { ...results, own: { ...results.own, balancedAccuracy: 0.98765 } };
  const old = share(results.own.balancedAccuracy).replace(" ", "\u00a0");
  assert.ok(card.includes(`${old} (`));
  for (const write of [modelCard, checklists]) {
    const text = write(moved, about);
    assert.ok(text.includes("98.8\u00a0%"));
    assert.ok(!text.includes(`accuracy of ${old}`), old);
  }
});

Deno.test("the model card has all sections of Mitchell et al., says what it is not for, and names data and licences", () => {
  const headings = [...card.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  assert.deepEqual(headings, [
    ...["Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data"],
    ...["Quantitative analyses", "Leaks, and how they are kept out", "Ethical considerations"],
    ...["Caveats and recommendations", "Digests and versions"],
  ]);
  for (
    const said of [
      "10.7910/DVN/DBW86T",
      "10.1038/sdata.2018.161",
      "CC BY-NC 4.0",
      "CC BY 4.0",
      "no medical device",
    ]
  ) {
    assert.ok(card.includes(said), said);
  }
  assert.match(
    sectionOf(card, "Caveats and recommendations"),
    /skin-tone.*Patients are not known.*Austria and Australia/,
  );
  assert.match(sectionOf(card, "Intended use"), /Not for.*judging.*other skin.*other cameras/);
});

/** Numbers of items in a checklist's table. */
function itemsIn(text: string, heading: string): string[] {
  const after = text.slice(text.indexOf(`\n## ${heading}\n`));
  const table = after.match(/^\| item .*\n\|[ :|-]+\n((?:\|.*\n)+)/m)![1];
  return table.trim().split("\n").map((row) => row.split("|")[1].trim());
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`);
/** Items of TRIPOD+AI that have parts, with their last letter. */
const lettered = { 3: "c", 5: "b", 6: "c", 8: "c", 9: "c", 12: "g", 18: "f", 20: "c", 23: "b", 27: "c" };
const tripodItems = numbers(27).flatMap((item) => {
  const last = lettered[Number(item) as keyof typeof lettered];
  return last ? [..."abcdefg"].filter((letter) => letter <= last).map((letter) => item + letter) : [item];
});

Deno.test("the checklists contain each of CLAIM's 44 and TRIPOD+AI's 52 items once, in order", () => {
  assert.equal(tripodItems.length, 52);
  for (const text of [lists, checklists(otherResults, otherTable)]) {
    assert.deepEqual(itemsIn(text, "CLAIM, 2024 update"), numbers(44));
    assert.deepEqual(itemsIn(text, "TRIPOD+AI"), tripodItems);
  }
  assert.match(lists, /DECIDE-AI.*METRICS/s);
});

const items = [
  ...[...claim(results, about), ...tripodAi(results, about)],
  ...[...claim(otherResults, otherTable), ...tripodAi(otherResults, otherTable)],
];

Deno.test("items not done or not applicable have a reason and no place; all others have a place", () => {
  for (const { item, topic, status, answer, where } of items) {
    const isOpen = status === "not done" || status === "does not apply";
    assert.equal(where.length === 0, isOpen, `${item} ${topic}: ${status}`);
    const words = answer.split(/\s+/).length;
    assert.ok(words >= (isOpen ? 6 : 3), `${item} ${topic}: ${answer}`);
    assert.match(answer, /\.$/, `${item} ${topic}`);
    assert.doesNotMatch(answer, /undefined|NaN|null|\[object/, `${item} ${topic}`);
  }
  const open = claim(results, about).filter(({ status }) => status === "not done").map(({ item }) => item);
  assert.deepEqual(open, ["18", "44"]);
});

Deno.test("every place named in a checklist exists: sections of notebooks and card, docs, fields of the results", async () => {
  const headingsOf = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  const notebookText = async (number: string) => {
    const folder = join(projectRoot, "notebooks");
    const [name] = await Array.fromAsync(glob(`0${number}_*.ipynb`, { cwd: folder }));
    const { cells } = JSON.parse(await Deno.readTextFile(join(folder, name)));
    return cells.filter((cell: { cell_type: string }) => cell.cell_type === "markdown")
      .map((cell: { source: string[] }) => cell.source.join("")).join("\n\n");
  };
  const wrong: string[] = [];
  for (const where of new Set(items.flatMap(({ where }) => where))) {
    const [place, part] = where.split(" · ");
    if (place === "honest_model.json") {
      const value = part.split(".").reduce(
        (at, key) => (at as Record<string, unknown>)?.[key],
        results as unknown,
      );
      if (value === undefined) wrong.push(where);
      continue;
    }
    const [, number] = place.match(/^notebook (\d)$/) ?? [];
    const text = place === "model card"
      ? card
      : number
      ? await notebookText(number)
      : await Deno.readTextFile(join(projectRoot, place)).catch(() => "");
    const isThere = part ? headingsOf(text).includes(part) : text !== "";
    if (!isThere) wrong.push(where);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("card and checklists say SYNTHETIC at the top for drawn images, not for photos", () => {
  for (const write of [modelCard, checklists]) {
    assert.match(write({ ...results, synthetic: true }, about), /^# .*\n\n> \*\*SYNTHETIC/);
    assert.doesNotMatch(write(results, about), /SYNTHETIC/);
  }
});

Deno.test("for another table, without melanoma and official set, HAM10000's clinics are not mentioned", () => {
  const text = modelCard(otherResults, otherTable) + checklists(otherResults, otherTable);
  assert.doesNotMatch(text, /undefined|NaN|Austria|Vienna|DBW86T/);
  assert.match(text, /\| a\\\|b /);
});

Deno.test("the tables of card and checklists line up as plain text", () => {
  for (const text of [card, lists]) {
    const tables = text.split("\n\n").filter((block) => block.startsWith("|"));
    assert.ok(tables.length >= 2);
    for (const rows of tables.map((block) => block.trim().split("\n"))) {
      assert.equal(new Set(rows.map((row) => [...row].length)).size, 1, rows[0]);
    }
  }
});

Deno.test("card and checklists are saved beside the model, and published without it in lower case", async () => {
  await using folder = await temporaryFolder();
  const run = await writeRun(join(folder.path, "run"), {
    notebooks: { "08_honest_model": executed("# 8 · Honest") },
  });
  const samples = [
    { lesionId: "a", dxType: "histo" },
    { lesionId: "a", dxType: "histo" },
    ...["b", "c"].map((lesionId) => ({ lesionId, dxType: "follow_up" })),
  ];
  const selection = {
    ...{ model: { size: 64, digest: results.model }, choice: results.choice },
    experiment: {
      config: { out: run, seed, preset: "honest" },
      source: {
        samples,
        classes: ham10000Classes,
        own: false,
        knowsLesions: true,
        skipped: null,
      },
      ...{ weights: about.base, dataDigest: about.dataDigest },
    },
  } as unknown as HonestSelection;
  const saved = await saveModelCard(selection, results);
  assert.match(saved, /names 3 lesions/);
  assert.match(saved, /Diagnoses: by follow-up \(66\.7.%\), histopathology \(33\.3.%\) of the lesions/);
  const model = join(run, "honest_model");
  assert.equal(await Deno.readTextFile(join(model, "MODEL_CARD.md")), saved);
  await Deno.writeTextFile(join(model, "weights.bin"), "0");
  const names = await publish(run, join(folder.path, "report"));
  assert.deepEqual(names.filter((name) => /card|checklists|weights/i.test(name)), [
    "model_card.md",
    "checklists.md",
  ]);
  assert.equal(await Deno.readTextFile(join(folder.path, "report", "model_card.md")), saved);
});
