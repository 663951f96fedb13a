/** One comparison: the programs that take part, and their rounds. */
import { join } from "node:path";
import type { Precision } from "../../lib/config.ts";
import { type Peer, type PeerProgram, startPeer } from "./peer.ts";
import { median, speedRatio } from "./statistics.ts";
import { targetsOf } from "./targets.ts";

export interface Case {
  /** Its targets stand under this name. */
  readonly name: string;
  /** What convolutions compute in. Default: `float32`. */
  readonly precision?: Precision;
  /** Images that a pass computes. */
  readonly images: number;
  /** The first is ours. */
  readonly programs: readonly PeerProgram[];
  /** Largest |Δ| / largest |ours| at which two programs have computed the same. Default: 1e-3; half floats, as stored, are within 2⁻¹¹. */
  readonly tolerance?: number;
}

export interface CaseResult {
  readonly name: string;
  readonly precision: Precision;
  readonly images: number;
  readonly peers: readonly PeerResult[];
  readonly targets: readonly { peer: string; atLeast: number; ratio: number; pass: boolean }[];
}

export interface PeerResult {
  readonly name: string;
  readonly version: string;
  readonly note: string;
  /** Of each round. */
  readonly seconds: readonly number[];
  /** At the median. */
  readonly imagesPerSecond: number;
  /** max |Δ| / max |ours| of its results. */
  readonly error: number;
}

/** Whether a program is another's than ours: those of ours are "this project" and what begins with "…". */
export function isPeer(name: string): boolean {
  return name !== "this project" && !name.startsWith("…");
}

/**
 * Starts a case's programs, compares their results, and lets them take turns: every round begins with another one.
 *
 * @param folder where the programs write their results
 * @throws {Error} if a program fails, or computes something else than ours
 */
export async function runCase(
  { name, precision = "float32", images, programs, tolerance = 1e-3 }: Case,
  { rounds, folder }: { rounds: number; folder: string },
): Promise<CaseResult> {
  await using stack = new AsyncDisposableStack();
  const peers: Peer[] = [];
  for (const program of programs) peers.push(stack.use(await startPeer(program)));
  const errors = await compareResults(peers, folder, tolerance);
  const seconds: number[][] = peers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < peers.length; turn++) {
      const who = (round + turn) % peers.length;
      seconds[who].push(await peers[who].go());
    }
  }
  const ratios = seconds.map((theirs) => speedRatio(seconds[0], theirs));
  return {
    ...{ name, precision, images },
    peers: peers.map(({ name, introduction: { version, note } }, who) => ({
      ...{ name, version, note, seconds: seconds[who], error: errors[who] },
      imagesPerSecond: images / median(seconds[who]),
    })),
    targets: targetsOf(name, precision).flatMap(({ peer, atLeast }) => {
      const rivals = peers.flatMap(({ name }, who) =>
        (peer === null ? isPeer(name) : name === peer) ? [ratios[who]] : []
      );
      if (rivals.length === 0) return []; // it takes no part here
      const ratio = Math.min(...rivals);
      return [{ peer: peer ?? "the fastest peer", atLeast, ratio, pass: ratio >= atLeast }];
    }),
  };
}

/** max |Δ| / max |ours| of each program's results against the first's. */
async function compareResults(
  peers: readonly Peer[],
  folder: string,
  tolerance: number,
): Promise<number[]> {
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
