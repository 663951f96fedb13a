/**
 * The table of docs/SPEED.md, out of what `deno task bench` wrote: `deno run --allow-read --allow-write tests/bench/speed_table.ts`
 * puts it in its place. docs_test.ts asks that it stands there.
 */
import { join } from "node:path";
import { thousands } from "../../lib/support/format.ts";
import { projectRoot } from "../../lib/support/project.ts";
import type { CaseResult, PeerResult } from "./case.ts";

export interface BenchRecord {
  readonly machine: { readonly cpu: string; readonly cores: number };
  readonly inputs: { readonly photos: boolean; readonly weights: string };
  readonly rounds: number;
  readonly cases: readonly CaseResult[];
}

export const benchRecord = join(projectRoot, "outputs", "report", "bench.json");
export const speedPage = join(projectRoot, "docs", "SPEED.md");

/**
 * How many times as fast this project was as each of its peers, a row a case. Markdown. Each program counts with its best round: on a
 * machine that others share, what else runs there only ever makes a round slower.
 */
export function speedTable({ machine, inputs, rounds, cases }: BenchRecord): string {
  const peersOf = ({ peers }: CaseResult) => peers.slice(1).filter(({ name }) => !name.startsWith("…"));
  const versions = new Set(cases.flatMap(peersOf).map(({ version }) => version.split(",")[0]));
  const fastest = ({ seconds }: PeerResult) => Math.min(...seconds);
  const row = (each: CaseResult) => {
    const [ours] = each.peers;
    const ratios = peersOf(each).map((peer) =>
      `${(fastest(peer) / fastest(ours)).toFixed(2)} × ${
        peer.name.replace(/ (predict|fit|ImageDataGenerator|v2)$/, "")
      }`
    );
    return `| ${each.name} | ${thousands(each.images / fastest(ours))} | ${ratios.join(", ")} |`;
  };
  return [
    `Measured on ${machine.cpu}, ${machine.cores} cores, with ${
      inputs.photos ? "real photos" : "noise"
    } and ` +
    `${inputs.weights === "given" ? "ImageNet's" : "random"} weights; the best of ${rounds} rounds. ` +
    `Peers: ${[...versions].join(", ")}.`,
    "",
    "| | images or answers a second | as fast as |",
    "| :-- | --: | :-- |",
    ...cases.map(row),
  ].join("\n");
}

const [begin, end] = ["<!-- bench -->", "<!-- /bench -->"];

/** The page with the table in its place. */
export function withSpeedTable(page: string, table: string): string {
  const [before, rest] = page.split(begin);
  return `${before}${begin}\n\n${table}\n\n${end}${rest.split(end)[1]}`;
}

if (import.meta.main) {
  const record = JSON.parse(await Deno.readTextFile(benchRecord));
  await Deno.writeTextFile(speedPage, withSpeedTable(await Deno.readTextFile(speedPage), speedTable(record)));
}
