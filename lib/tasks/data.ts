/**
 * `deno task data`: brings HAM10000 and VGG16's weights from their official addresses into data/ (--help for flags). What is
 * there already is left as it is; an interrupted call is gone on from by the next.
 * Exit code 0; 1 where something could not be had; 2 for flags that cannot be; 130 after Ctrl-C.
 */
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createConfig } from "../config.ts";
import { projectRoot } from "../support/project.ts";
import type { Guest } from "../support/download/dataverse.ts";
import { fetchHam10000, ham10000Base } from "../support/download/fetch_ham10000.ts";
import { fetchWeights, weightsBase } from "../support/download/fetch_weights.ts";
import { terminalLine } from "../support/notebook/terminal_line.ts";

export interface DataOptions {
  /** Null: where data is already, else data/. */
  readonly out: string | null;
  readonly images: boolean;
  readonly weights: boolean;
  /** Addresses without slash at their end. */
  readonly dataUrl: string;
  readonly weightsUrl: string;
  readonly guest: Guest | null;
  readonly dryRun: boolean;
  readonly help: boolean;
}

export const usage = `deno task data [flags]

Brings the photos (HAM10000, doi:10.7910/DVN/DBW86T, CC BY-NC 4.0, about 3 GB) and VGG16's ImageNet weights (CC BY 4.0,
59 MB) into data/. Nothing is asked: size and licence are said first, Ctrl-C stops without loss, the next call goes on.

  --out FOLDER        where they go (default: data/)
  --only WHAT         images or weights (default: both)
  --dry-run           say what would be downloaded and how much; download nothing
  --data-url URL      a mirror with a Dataverse's API (default: ${ham10000Base})
  --weights-url URL   a mirror of the weight file's folder (default: ${weightsBase})
  --name, --email, --institution, --position TEXT
                      who you are; sent to the Dataverse only if the depositor asks who downloads, all four then
  --help              this page

Behind a proxy: set HTTPS_PROXY.
`;

/** @throws {RangeError} for a flag or value that cannot be, with what was expected */
export function parseDataOptions(args: string[]): DataOptions {
  const values = parseOrTeach(args);
  const { only, name, email, institution, position } = values;
  if (only !== undefined && only !== "images" && only !== "weights") {
    throw new RangeError(`--only is images or weights. Received: ${only}`);
  }
  const guest = [name, email, institution, position].filter((value) => value?.trim());
  if (guest.length !== 0 && guest.length !== 4) {
    throw new RangeError("--name, --email, --institution and --position go together. Received: some of them");
  }
  return {
    out: values.out === undefined ? null : resolve(values.out),
    images: only !== "weights",
    weights: only !== "images",
    dataUrl: address("--data-url", values["data-url"] ?? ham10000Base),
    weightsUrl: address("--weights-url", values["weights-url"] ?? weightsBase),
    guest: guest.length === 0 ? null : { name, email, institution, position } as Guest,
    dryRun: values["dry-run"] ?? false,
    help: values.help ?? false,
  };
}

/** Brings what the options name; one call at a time works in a folder. */
export async function bringData(options: DataOptions, signal: AbortSignal): Promise<void> {
  const line = terminalLine({ stream: Deno.stdout });
  const found = options.out === null ? createConfig() : null;
  const fallback = options.out ?? join(projectRoot, "data");
  const steps = [
    options.images && {
      folder: found?.data ?? fallback,
      fetch: fetchHam10000,
      more: { base: options.dataUrl, guest: options.guest },
    },
    options.weights && {
      folder: found?.weights ? dirname(found.weights) : fallback,
      fetch: fetchWeights,
      more: { base: options.weightsUrl },
    },
  ];
  const failures: string[] = [];
  for (const step of steps) {
    if (!step) continue;
    const { folder, fetch, more } = step;
    try {
      await alone(folder, (work) => fetch(folder, { line, work, signal, dryRun: options.dryRun, ...more }));
    } catch (error) {
      if (signal.aborted) throw error;
      failures.push((error as Error).message); // the other step may work nevertheless
    }
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

/** Runs `step` with a folder for what is in progress, which stays while it holds what a later call goes on from. */
async function alone(folder: string, step: (work: string) => Promise<void>): Promise<void> {
  const work = join(folder, ".download");
  await Deno.mkdir(work, { recursive: true });
  const path = join(work, ".lock");
  using lock = await Deno.open(path, { create: true, write: true });
  if (!await lock.tryLock(true)) {
    throw new Error(`Another \`deno task data\` works in ${folder}. Wait for it to end.`);
  }
  try {
    await step(work);
  } finally {
    await Deno.remove(path).catch(() => {});
    await Deno.remove(work).catch(() => {}); // refused while it holds something
  }
}

function address(flag: string, text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`${flag} is an address that begins with https://. Received: ${text}`);
  }
  return text.replace(/\/+$/, "");
}

function parseOrTeach(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    out: text,
    only: text,
    "data-url": text,
    "weights-url": text,
    name: text,
    email: text,
    institution: text,
    position: text,
    "dry-run": flag,
    help: flag,
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new RangeError(`${(error as Error).message}\n\n${usage}`, { cause: error });
  }
}

/** A signal for the first Ctrl-C; the second ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];
  const stop = () => {
    for (const name of signals) Deno.removeSignalListener(name, stop);
    controller.abort(new Error("Interrupted. Running this again goes on from here."));
  };
  for (const name of signals) Deno.addSignalListener(name, stop);
  return controller.signal;
}

if (import.meta.main) {
  const signal = interruption();
  try {
    const options = parseDataOptions(Deno.args);
    if (options.help) console.log(usage);
    else await bringData(options, signal);
    Deno.exit(0);
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(signal.aborted ? 130 : error instanceof RangeError ? 2 : 1);
  }
}
