/** `deno task plan`: lists the units of work of a run, as a table or as JSON. `planUsage` lists the flags. */
import { type Config, storeFolder } from "../../config.ts";
import { table } from "../../figures/table.ts";
import { thousands } from "../../support/format.ts";
import { bitsDigest, engineLine } from "../../support/engine/expected_engine.ts";
import { durationText } from "../../support/pace.ts";
import { openStore } from "../../support/store.ts";
import { numberOf, pathForCaller, runTask } from "../caller.ts";
import { readGrid, shareStore } from "../grid/grid.ts";
import { furtherNotebooks, selectNotebooks } from "../notebooks.ts";
import { parseReproduceOptions } from "../reproduce_options.ts";
import { withWeights } from "../set_up.ts";
import { makePlan } from "./make_plan.ts";
import { isStored, type Plan, recordPath } from "./records.ts";
import { type Unit, unitKinds } from "./units.ts";

export const planUsage = `deno task plan [flags]

Lists the units of work of a run of the notebooks 01 to 05: shards of photos to decode, shards of
activations, trainings, evaluations. \`deno task unit\` does one of them, in any process that sees
the run's folder. Planning decodes no photo and trains nothing. The plan is kept in the run's
folder, with the engine and its number of threads. They decide the last bits, so its units compute
only with these.

  --json            print all units: id, kind, index, stored, needs (ids), makes (the file that is
                    there when it is done), images, cores, memory (MB), minutes
  --shard-images N  photos or rows of a shard, about (default: 2500; 1000 to 5000 make sense, each
                    then takes some seconds to a minute)
  --only NUMBER     the units of notebook 06, 07 or 08 instead (of 08 with --preset honest, too): a
                    training for each of their networks, and the near-duplicates that 07 and 08
                    divide by; the tests are left to deno task reproduce --only NUMBER
  --help            this page

All flags of deno task reproduce that decide a run are taken: --preset, --data, --depth, --seed,
--grid, --out and others. Give the same ones to deno task unit and, at the end, to deno task
reproduce, which finds everything stored and renders.

Exit codes: 0 done; 1 the plan cannot be made; 2 the call cannot be carried out.
`;

export type ListedUnit = Unit & {
  readonly stored: boolean;
  /** Paths relative to the folder of the results (of a grid: the grid's folder). */
  readonly makes: readonly string[];
  /** Only in a grid: the name of the first run that needs it. */
  readonly run?: string;
};

/** Reads the flags that decide a run. @throws {RangeError} for flags that only `deno task reproduce` takes */
export function runFlags(
  args: string[],
  task: { own: Record<string, { type: "string" | "boolean" }>; page: string; words?: boolean },
) {
  const options = parseReproduceOptions(args, task);
  const { from, fresh, forget, dryRun, timeoutSeconds, engine } = options;
  const notebooks = options.only && selectNotebooks({ only: options.only, from: null });
  const given = {
    engine,
    only: notebooks !== null && !(notebooks.length === 1 && furtherNotebooks.includes(notebooks[0])),
    from,
    fresh,
    forget: forget.length > 0,
    "dry-run": dryRun,
    timeout: timeoutSeconds,
  };
  const wrong = Object.entries(given).find(([, value]) => value)?.[0];
  if (wrong === undefined) return { ...options, only: notebooks };
  throw new RangeError(
    `--${wrong} is a flag only of deno task reproduce: units are those of the notebooks 01 to 05, or with --only 06, 07 or 08 those of ` +
      "that notebook",
  );
}

/** Adds to each unit whether it is stored already. @param run its name in a grid */
async function listUnits(config: Config, { units }: Plan, run = ""): Promise<ListedUnit[]> {
  const store = openStore(storeFolder(config));
  const listed: ListedUnit[] = [];
  for (const unit of units) {
    const makes = [run === "" ? recordPath(unit.id) : `${run}/${recordPath(unit.id)}`];
    listed.push({ ...unit, ...run && { run }, stored: await isStored(store, unit), makes });
  }
  return listed;
}

/** The plan as text for a terminal: one line per unit or, for more than 60 units, one line per kind. */
export function planText(plan: Plan, units: readonly ListedUnit[]): string {
  const left = units.filter(({ stored }) => !stored);
  const minutes = left.reduce((sum, unit) => sum + unit.minutes, 0);
  const lines = [
    `engine   ${engineLine(plan.engine)}; bits ${
      bitsDigest(plan)
    }: a node whose \`deno task doctor\` says another`,
    "         one would compute other last bits: units refuse to run there",
    `units    ${thousands(units.length)}, of which ${thousands(units.length - left.length)} are stored`,
    `time     about ${durationText(60 * minutes)} for one process, a first guess`,
    ...plan.complete
      ? []
      : ["Parts depend on the photos' pixels: do these units, then run deno task plan again for the rest."],
  ];
  return `${units.length > 60 ? kindsTable(units) : unitsTable(units)}\n${lines.join("\n")}`;
}

function unitsTable(units: readonly ListedUnit[]): string {
  return table(units, [
    { value: ({ id }) => id.slice(0, 12), title: "id" },
    { value: "name", title: "unit" },
    { value: "images", title: "images" },
    { value: ({ stored }) => stored ? "yes" : "no", title: "stored" },
    { value: ({ needs }) => needs.length, title: "needs" },
    { value: "cores", title: "cores" },
    { value: "memory", title: "MB" },
    { value: ({ minutes }) => minutes.toFixed(1), title: "minutes", align: "right" },
  ]).text;
}

function kindsTable(units: readonly ListedUnit[]): string {
  const rows = unitKinds.flatMap((kind) => {
    const own = units.filter((unit) => unit.kind === kind);
    return own.length === 0 ? [] : [{
      ...{ kind, units: own.length, stored: own.filter(({ stored }) => stored).length },
      images: own.reduce((sum, { images }) => sum + images, 0),
      memory: Math.max(...own.map(({ memory }) => memory)),
      minutes: own.reduce((sum, { minutes }) => sum + minutes, 0).toFixed(0),
    }];
  });
  return table(rows, [
    { value: "kind", title: "kind" },
    { value: "units", title: "units" },
    { value: "stored", title: "stored" },
    { value: "images", title: "images" },
    { value: "memory", title: "MB, at most" },
    { value: "minutes", title: "minutes", align: "right" },
  ]).text;
}

function shardImagesOf(given: string | boolean | undefined): number | undefined {
  if (given === undefined) return undefined;
  const number = numberOf(`${given}`);
  if (Number.isInteger(number) && number >= 10 && number <= 100_000) return number;
  throw new RangeError(`--shard-images is a whole number from 10 to 100,000. Received: ${given}`);
}

async function run(args: string[]): Promise<void> {
  const own = { json: { type: "boolean" }, "shard-images": { type: "string" } } as const;
  const options = runFlags(args, { own, page: planUsage });
  const shardImages = shardImagesOf(options.own["shard-images"]);
  const grid = readGrid(options.grid, options.config);
  const units = new Map<string, ListedUnit>(); // runs share units: each is listed once
  let plan: Plan | undefined;
  let complete = true;
  for (const one of grid.runs) {
    const config = await withWeights(one.config, one.options);
    if (!await shareStore(grid, { config })) {
      throw new RangeError(
        `The runs of a grid share their units, so ${
          pathForCaller(storeFolder(config))
        } must be a link to the grid's own store. It is a ` +
          "folder of its own, or this disk has no links. Take another --out, or deno task reproduce --grid, which does without",
      );
    }
    plan = await makePlan(config, { shardImages, only: options.only });
    complete &&= plan.complete;
    for (const unit of await listUnits(config, plan, one.name)) {
      if (!units.has(unit.id)) units.set(unit.id, unit);
    }
  }
  const { engine, instructions } = plan!;
  const all = { engine, instructions, complete, units: [...units.values()] };
  const out = grid.folder ?? grid.runs[0].config.out;
  if (options.own.json) {
    console.log(JSON.stringify({ out, bits: bitsDigest(all), ...all }, null, 1));
    return;
  }
  console.log(planText(all, all.units));
  console.log(`results  ${pathForCaller(out)}`);
}

if (import.meta.main) await runTask(planUsage, run);
