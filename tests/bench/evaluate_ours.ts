/** This project as a competitor in evaluation (see peer.ts): `deno run -A evaluate_ours.ts FOLDER metrics|bootstrap`. */
import { join } from "node:path";
import { groupBootstrapInterval } from "../../lib/evaluation/intervals.ts";
import { argmaxRows, evaluate, rightAnswers } from "../../lib/evaluation/metrics.ts";
import { answer } from "./answer.ts";
import { readFloats } from "./inputs.ts";
import { answered } from "./stages.ts";

const [folder, what] = Deno.args;
const truth = await Deno.readFile(join(folder, "truth.u8"));
const answers = await readFloats(join(folder, "answers.f32"));
const lesions = Array.from(await readFloats(join(folder, "lesions.f32")), String);

function metrics(): Float32Array {
  const { accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss } = evaluate(
    truth,
    answers,
    answered.classes,
  );
  return Float32Array.of(accuracy, balancedAccuracy, macroPrecision, macroRecall, macroF1, loss);
}

function interval(): Float32Array {
  const right = rightAnswers(truth, argmaxRows(answers, answered.classes));
  const { low, high } = groupBootstrapInterval(right, lesions, { seed: 0 });
  return Float32Array.of(low, high);
}

const pass = what === "metrics" ? metrics : interval;
pass();
await answer(
  { results: pass, go: pass },
  what === "metrics" ? "one thread" : "2,000 resamples of lesions, one thread",
);
