/** What the benchmark prints of its results. */
import type { CaseResult } from "./case.ts";
import { alignedTable, speedRatio } from "./statistics.ts";

/** A table of the programs, and what each of them is. */
export function reportCase({ name, precision, images, peers }: CaseResult): void {
  const rows = peers.map((peer) => [
    peer.name,
    peer.imagesPerSecond.toFixed(1),
    (images / Math.min(...peer.seconds)).toFixed(1),
    speedRatio(peers[0].seconds, peer.seconds).toFixed(2),
    peer.error.toExponential(1),
  ]);
  const header = [
    precision === "float32" ? name : `${name}, ${precision}`,
    "images/s, median",
    "best",
    "ours is × as fast",
    "difference",
  ];
  console.log("\n" + alignedTable([header, ...rows]) + "\n");
  for (const peer of peers) console.log(`${peer.name}: ${peer.version}; ${peer.note}`);
  console.log();
}

export function reportTarget(pass: boolean, text: string): void {
  console.log(`${pass ? "PASS" : "FAIL"}  ${text}`);
}
