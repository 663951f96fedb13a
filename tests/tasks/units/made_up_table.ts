/**
 * A table of photos that nobody has, in HAM10000's shares of the classes: to plan runs of any size without a pixel. As a program it
 * plans one of so many photos and says what that took: deno run -A made_up_table.ts 1000000
 */
import process from "node:process";
import { type ConfigOptions, createConfig } from "../../../lib/config.ts";
import { ham10000Counts } from "../../../lib/data/diagnosis.ts";
import type { Sample } from "../../../lib/data/metadata.ts";
import { largestRemainder, makeParts } from "../../../lib/data/parts.ts";
import type { EngineIdentity } from "../../../lib/support/engine/engine.ts";
import { type PlanInput, planUnits } from "../../../lib/tasks/units/units.ts";
import { forwardBatchSize } from "../../../lib/model/activations.ts";

export const engine: EngineIdentity = {
  ...{ name: "tfjs-node", tensorflow: "2.21.0", tfjs: "4.22.0" },
  ...{ oneDnn: true, threads: 2 },
};

/** @param changes of the configuration, or of what else decides; `changed`: a photo whose file is another one */
export function planInput(
  photos: number,
  { engine: other, weights = "1".repeat(64), changed, shardImages, ...options }:
    & Omit<ConfigOptions, "weights">
    & { engine?: EngineIdentity; weights?: string; changed?: number; shardImages?: number } = {},
): PlanInput {
  const config = createConfig({ preset: "smoke", weights: null, ...options });
  const counts = largestRemainder(ham10000Counts, photos);
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
  const samples = labels.map((label) => ({ label })) as Pick<Sample, "label">[] as Sample[];
  return {
    ...{ config, weights, engine: other ?? engine, shardImages, classes: counts.length, official: null },
    photos: labels.map((_, photo) => `ISIC_${photo} 250000 ${photo === changed ? 2 : 1}`),
    parts: makeParts(config, { samples, counts, classes: [] }),
    model: "2".repeat(64),
    photoPixels: 600 * 450,
  };
}

/** Files in the largest folder of a store that holds all of a plan's images and activations: shards lie in 256 folders. */
function largestFolder(input: PlanInput): number {
  const rows = input.parts!.subset.length + input.parts!.test.length;
  const perFlush = Math.min(100, forwardBatchSize(input.config.size));
  return Math.ceil(Math.max(rows, input.photos.length) / perFlush / 256);
}

if (import.meta.main) {
  let [highest, count] = [0, 0];
  const look = () => highest = Math.max(highest, Deno.memoryUsage().rss);
  const input = planInput(Number(Deno.args[0]), { recipe: [{ depth: "block5" }] });
  look();
  const units = planUnits(input);
  look();
  const text = JSON.stringify(units);
  for (const { needs } of units) count += needs.length;
  look();
  const status = await Deno.readTextFile("/proc/self/status").catch(() => "");
  const { user, system } = process.cpuUsage(); // not the clock's time: other programs may be running
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  console.log(JSON.stringify({
    ...{ cpuSeconds: (user + system) / 1e6, megabytes: Math.max(peak, highest / 2 ** 20) },
    ...{ units: units.length, edges: count, bytes: text.length, largestFolder: largestFolder(input) },
  }));
}
