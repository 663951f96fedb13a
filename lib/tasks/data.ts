/**
 * `deno task data`: brings HAM10000 and VGG16's weights from their official addresses into data/ (--help for flags). What is
 * there already is left as it is; an interrupted call is gone on from by the next.
 * Exit code 0; 1 where something could not be had; 2 for flags that cannot be; 130 after Ctrl-C.
 */
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createConfig } from "../config.ts";
import { megabytes } from "../support/download.ts";
import { projectRoot } from "../support/project.ts";
import type { Guest } from "./data/dataverse.ts";
import { fetchHam10000, ham10000Base } from "./data/ham10000.ts";
import { fetchWeights, weightsBase } from "./data/weights.ts";
import { endOnRequest } from "./interruption.ts";

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
59 MB) into data/. It asks nothing: it says size and licence first. Ctrl-C stops without loss; the next call goes on.

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
async function bringData(options: DataOptions): Promise<void> {
  const { out, dryRun, guest } = options;
  const found = out === null ? createConfig() : null;
  const fallback = out ?? join(projectRoot, "data");
  const failures: string[] = [];
  const step = async (folder: string, fetch: (work: string) => Promise<void>) => {
    try {
      await alone(folder, fetch);
    } catch (error) {
      failures.push((error as Error).message); // the other step may work nevertheless
    }
  };
  if (options.images) {
    const folder = found?.data ?? fallback;
    await step(
      folder,
      (work) => fetchHam10000(folder, { work, dryRun, guest, base: options.dataUrl, onNotice }),
    );
  }
  if (options.weights) {
    const folder = found?.weights ? dirname(found.weights) : fallback;
    await step(folder, (work) => fetchWeights(folder, { work, dryRun, base: options.weightsUrl, onNotice }));
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

/** Runs `fetch` with a folder for what is in progress, which stays while it holds what a later call goes on from. */
async function alone(folder: string, fetch: (work: string) => Promise<void>): Promise<void> {
  const work = join(folder, ".download");
  const path = join(work, ".lock");
  await Deno.mkdir(work, { recursive: true });
  using lock = await Deno.open(path, { create: true, write: true });
  if (!await lock.tryLock(true)) {
    throw new Error(`Another \`deno task data\` works in ${folder}. Wait for it to end.`);
  }
  inProgress = work;
  try {
    await fetch(work);
  } finally {
    inProgress = null;
    await Deno.remove(path).catch(() => {});
    await Deno.remove(work).catch(() => {}); // refused while it holds something
  }
}

/** The folder of what is in progress, for the farewell. */
let inProgress: string | null = null;

/** What a person who ends it reads. Nothing needs to be put in order: what has come is in its file already. */
function farewell(): string {
  clearLine();
  const folder = inProgress;
  if (folder === null) return "Interrupted. Running this again goes on from here.";
  const parts = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".part"));
  const bytes = parts.reduce((sum, { name }) => sum + Deno.statSync(join(folder, name)).size, 0);
  return `Interrupted. ${megabytes(bytes)} are kept in ${folder}; running this again goes on from there.`;
}

/** Takes the progress line away, which stands on stderr. */
function clearLine(): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
}

function onNotice(message: string): void {
  clearLine();
  console.log(message);
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

if (import.meta.main) {
  endOnRequest(farewell);
  try {
    const options = parseDataOptions(Deno.args);
    if (options.help) console.log(usage);
    else await bringData(options);
    Deno.exit(0);
  } catch (error) {
    clearLine();
    console.error((error as Error).message);
    Deno.exit(error instanceof RangeError ? 2 : 1);
  }
}
