/**
 * Program: this project's speed beside its peers', on the same inputs, in one run on one machine.
 *
 * All programs stay loaded; each round runs them one after the other, every round beginning with another one, and ratios are
 * taken within a round. First every peer's results are compared with ours. Writes `outputs/bench.json`.
 */
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { writeAtomic } from "../../lib/atomic.ts";
import { projectRoot } from "../../lib/config.ts";
import { pythonWithPeers } from "./environment.ts";
import { type Case, prepareFeatures } from "./features.ts";
import { type Peer, startPeer } from "./peer.ts";
import { measureQuickRun, quickLimitSeconds } from "./quick_run.ts";
import { alignedTable, median, speedRatio } from "./statistics.ts";

const help = `deno task bench [flags]

  --images N      images in a pass (default 256)
  --rounds N      rounds (default 7)
  --data FOLDER   HAM10000; otherwise noise images
  --weights FILE  Keras' VGG16 weights; otherwise seeded random ones
  --python FILE   an interpreter that has tests/bench/requirements.txt; otherwise data/bench-venv is made
  --quick         also a whole quick run (needs --data and --weights; some minutes)
  --out FILE      default outputs/bench.json
`;

/** Results of one case. */
interface CaseResult {
  name: string;
  peers: {
    name: string;
    version: string;
    note: string;
    seconds: number[];
    imagesPerSecond: number;
    error: number;
  }[];
  targets: { peer: string; atLeast: number; ratio: number; pass: boolean }[];
}

/** Largest |Δ| / largest |ours| at which two programs have computed the same. Half floats, as stored, are within 2⁻¹¹. */
const tolerance = 1e-3;

const { values: flags } = parseArgs({
  options: {
    images: { type: "string", default: "256" },
    rounds: { type: "string", default: "7" },
    data: { type: "string" },
    weights: { type: "string" },
    python: { type: "string" },
    out: { type: "string", default: join(projectRoot, "outputs", "bench.json") },
    quick: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  },
});
if (flags.help) {
  console.log(help);
  Deno.exit(0);
}
const images = positive("images", flags.images);
const rounds = positive("rounds", flags.rounds);
const python = flags.python ?? await pythonWithPeers(join(projectRoot, "data", "bench-venv"));
const folder = await Deno.makeTempDir({ prefix: "bench" });
const machine = {
  cpu: cpus()[0]?.model ?? "unknown",
  cores: navigator.hardwareConcurrency,
  loadBefore: loadavg()[0],
};
console.log(
  `${machine.cpu}, ${machine.cores} cores, load ${machine.loadBefore.toFixed(2)} before the first round`,
);
if (machine.loadBefore > 0.5) {
  console.log("Other work is running: it will show in the times, less in the ratios.");
}
try {
  const cases = [
    await prepareFeatures(folder, {
      images,
      data: flags.data ?? null,
      weights: flags.weights ?? null,
      python,
    }),
  ];
  const results: CaseResult[] = [];
  for (const each of cases) results.push(await runCase(each));
  const inputs = { images, photos: flags.data !== undefined, weights: flags.weights ? "given" : "random" };
  const quick = flags.quick ? await runQuick(results[0].peers[0].imagesPerSecond) : null;
  const path = resolve(flags.out);
  await writeAtomic(path, JSON.stringify({ machine, inputs, rounds, cases: results, quick }, null, 2) + "\n");
  console.log(`\nWritten to ${path}`);
  const failed = results.some(({ targets }) => targets.some(({ pass }) => !pass)) || quick?.pass === false;
  if (failed) Deno.exitCode = 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function runCase({ name, programs, targets }: Case): Promise<CaseResult> {
  await using stack = new AsyncDisposableStack();
  const peers: Peer[] = [];
  for (const program of programs) peers.push(stack.use(await startPeer(program)));
  const errors = await compareResults(peers);
  const seconds: number[][] = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < peers.length; turn++) {
      const who = (round + turn) % peers.length;
      seconds[who].push(await peers[who].go());
    }
  }
  const result: CaseResult = {
    name,
    peers: peers.map(({ name, introduction: { version, note } }, who) => ({
      name,
      version,
      note,
      seconds: seconds[who],
      imagesPerSecond: images / median(seconds[who]),
      error: errors[who],
    })),
    targets: targets.map(({ peer, atLeast }) => {
      const ratio = speedRatio(seconds[0], seconds[peers.findIndex(({ name }) => name === peer)]);
      return { peer, atLeast, ratio, pass: ratio >= atLeast };
    }),
  };
  report(result);
  return result;
}

/** The whole way from photos to rendered notebooks: within the time that the measured speed allows, and under 4 GB. */
async function runQuick(imagesPerSecond: number) {
  if (!flags.data || !flags.weights) {
    throw new RangeError("--quick needs --data and --weights. Received: not both");
  }
  const { seconds, gigabytes } = await measureQuickRun(flags.data, flags.weights);
  const limit = quickLimitSeconds(imagesPerSecond);
  const pass = seconds <= limit && (gigabytes === null || gigabytes < 4);
  console.log(
    `\n${pass ? "PASS" : "FAIL"}  quick run: ${seconds.toFixed(0)} s of at most ${limit.toFixed(0)} s, ` +
      `${gigabytes?.toFixed(1) ?? "?"} GB of less than 4 GB`,
  );
  return { seconds, limit, gigabytes, pass };
}

/** max |Δ| / max |ours| of each program's results against the first's. */
async function compareResults(peers: Peer[]): Promise<number[]> {
  const results: Float32Array[] = [];
  for (const [i, peer] of peers.entries()) {
    const path = join(folder, `result_${i}.f32`);
    await peer.write(path);
    results.push(new Float32Array((await Deno.readFile(path)).buffer));
  }
  const [ours] = results;
  const largest = ours.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return results.map((theirs, i) => {
    const error = ours.reduce((max, value, j) => Math.max(max, Math.abs(theirs[j] - value)), 0) / largest;
    if (theirs.length === ours.length && error <= tolerance) return error;
    throw new Error(
      `${peers[i].name} should compute what ${
        peers[0].name
      } does, ${ours.length} values within ${tolerance}. ` +
        `Received: ${theirs.length} values, difference ${error}`,
    );
  });
}

function report({ name, peers, targets }: CaseResult): void {
  const rows = peers.map((peer) => [
    peer.name,
    peer.imagesPerSecond.toFixed(1),
    (images / Math.min(...peer.seconds)).toFixed(1),
    speedRatio(peers[0].seconds, peer.seconds).toFixed(2),
    peer.error.toExponential(1),
  ]);
  const header = [name, "images/s, median", "best", "ours is × as fast", "difference"];
  console.log("\n" + alignedTable([header, ...rows]) + "\n");
  for (const peer of peers) console.log(`${peer.name}: ${peer.version}; ${peer.note}`);
  console.log();
  for (const { peer, atLeast, ratio, pass } of targets) {
    console.log(`${pass ? "PASS" : "FAIL"}  at least ${atLeast} × ${peer}: ${ratio.toFixed(2)}`);
  }
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`--${flag} is a whole number of at least 1. Received: ${text}`);
}
