/** `deno task report`: makes a run's notebooks without photos, a summary and a web site; see `usage`. */
import { join, resolve } from "node:path";
import { projectRoot } from "../support/project.ts";
import { checkPaths, parseFlags, pathForCaller, runTask } from "./caller.ts";
import { publish } from "./report/publish.ts";
import { writeSite } from "./report/site.ts";

const usage = `deno task report [flags]

Turns executed notebooks into a web site: a first page with the results and a page for each
notebook, for screen and paper, light and dark. It opens from a disk and needs no network. This
task computes no results.

Without flags: the site of the committed report, in outputs/report/site.

  --run FOLDER   a run of yours, such as outputs/quick. Its notebooks without photos, results.json
                 and a summary.md are copied to FOLDER/report, and the site is made from them in
                 FOLDER/report/site
  --out FOLDER   where they go instead; outputs/report is what is committed
  --help         this page

Exit codes: 0 done; 1 a notebook is damaged or shows a photo, or the report cannot be written; 2 a
flag is not valid, or the folder holds no executed notebook.
`;

if (import.meta.main) await runTask(usage, report);

async function report(args: string[]): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseFlags({ args, options: { run: text, out: text } }, usage);
  checkPaths(values, "run", "out");
  const committed = join(projectRoot, "outputs", "report");
  const run = values.run === undefined ? null : resolve(values.run);
  const target = values.out ? resolve(values.out) : run ? join(run, "report") : committed;
  if (run) console.log(`${describe(await publish(run, target))} → ${pathForCaller(target)}`);
  const site = join(target, "site");
  await writeSite(run ?? committed, site); // not from the target, which may hold files of an earlier report
  console.log(`Open ${pathForCaller(join(site, "index.html"))} in a browser.`);
}

/** Names the files of the folder itself, and counts those of studies and trainings. */
function describe(names: string[]): string {
  const own = names.filter((name) => !name.includes("/"));
  const records = names.length - own.length;
  return own.join(", ") + (records > 0 ? ` and ${records} records of studies and trainings` : "");
}
