/** How time and memory grow with the number of photos: from JPEGs to stored activations, in a process of its own each. */
import { join } from "node:path";
import { measureDeno } from "./measured_process.ts";
import { programPath } from "./peer.ts";
import { photoPaths } from "./stages.ts";
import { median } from "./statistics.ts";
import { growthTargets } from "./targets.ts";

/** What growth_ours.ts prints. */
export interface GrowthSeconds {
  readonly decode: number;
  readonly activations: number;
  /** Share of the cores that computed while activations were made, 0–1. */
  readonly cores: number;
}

export interface Growth {
  readonly rows: readonly {
    readonly photos: number;
    /** The least of the rounds: what else the machine does only ever makes a round slower. */
    readonly decode: number;
    readonly activations: number;
    readonly cores: number;
    readonly gigabytes: number | null;
  }[];
  readonly targets: readonly {
    what: string;
    atMost?: number;
    atLeast?: number;
    value: number;
    pass: boolean;
  }[];
}

/**
 * Measures one, two, four and eight times as many photos, in rounds.
 *
 * @param folder where `writeInputs` wrote the weights
 * @param options.images of the smallest
 */
export async function measureGrowth(
  folder: string,
  { images, data, rounds }: { images: number; data: string | null; rounds: number },
): Promise<Growth> {
  const sizes = [1, 2, 4, 8].map((times) => times * images);
  const paths = await photoPaths(folder, { images: sizes.at(-1)!, data });
  await Deno.writeTextFile(join(folder, "photos.json"), JSON.stringify(paths));
  const measured = sizes.map(() => [] as (GrowthSeconds & { gigabytes: number | null })[]);
  for (let round = 0; round < rounds; round++) {
    for (const [i, photos] of sizes.entries()) {
      const run = await measureDeno(["run", "-A", programPath("growth_ours.ts"), folder, `${photos}`]);
      measured[i].push({ ...JSON.parse(run.stdout), gigabytes: run.gigabytes });
    }
  }
  const rows = sizes.map((photos, i) => {
    const all = measured[i];
    const memory = all.flatMap(({ gigabytes }) => gigabytes ?? []);
    return {
      photos,
      decode: Math.min(...all.map(({ decode }) => decode)),
      activations: Math.min(...all.map(({ activations }) => activations)),
      cores: Math.max(...all.map(({ cores }) => cores)),
      gigabytes: memory.length > 0 ? median(memory) : null,
    };
  });
  const [first, last] = [rows[0], rows.at(-1)!];
  const each = ({ photos, decode, activations }: typeof first) => (decode + activations) / photos;
  const { timeAtMost, memoryAtMost, coresAtLeast } = growthTargets;
  const atMost = (what: string, atMost: number, value: number) => ({
    what,
    atMost,
    value,
    pass: value <= atMost,
  });
  const targets = [
    atMost("time for each photo at eight times, beside one time", timeAtMost, each(last) / each(first)),
    ...first.gigabytes && last.gigabytes
      ? [atMost("memory at eight times, beside one time", memoryAtMost, last.gigabytes / first.gigabytes)]
      : [],
    {
      ...{ what: "share of the cores at work while VGG16 runs", atLeast: coresAtLeast, value: last.cores },
      pass: last.cores >= coresAtLeast,
    },
  ];
  return { rows, targets };
}
