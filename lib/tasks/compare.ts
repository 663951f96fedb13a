/**
 * `deno task compare RUN RUN`: shows two stored runs side by side (--help for flags).
 * Exit code 1: a folder holds no run or cannot be used, or the result cannot be written. 2: a flag is wrong.
 */
import { resolve } from "node:path";
import {
  compareRuns,
  type FieldDifference,
  type Network,
  type NetworkPair,
  openStoredRun,
  type RunComparison,
} from "../experiment/run_comparison.ts";
import { type Column, table } from "../figures/table.ts";
import { keyOf, type Stage } from "../recipe.ts";
import { writeAtomic } from "../support/atomic.ts";
import { countText, decimals, intervalText, percent, signedPoints, thousands } from "../support/format.ts";
import { checkPaths, parseFlags, runTask } from "./caller.ts";
import { checkWritable } from "./classify.ts";
import { jsonText } from "../support/json.ts";

export const usage = `deno task compare RUN RUN [flags]

Compares two stored runs: the settings that differ, the metrics of their networks and, if both were
tested on the same images, the difference with its 95 % interval over lesions. Only reads what is
stored: nothing is trained, no test is opened. RUN is the folder of a run, such as
outputs/quick, or of a published report.

  --json FILE      write the same as JSON
  --help           this page

Exit codes: 0 done; 1 a folder holds no run or cannot be used, or the file not be written; 2 a flag
is not valid.
`;

/** @throws {RangeError} for a wrong flag, with what was expected */
export function parseCompareFlags(args: string[]) {
  const options = { json: { type: "string" } } as const;
  const { values: { json }, positionals } = parseFlags({ args, options, allowPositionals: true }, usage);
  checkPaths({ json }, "json");
  if (positionals.length !== 2 || positionals.includes("")) {
    throw new RangeError(
      `Name the folders of two runs. Received: ${positionals.join(" ") || "none"}\n\n${usage}`,
    );
  }
  const folders = positionals.map((folder) => folder.replace(/(?<=.)[\\/]+$/, "")) as [string, string];
  if (resolve(folders[0]) === resolve(folders[1])) {
    throw new RangeError(`Name the folders of two runs. Received: ${folders[0]} twice`);
  }
  return { folders, json: json ?? null };
}

/** Text for a terminal. */
function comparisonText(comparison: RunComparison): string {
  const { runs, networks, best, notes } = comparison;
  const names = runs.map(({ folder }) => folder);
  const width = Math.max(...names.map(({ length }) => length));
  const about = runs.map(({ folder, photos, synthetic, weights }) =>
    `${folder.padEnd(width)}  ${
      synthetic ? `SYNTHETIC, ${thousands(photos)} drawn images` : countText(photos, "photo")
    }, ${weights === "imagenet" ? "ImageNet's" : weights === "random" ? "SEEDED RANDOM" : weights} weights`
  );
  const isPair = ({ first, second }: NetworkPair) => first !== null && second !== null;
  return [
    about.join("\n"),
    section("What differs in the configurations", configurationText(comparison)),
    section("The tests", [testText(comparison), ...notes].join("\n")),
    ...networks.filter(isPair).map((pair) => section(pair.first!.name, pairText(comparison, pair))),
    ...best
      ? [section(
        "The network that each run's validation prefers",
        [
          ...[best.first!, best.second!].map(({ name }, i) => `${names[i].padEnd(width)}  ${name}`),
          "",
          pairText(comparison, best),
        ].join("\n"),
      )]
      : [],
    ...(["first", "second"] as const).flatMap((side, i) => {
      const alone = networks.filter((pair) => !isPair(pair)).flatMap((pair) => pair[side] ?? []);
      return alone.length > 0 ? [section(`Only in ${names[i]}`, aloneText(comparison, alone))] : [];
    }),
  ].join("\n\n") + "\n";
}

function section(title: string, text: string): string {
  return `${title}\n${"─".repeat(title.length)}\n${text}`;
}

function configurationText({ runs, configuration, machines, same }: RunComparison): string {
  const contents = [
    `The runs ${same.photos ? "have the same photos and table" : "differ in their photos or table"}.`,
    `They start from ${same.weights ? "the same" : "different"} VGG16 weights.`,
  ].join(" ");
  const settings = configuration === null
    ? `A folder has no config.json, so the settings cannot be told. ${contents}`
    : configuration.length === 0
    ? `Nothing that decides results. ${contents}`
    : `${differencesText(runs, configuration)}\n\n${contents}`;
  if (machines.length === 0) return settings;
  return `${settings}\n\n${
    differencesText(runs, machines)
  }\n\nThe runs were computed by different machines or engines. ` +
    "Then the last bits of results differ, and if convolutions are trained, the networks do.";
}

/** Fields that differ, with both runs' values, as a table. */
function differencesText(
  [first, second]: RunComparison["runs"],
  differences: readonly FieldDifference[],
): string {
  const rows = differences.map(({ field, ...values }) => ({
    ...{ field, first: valueText(values.first), second: valueText(values.second) },
  }));
  return table(rows, [
    { value: "field", title: "field" },
    { value: "first", title: first.folder },
    { value: "second", title: second.folder },
  ]).text;
}

/** A setting on one line. A recipe's stage shows only what differs from its depth's defaults. */
function valueText(value: unknown): string {
  if (value === null) return "not set";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueText).join(", ");
  if (typeof value !== "object") return String(value);
  const { depth, ...own } = keyOf(value as Stage);
  const settings = Object.entries(depth ? own : value).map(([name, one]) => `${name} ${one}`);
  return [...depth ? [depth] : [], ...settings.length > 0 ? [`(${settings.join(", ")})`] : []].join(" ");
}

function testText({ runs, test, networks, best }: RunComparison): string {
  const commonest = runs.map(({ commonest }) => commonest === null ? "–" : percent(commonest));
  const baseline = `Always answering the commonest class is correct for ${
    [...new Set(commonest)].join(" and ")
  } of the test.`;
  if (!test.same) {
    const what = test.same === null
      ? "It is not known whether the tests are the same"
      : "The networks were tested on different images";
    return [
      `${what}: ${test.reasons.join("; ")}.`,
      "So the numbers are not comparable, and no difference is computed.",
      baseline,
    ].join("\n");
  }
  const { n } = networks[0].first ?? networks[0].second!;
  const computed = [...networks, ...best ? [best] : []].some(({ difference }) => difference);
  return [
    `All networks were tested on the same ${countText(n, "image")} with the same labels.`,
    baseline,
    ...computed
      ? [
        "Differences are the second run's minus the first's. Their intervals come from 2,000 bootstrap samples of",
        `the ${
          thousands(test.lesions!)
        } lesions, drawn within each class, the same for both networks. They compare these two`,
        "trained networks and say nothing about training again with another seed.",
      ]
      : [],
  ].join("\n");
}

const metrics = {
  n: { title: "test images", write: thousands },
  accuracy: { title: "accuracy", write: percent },
  balancedAccuracy: { title: "balanced accuracy", write: percent },
  macroF1: { title: "F1 (macro)", write: percent },
  loss: { title: "loss (nats)", write: decimals },
} as const;

function pairText({ runs }: RunComparison, { first, second, difference }: NetworkPair): string {
  const shown = (write: (value: number) => string, value: number, interval?: Network["interval"]) =>
    interval ? `${write(value)} (${intervalText(interval)})` : write(value);
  const rows = (Object.keys(metrics) as (keyof typeof metrics)[]).map((key) => {
    const cell = (network: Network) =>
      shown(metrics[key].write, network[key], key === "accuracy" ? network.interval : null);
    const change = difference && (key === "accuracy" || key === "balancedAccuracy") ? difference[key] : null;
    return { metric: metrics[key].title as string, first: cell(first!), second: cell(second!), change };
  });
  if (first!.official && second!.official) {
    const cell = ({ official }: Network) => shown(percent, official!.balancedAccuracy, official!.interval);
    const metric = "balanced accuracy, official test";
    rows.push({ metric, first: cell(first!), second: cell(second!), change: null });
  }
  const { text } = table(rows, [
    { value: "metric", title: "metric" },
    { value: "first", title: runs[0].folder, align: "right" },
    { value: "second", title: runs[1].folder, align: "right" },
    ...difference
      ? [{
        ...{ title: "difference in points", align: "right" as const },
        value: ({ change }: (typeof rows)[number]) => change && signedPoints(change.difference),
        spread: {
          title: "95 % interval",
          of: ({ change }: (typeof rows)[number]) =>
            change && { low: 100 * change.low, high: 100 * change.high },
        },
        format: (value: unknown) => typeof value === "number" ? signedPoints(value / 100) : String(value),
      }]
      : [],
  ], { synthetic: runs.some(({ synthetic }) => synthetic) });
  if (first!.configuration !== second!.configuration) return text;
  return first!.loss === second!.loss
    ? `${text}\nThe same recipe and seed, with the same results.`
    : `${text}\nThe same recipe and seed. The machine, the engine or the test makes the difference.`;
}

function aloneText({ runs }: RunComparison, networks: readonly Network[]): string {
  return table(networks, networkColumns(networks), { synthetic: runs.some(({ synthetic }) => synthetic) })
    .text;
}

/** A table's columns: each network's name and scores; the official test's only if one was tested there. */
export function networkColumns(networks: readonly Network[]): Column<Network>[] {
  return [
    { value: "name", title: "network" },
    { value: "n", title: "test images" },
    {
      ...{ value: "accuracy", title: "accuracy", format: percent },
      spread: { title: "95 % interval", of: ({ interval }) => interval },
    },
    { value: "balancedAccuracy", title: "balanced", format: percent },
    { value: "macroF1", title: "F1 (macro)", format: percent },
    { value: "loss", title: "loss", format: decimals as Column<Network>["format"] },
    ...networks.some(({ official }) => official)
      ? [{
        ...{ title: "balanced, official test", align: "right" as const },
        value: ({ official }: Network) => official && percent(official.balancedAccuracy),
      }]
      : [],
  ];
}

async function run(args: string[]): Promise<void> {
  const { folders, json } = parseCompareFlags(args);
  if (json !== null) await checkWritable("--json", json);
  const comparison = await compareRuns(await openStoredRun(folders[0]), await openStoredRun(folders[1]));
  console.log(comparisonText(comparison));
  if (json === null) return;
  await writeAtomic(json, jsonText(comparison));
  console.log(json);
}

if (import.meta.main) await runTask(usage, run);
