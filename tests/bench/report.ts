/** What the benchmark prints of its results. */
import type { CaseResult } from "./case.ts";
import { alignedTable, speedRatio } from "./statistics.ts";

/** A table of the programs, what each of them is, and the targets. */
export function reportCase({ name, images, peers, targets }: CaseResult): void {
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
    reportTarget(pass, `at least ${atLeast} × ${peer}: ${ratio.toFixed(2)}`);
  }
}

export function reportTarget(pass: boolean, text: string): void {
  console.log(`${pass ? "PASS" : "FAIL"}  ${text}`);
}
