/**
 * `deno run -A tests/interruptions/many.ts [--moments 60] [--chain 2] [--seed 0] [--full]`: stops runs at random moments, half by
 * Ctrl+C and half by SIGKILL, `chain` times before a run may go on to its end, and compares what it ends with to an unbroken run.
 * Prints a table; exit code 1 where anything differs. `--full`: the whole smoke run in place of the small one.
 */
import { parseArgs } from "node:util";
import { randomFor } from "../../lib/support/random.ts";
import { makePlace, resultsOf, smallConfig, startRun, survivors, unfinished } from "./run.ts";

const { values } = parseArgs({
  options: {
    moments: { type: "string", default: "60" },
    chain: { type: "string", default: "2" },
    seed: { type: "string", default: "0" },
    full: { type: "boolean", default: false },
  },
});
const [moments, chain, seed] = [Number(values.moments), Number(values.chain), Number(values.seed)];
const random = randomFor(seed, "moments");

await using place = await makePlace(values.full ? { preset: "smoke" } : smallConfig);
const unbroken = await startRun(place, "unbroken").ended;
if (unbroken.code !== 0) throw new Error(unbroken.text);
const expected = JSON.stringify(await resultsOf(place, "unbroken"));
console.log(`unbroken run: ${unbroken.seconds.toFixed(1)} s`);
console.log(
  "moment  signal     after s  in notebook               exit  kernel gone  end: same bytes  no .tmp",
);

let wrong = 0;
let within = 0; // moments at which a run was under way
for (let moment = 1; moment <= moments;) {
  const out = `chain-${moment}`;
  const rows: string[] = [];
  let fine = true;
  let limit = unbroken.seconds;
  for (let link = 0; link < chain && moment <= moments; link++, moment++) {
    const signal = random() < 0.5 ? "SIGINT" : "SIGKILL";
    const seconds = random() * limit;
    const run = startRun(place, out);
    const timer = setTimeout(() => run.signal(signal), seconds * 1000);
    const { code, text } = await run.ended;
    clearTimeout(timer);
    const left = await survivors(place);
    const notebook = text.match(/^\d\d_\w+(?= +(not run|changed|.* is missing))/gm)?.at(-1) ?? "–";
    const told = signal === "SIGKILL" || code !== 130 || /Stopped\..*The same command continues/.test(text);
    const asExpected = code === 0 || code === (signal === "SIGINT" ? 130 : 137);
    if (code !== 0) within++;
    if (left.length > 0 || !told || !asExpected) fine = false;
    rows.push(
      `${String(moment).padStart(6)}  ${signal.padEnd(9)}  ${seconds.toFixed(2).padStart(7)}  ` +
        `${notebook.padEnd(24)}  ${String(code).padStart(4)}  ${left.length === 0 ? "yes" : `NO ${left}`}${
          told ? "" : " NOT TOLD"
        }`,
    );
    limit -= (text.match(/done in/g)?.length ?? 0) * unbroken.seconds / 5; // what is left of the run
  }
  const { code, text } = await startRun(place, out).ended;
  const same = code === 0 && JSON.stringify(await resultsOf(place, out)) === expected;
  const clean = unfinished(place, out).length === 0;
  if (!same || !clean) fine = false;
  if (!fine) wrong++;
  for (const row of rows) console.log(`${row.padEnd(64)}  ${same ? "yes" : "NO"}  ${clean ? "yes" : "NO"}`);
  if (!fine) console.log(text);
  else await Deno.remove(`${place.folder}/${out}`, { recursive: true });
}
console.log(`${moments} moments, ${within} of them during a run; ${wrong} chains of ${chain} went wrong`);
if (wrong > 0) Deno.exitCode = 1;
