/**
 * What docs/SPEED.md and README show of `deno task bench`'s record: tables, figures, sentences. `deno run -A tests/bench/speed_page.ts` puts
 * them in their places; docs_test.ts asks that they stand there.
 */
import { join } from "node:path";
import { barChart } from "../../lib/figures/bars.ts";
import type { Figure } from "../../lib/figures/figure.ts";
import { seriesColors } from "../../lib/figures/palette.ts";
import { thousands } from "../../lib/support/format.ts";
import { projectRoot } from "../../lib/support/project.ts";
import { type CaseResult, isPeer, type PeerResult } from "./case.ts";
import type { ComparisonResult } from "./comparison.ts";
import type { Growth } from "./growth.ts";
import { wayNames, type WholeRun } from "./whole_run.ts";

/** All that one run of the benchmark has measured; null: not asked for. */
export interface BenchRecord {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly loadBefore: number };
  readonly inputs: {
    readonly images: number;
    readonly trainingImages: number;
    readonly photos: boolean;
    readonly weights: string;
  };
  readonly rounds: number;
  readonly cases: CaseResult[];
  comparison: ComparisonResult | null;
  growth: Growth | null;
  wholeRun: WholeRun | null;
}

const benchRecord = join(projectRoot, "outputs", "report", "bench.json");

export async function readBenchRecord(): Promise<BenchRecord> {
  return JSON.parse(await Deno.readTextFile(benchRecord));
}

/** How many times as fast this project was as a peer. Each counts with its best round: what else runs there only makes one slower. */
function ratiosOf({ peers }: CaseResult): { peer: string; ratio: number }[] {
  const fastest = ({ seconds }: PeerResult) => Math.min(...seconds);
  return peers.filter(({ name }) => isPeer(name)).map((peer) => ({
    peer: peer.name.replace(/ (predict|fit|ImageDataGenerator|v2)$/, "").replace(
      /^(.*), compiled$/,
      "compiled $1",
    ),
    ratio: fastest(peer) / fastest(peers[0]),
  }));
}

function nameOf({ name, precision }: CaseResult): string {
  return precision === "float32" ? name : `${name}, ${precision}`;
}

/** @param cases all: beside a case in bfloat16 stands how fast this project is in float32 */
function caseRow(each: CaseResult, cases: readonly CaseResult[]): string {
  const speed = ({ images, peers }: CaseResult) => images / Math.min(...peers[0].seconds);
  const ratios = ratiosOf(each).map(({ peer, ratio }) => `${ratio.toFixed(2)} × ${peer}`);
  const inFloat32 = each.precision === "float32"
    ? undefined
    : cases.find(({ name, precision }) => name === each.name && precision === "float32");
  if (inFloat32) ratios.push(`${(speed(each) / speed(inFloat32)).toFixed(2)} × itself in float32`);
  return `| ${nameOf(each)} | ${thousands(speed(each))} | ${ratios.join(", ")} |`;
}

function measuredOn({ machine, inputs, rounds, cases }: BenchRecord): string {
  const peers = cases.flatMap(({ peers }) => peers.filter(({ name }) => isPeer(name)));
  const versions = new Set(peers.map(({ version }) => version.split(",")[0]));
  const photos = inputs.photos ? "real photos" : "noise";
  const weights = inputs.weights === "given" ? "ImageNet's" : "random";
  return `Measured on ${machine.cpu}, ${machine.cores} cores, with ${photos} and ${weights} weights; the best of ` +
    `${rounds} rounds. Peers: ${[...versions].join(", ")}.`;
}

/** The section of SPEED.md. Markdown. */
export function speedSection(record: BenchRecord): string {
  const { cases, comparison, growth, wholeRun } = record;
  const figures = speedFigures(record);
  const seconds = (value: number) => `${thousands(Math.round(value))} s`;
  return [
    measuredOn(record),
    "",
    `![${figures.speed.alt}](speed.png)`,
    "",
    "| | images or answers a second | as fast as |",
    "| :-- | --: | :-- |",
    ...cases.map((each) => caseRow(each, cases)),
    ...comparison
      ? [
        "",
        `The comparison of the optimizers takes ${
          comparison.ratio.toFixed(2)
        } times as long as its training steps alone.`,
      ]
      : [],
    ...wholeRun
      ? [
        "",
        "| the whole run, from photos to results | time | this project is … times as fast |",
        "| :-- | --: | --: |",
        `| this project, \`quick\`, with rendered notebooks | ${seconds(wholeRun.seconds)} | |`,
        ...wholeRun.peers.map(({ way, seconds: took, scaled }, i) => {
          const part = scaled
            ? ` (${thousands(scaled.measured)} of ${thousands(scaled.of)} images measured, and scaled)`
            : "";
          return `| ${wayNames[way]}${part} | ${seconds(took)} | ${wholeRun.targets[i].ratio.toFixed(1)} |`;
        }),
      ]
      : [],
    ...figures.growth ? ["", `![${figures.growth.alt}](growth.png)`] : [],
    ...growth
      ? [
        "",
        "| photos | decoding | activations | memory | cores at work for activations |",
        "| --: | --: | --: | --: | --: |",
        ...growth.rows.map(({ photos, decode, activations, gigabytes, cores }) =>
          `| ${thousands(photos)} | ${decode.toFixed(1)} s | ${activations.toFixed(1)} s | ${
            gigabytes?.toFixed(2) ?? "?"
          } GB | ${Math.round(100 * cores)} % |`
        ),
      ]
      : [],
  ].join("\n");
}

/** README's sentences: what takes longest, beside the fastest peer, and where others are faster. Markdown. */
export function speedSummary({ machine, cases, wholeRun }: BenchRecord): string {
  const fastest = (each: CaseResult) => ratiosOf(each).reduce((a, b) => a.ratio <= b.ratio ? a : b);
  const find = (name: string) => cases.find((each) => each.name === name && each.precision === "float32")!;
  const trained = (wanted: string) => {
    const ratios = cases.filter(({ name, precision }) =>
      name.startsWith("training, block") && precision === wanted
    ).map((each) => fastest(each).ratio);
    return `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`;
  };
  const [features, decoding] = ["features", "decode, 600 × 450"].map((name) => fastest(find(name)));
  const whole = wholeRun?.targets[0];
  return [
    `On ${machine.cores} cores, in float32, this project trains convolutions ${
      trained("float32")
    } times as fast as the fastest of Keras and PyTorch, and computes the frozen network's features ${
      features.ratio.toFixed(1)
    } times as fast as ${features.peer}.`,
    ...whole ? [`The whole run \`quick\` is ${whole.ratio.toFixed(1)} times as fast as ${whole.peer}.`] : [],
    `It decodes JPEGs of 600 × 450 pixels ${
      decoding.ratio.toFixed(1)
    } times as fast as ${decoding.peer}, and in bfloat16 it trains ${
      trained("bfloat16")
    } times as fast as PyTorch.`,
  ].join(" ");
}

/** The stages beside the fastest of their peers; and time a thousand photos, at one to eight times as many. */
export function speedFigures({ cases, growth }: BenchRecord): { speed: Figure; growth: Figure | null } {
  const bars = cases.map((each) => {
    const { peer, ratio } = ratiosOf(each).reduce((a, b) => a.ratio <= b.ratio ? a : b);
    const color = seriesColors[ratio >= 1 ? 0 : 1];
    return { label: nameOf(each), value: ratio, text: `${ratio.toFixed(2)} × ${peer}`, color };
  });
  const slower = bars.filter(({ value }) => value < 1).length;
  return {
    speed: barChart(bars, {
      title: slower === 0
        ? "This project is faster than each peer in every stage"
        : `This project is faster than its fastest peer in ${bars.length - slower} of ${bars.length} stages`,
      valueTitle: "times as fast as the fastest peer",
      rowHeight: 28,
    }),
    growth: growth && barChart(
      growth.rows.map(({ photos, decode, activations, gigabytes }) => {
        const value = 1000 * (decode + activations) / photos;
        const memory = gigabytes === null ? "" : `, ${gigabytes.toFixed(2)} GB`;
        return { label: `${thousands(photos)} photos`, value, text: `${value.toFixed(1)} s${memory}` };
      }),
      {
        title: "Time for a thousand photos and memory, whatever their number",
        valueTitle: "seconds for 1,000 photos, from JPEG to stored activations",
      },
    ),
  };
}

/** The pages that show it, with what stands there. */
export const speedPages = { "docs/SPEED.md": speedSection, "README.md": speedSummary } as const;

const [begin, end] = ["<!-- bench -->", "<!-- /bench -->"];

if (import.meta.main) {
  const record = await readBenchRecord();
  for (const [page, textOf] of Object.entries(speedPages)) {
    const path = join(projectRoot, page);
    const [before, rest] = (await Deno.readTextFile(path)).split(begin);
    await Deno.writeTextFile(path, `${before}${begin}\n\n${textOf(record)}\n\n${end}${rest.split(end)[1]}`);
  }
  for (const [name, figure] of Object.entries(speedFigures(record))) {
    if (figure) await Deno.writeFile(join(projectRoot, "docs", `${name}.png`), await figure.toPng());
  }
}
