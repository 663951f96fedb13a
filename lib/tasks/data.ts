/**
 * `deno task data`: downloads HAM10000, VGG16's weights and, if asked, the official test set of ISIC 2018 from their official
 * addresses into data/ (--help for flags). Existing files stay as they are. The next call continues an interrupted one.
 * Exit code 0: done. 1: something could not be downloaded. 2: a flag is wrong. 130: stopped by Ctrl-C.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { findWeights } from "../config.ts";
import { findData, officialTestFolder } from "../metadata_file.ts";
import { megabytes } from "../support/download.ts";
import { projectRoot } from "../support/project.ts";
import { lockFile } from "../support/system_lock.ts";
import { checkPaths, endOnRequest, parseFlags, pathForCaller, runTask } from "./caller.ts";
import type { Guest } from "./data/dataverse.ts";
import { fetchPhotos, ham10000, ham10000Base, isic2018Test, type PhotoSet } from "./data/ham10000.ts";
import type { FetchOptions } from "./data/item.ts";
import { fetchWeights, weightsBase } from "./data/weights.ts";

const usage = `deno task data [flags]

Downloads the photos (HAM10000, doi:10.7910/DVN/DBW86T, CC BY-NC 4.0, about 3 GB) and VGG16's
ImageNet weights (CC BY 4.0, 59 MB) into data/. It asks nothing: it says size and licence first.
You can stop it with Ctrl-C at any time; the next call continues where it stopped.

  --out FOLDER        where they go (default: data/)
  --only WHAT         images, weights or test (default: images and weights)
  --with test         bring the official test set of ISIC 2018 Task 3, too: about 1,500 photos from
                      the same place, into isic2018_test of that folder
  --dry-run           say what would be downloaded and how large it is; download nothing
  --data-url URL      a mirror with a Dataverse's API
                      (default: ${ham10000Base})
  --weights-url URL   a mirror of the weight file's folder
                      (default: ${weightsBase})
  --name, --email, --institution, --position TEXT
                      who you are: give all four. They are sent to the Dataverse only if the
                      depositor asks who downloads
  --help              this page

Behind a proxy: set HTTPS_PROXY.

Exit codes: 0 all is there; 1 something could not be downloaded; 2 a flag is not valid; 130 stopped
by Ctrl-C.
`;

/** What the flags ask for; addresses have no slash at their end. @throws {RangeError} for an invalid flag or value */
export function parseDataOptions(args: string[]) {
  const text = { type: "string" } as const;
  const flags = {
    out: text,
    only: text,
    with: text,
    "data-url": { ...text, default: ham10000Base },
    "weights-url": { ...text, default: weightsBase },
    name: text,
    email: text,
    institution: text,
    position: text,
    "dry-run": { type: "boolean", default: false },
  } as const;
  const { values } = parseFlags({ args, options: flags }, usage);
  const { out, only, name, email, institution, position } = values;
  if (only !== undefined && !["images", "weights", "test"].includes(only)) {
    throw new RangeError(`--only is images, weights or test. Received: ${only}`);
  }
  if (values.with !== undefined && values.with !== "test") {
    throw new RangeError(`--with is test. Received: ${values.with}`);
  }
  checkPaths(values, "out");
  const told = [name, email, institution, position].filter((value) => value?.trim()).length;
  if (told !== 0 && told !== 4) {
    throw new RangeError("--name, --email, --institution and --position go together. Received: some of them");
  }
  return {
    /** Null: the folder that holds data already, else data/. */
    out: out === undefined ? null : resolve(out),
    images: only === undefined || only === "images",
    weights: only === undefined || only === "weights",
    test: only === "test" || values.with === "test",
    dataUrl: address("--data-url", values["data-url"]),
    weightsUrl: address("--weights-url", values["weights-url"]),
    guest: told === 0 ? null : { name, email, institution, position } as Guest,
    dryRun: values["dry-run"],
  };
}

function address(flag: string, text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? "")) {
    throw new RangeError(`${flag} is an address that begins with https://. Received: ${text}`);
  }
  return text.replace(/\/+$/, "");
}

/** Downloads what the options name. If the photos fail, the weights are still tried. */
async function bringData(options: ReturnType<typeof parseDataOptions>): Promise<void> {
  const { out, dryRun, guest, dataUrl, weightsUrl } = options;
  const fallback = out ?? join(projectRoot, "data");
  const failures: string[] = [];
  const bring = async (path: string, fetch: (folder: string, options: FetchOptions) => Promise<void>) => {
    const folder = pathForCaller(path); // so each message names it as the caller would
    await alone(folder, (work) => fetch(folder, { work, dryRun, onNotice })).catch(({ message }) =>
      failures.push(message)
    );
  };
  const bringPhotos = (set: PhotoSet, folder: string) =>
    bring(folder, (folder, more) => fetchPhotos(set, folder, { ...more, base: dataUrl, guest }));
  if (options.images) await bringPhotos(ham10000, out ?? findData() ?? fallback);
  if (options.test) await bringPhotos(isic2018Test, join(fallback, officialTestFolder));
  if (options.weights) {
    const weights = out === null ? findWeights() : null;
    const folder = weights === null ? fallback : dirname(weights);
    await bring(folder, (folder, more) => fetchWeights(folder, { ...more, base: weightsUrl }));
  }
  if (failures.length > 0) throw new Error(failures.join("\n"));
}

/** The folder of unfinished downloads, for `farewell`. */
let inProgress: string | null = null;

/** Runs `fetch` with a folder for unfinished downloads, which stays if it is not empty. @throws {Error} if another call uses it */
async function alone(folder: string, fetch: (work: string) => Promise<void>): Promise<void> {
  const work = join(folder, ".download");
  const isNew = !existsSync(folder);
  await Deno.mkdir(work, { recursive: true });
  const path = join(work, ".lock");
  const lock = await lockFile(path);
  if (!lock) throw new Error(`Another \`deno task data\` works in ${folder}. Wait for it to end.`);
  inProgress = work;
  try {
    await fetch(work);
  } finally {
    inProgress = null;
    clearLine();
    await Deno.remove(path).catch(() => {}); // first: else another process could lock the file that then goes
    lock[Symbol.dispose]();
    for (const empty of isNew ? [work, folder] : [work]) await Deno.remove(empty).catch(() => {}); // fails while it holds something
  }
}

/** The message when the task is stopped. Nothing needs saving: downloaded bytes are in their files already. */
function farewell(): string {
  clearLine();
  const folder = inProgress;
  if (folder === null) return "Interrupted. Running this again goes on from here.";
  const parts = [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".part"));
  const bytes = parts.reduce((sum, { name }) => sum + Deno.statSync(join(folder, name)).size, 0);
  return `Interrupted. ${megabytes(bytes)} are kept in ${folder}; running this again continues from there.`;
}

/** Clears the progress line, which is on stderr. */
function clearLine(): void {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
}

function onNotice(message: string): void {
  clearLine();
  console.log(message);
}

if (import.meta.main) {
  endOnRequest(farewell);
  await runTask(usage, (args) => bringData(parseDataOptions(args)));
}
