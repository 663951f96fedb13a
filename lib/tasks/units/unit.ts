/** `deno task unit`: does one unit of a plan, or one job's share of the units of a kind. `unitUsage` lists the flags. */
import { type Config, storeFolder } from "../../config.ts";
import { cpuInstructions } from "../../support/engine/engine_choice.ts";
import { bitsDigest, engineLine, expectedEngine } from "../../support/engine/expected_engine.ts";
import { openStore, type Store } from "../../support/store.ts";
import { pathForCaller, runTask } from "../caller.ts";
import { readGrid } from "../grid/grid.ts";
import { chooseUnits } from "./choose.ts";
import { runFlags } from "./plan.ts";
import { isStored, type Plan, readPlan } from "./records.ts";
import type { Unit } from "./units.ts";
import { doUnit } from "./work.ts";

export const unitUsage = `deno task unit ID [flags]
deno task unit --kind KIND [--shard K/N] [flags]

Does one unit of work of a plan, alone: make the plan first, with deno task plan and the same flags.
Several units may run at once, on any machines that see the run's folder. If two processes get the
same unit, one does it and the other waits. A unit that is stored already takes no time. A result is
written completely or not at all, with the same bytes on every machine.

  ID               the unit's id in the plan; its first 8 digits or more
  --kind KIND      decode, near-duplicates (where parts are divided by them), activations,
                   training, evaluation or official, or of the notebooks 06 to 08 study, crossover
                   or honest: all units of that kind
  --shard K/N      the K-th of N parts of them, K from 1 to N. Default: the job's index in its array
                   (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX of Kubernetes, or
                   AWS_BATCH_JOB_ARRAY_INDEX). If the array's size is unknown, job I does unit I
  --other-cpu      compute although the processor has other instructions than the plan's: the last
                   bits may then differ
  --help           this page

All flags of deno task reproduce that decide a run are taken, --grid too, as deno task plan takes
them.

Exit codes: 0 done, or nothing to do; 75 stopped by SIGTERM: results so far are stored (for a
training, a checkpoint), and the same command continues and gives the same bits; 130 the same by
Ctrl-C; 1 it cannot be done, such as when a unit that it needs is not stored; 2 the call cannot be
carried out, such as on another engine or number of threads than the plan's.
`;

/** EX_TEMPFAIL of sysexits.h, a temporary failure: schedulers can then requeue the job. */
const goOn = 75;

interface Planned {
  readonly config: Config;
  readonly store: Store;
  readonly plan: Plan;
  readonly unit: Unit;
}

/** The error with which a training ends after a signal to stop. */
class Stopped extends Error {}

/**
 * Sets the plan's number of threads, if the environment sets none, and checks that the plan's engine will compute here.
 *
 * @throws {RangeError} if engine or processor would give other last bits than the plan's, with what differs and what to do
 */
export async function pinEngine(plan: Plan, { otherCpu }: { otherCpu: boolean }): Promise<void> {
  const threads = "TF_NUM_INTRAOP_THREADS";
  if (plan.engine.name === "tfjs-node" && !Deno.env.get(threads)) {
    Deno.env.set(threads, String(plan.engine.threads));
  }
  const engine = await expectedEngine();
  if (engineLine(engine) !== engineLine(plan.engine)) {
    const advice = engine.threads !== plan.engine.threads && plan.engine.name === engine.name
      ? `Unset ${threads}, or set it to ${plan.engine.threads}`
      : "deno task doctor says which engine computes here, and why";
    throw new RangeError(
      `The plan is for ${engineLine(plan.engine)}. Another engine gives different last bits. ${advice}, or ` +
        `make a new plan here. Received: ${engineLine(engine)}`,
    );
  }
  const instructions = cpuInstructions();
  if (instructions === plan.instructions || otherCpu) return;
  const [lacking, more] = [[plan.instructions, instructions], [instructions, plan.instructions]]
    .map(([some, others]) =>
      some.split(" ").filter((one) => !others.split(" ").includes(one)).join(", ") || "none"
    );
  throw new RangeError(
    `The plan was made on a processor with other instructions (bits ${
      bitsDigest(plan)
    }), and the last bits depend on them. Lacking ` +
      `here: ${lacking}; only here: ${more}. Let the scheduler choose nodes of one kind (Slurm: --constraint), or use ` +
      "--other-cpu: results are then close but not identical",
  );
}

/** Kinds of units that train. When stopped, they first write a checkpoint. */
const trainingKinds: readonly string[] = ["training", "crossover", "study", "honest"];

/** Milliseconds that a stopped unit has for its checkpoint. Slurm kills a process 30 seconds after asking. */
const patience = 25_000;

async function run(args: string[]): Promise<number> {
  const own = {
    ...{ kind: { type: "string" }, shard: { type: "string" } } as const,
    "other-cpu": { type: "boolean" } as const,
  };
  const options = runFlags(args, { own, page: unitUsage, words: true });
  const [id] = options.words;
  if (options.words.length > 1) throw new RangeError(`Name one unit. Received: ${options.words.join(" ")}`);
  const grid = readGrid(options.grid, options.config);
  const planned = new Map<string, Planned>();
  for (const { config } of grid.runs) {
    const store = openStore(storeFolder(config));
    const plan = await readPlan(store, config, options);
    if (plan === null) {
      throw new RangeError(
        `${
          pathForCaller(config.out)
        } has no plan for these flags. Make it first: deno task plan, with the same flags`,
      );
    }
    for (const unit of plan.units) {
      if (!planned.has(unit.id)) planned.set(unit.id, { config, store, plan, unit });
    }
  }
  const { kind, shard } = options.own as { kind?: string; shard?: string };
  const all = [...planned.values()].map(({ unit }) => unit);
  const units = chooseUnits(all, { id, kind, shard }, Deno.env.toObject());
  if (kind && !all.some((unit) => unit.kind === kind)) {
    console.log(`The plan has no unit of the kind ${kind}.`);
  }
  for (const unit of units) { // decoding and stored units need no engine
    const { store, plan } = planned.get(unit.id)!;
    if (unit.kind === "decode" || await isStored(store, unit)) continue;
    await pinEngine(plan, { otherCpu: options.own["other-cpu"] === true });
    break;
  }

  const stop = new AbortController();
  let [code, training] = [0, false];
  const end = (signal: "SIGTERM" | "SIGINT") => {
    code = signal === "SIGTERM" ? goOn : 130;
    if (training) {
      Deno.unrefTimer(setTimeout(() => Deno.exit(code), patience)); // if the work before the training takes longer
      return stop.abort(new Stopped());
    }
    console.error("Stopped; what was computed is stored.");
    Deno.exit(code); // other units lose at most one batch
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    if (signal === "SIGINT" || Deno.build.os !== "windows") Deno.addSignalListener(signal, () => end(signal));
  }
  for (const unit of units) {
    training = trainingKinds.includes(unit.kind);
    const began = Date.now();
    try {
      const { config, store, plan } = planned.get(unit.id)!;
      const result = await doUnit(config, store, { plan, unit, signal: stop.signal });
      const took = result === "done"
        ? `done in ${((Date.now() - began) / 1000).toFixed(1)} s`
        : "stored already";
      console.log(`${unit.id.slice(0, 12)}  ${unit.name}: ${took}`);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      console.error(`Stopped with a checkpoint: ${unit.name}. The same command continues from there.`);
      return code;
    }
    training = false;
  }
  return 0;
}

if (import.meta.main) await runTask(unitUsage, run);
