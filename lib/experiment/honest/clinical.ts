/**
 * What a clinician or a reviewer asks about a network: how well it ranks each class, what a threshold finds and misses, whether its
 * probabilities are calibrated, for whom it works less well, and its most confident errors. Computed from stored predictions; thresholds
 * and the temperature are fixed on validation.
 */
import type { DiagnosisClass } from "../../data/diagnosis.ts";
import { countLabels } from "../../data/diagnosis.ts";
import type { Sample } from "../../data/metadata.ts";
import {
  atPrevalence,
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  reliability,
  withTemperature,
} from "../../evaluation/calibration.ts";
import { precisionRecallCurve, rocCurve } from "../../evaluation/curves.ts";
import {
  detectionAt,
  netBenefit,
  netBenefitOfAll,
  predictiveValues,
  thresholdFor,
} from "../../evaluation/detection.ts";
import { bootstrap, groupBootstrapInterval, type Measured } from "../../evaluation/intervals.ts";
import { rankRows } from "../../evaluation/ranking.ts";
import { argmaxRows, logLoss, rightAnswers } from "../../evaluation/metrics.ts";
import type { AnsweredRows } from "../../evaluation/set_scores.ts";

/** Plain values: survives JSON. */
export interface ClinicalResults {
  /** Numbers of test photos, one of each lesion, and of validation photos. */
  readonly n: number;
  readonly validation: number;
  readonly classes: readonly ClassCurves[];
  readonly detections: readonly Detection[];
  readonly calibration: {
    readonly temperature: number;
    readonly before: Calibration;
    readonly after: Calibration;
  };
  readonly subgroups: readonly Subgroup[];
  readonly errors: readonly ConfidentError[];
}

/** One class against the rest. */
export interface ClassCurves {
  readonly code: string;
  readonly n: number;
  readonly auc: Measured;
  readonly averagePrecision: Measured;
  /** Points (false positive rate, true positive rate). */
  readonly roc: readonly (readonly [number, number])[];
  /** Points (recall, precision). */
  readonly precisionRecall: readonly (readonly [number, number])[];
}

/** Some classes against the others, at a threshold for their summed probability that is fixed on validation. */
export interface Detection {
  readonly name: string;
  readonly codes: readonly string[];
  /** Number of test photos of these classes. */
  readonly n: number;
  readonly auc: Measured;
  readonly threshold: number;
  /** The sensitivity that the threshold was fixed for, and what it reaches on validation. */
  readonly wanted: number;
  readonly onValidation: { readonly sensitivity: number; readonly specificity: number };
  readonly sensitivity: Measured;
  readonly specificity: Measured;
  /** Predictive values at the stated prevalences and, last, at this test's. */
  readonly atPrevalence: readonly {
    readonly prevalence: number;
    readonly ppv: number;
    readonly npv: number;
  }[];
  /** Net benefit by threshold: of the network, and of calling all photos positive. Calling none positive gives 0. */
  readonly decisions: readonly {
    readonly threshold: number;
    readonly network: number;
    readonly all: number;
  }[];
}

export interface Calibration {
  /** In nats. */
  readonly logLoss: number;
  readonly brier: number;
  readonly ece: number;
  readonly bins: readonly { readonly n: number; readonly confidence: number; readonly accuracy: number }[];
}

/** Results for melanoma in a subgroup of the test. */
export interface Subgroup {
  readonly column: string;
  readonly value: string;
  readonly melanomas: number;
  readonly others: number;
  /** At melanoma's threshold. Null for fewer than `fewest` melanomas. */
  readonly sensitivity: Measured | null;
  /** At melanoma's threshold. Null for fewer than `fewest` others. */
  readonly specificity: Measured | null;
  /** Null for fewer than `fewest` melanomas or others. */
  readonly auc: Measured | null;
}

export interface ConfidentError {
  readonly imageId: string;
  readonly dx: string;
  readonly answer: string;
  readonly probability: number;
}

/** A subgroup with fewer melanomas, or others, than this gets no results for them. */
export const fewest = 20;

/** Classes that are malignant or may become so: HAM10000's akiec are actinic keratoses and Bowen's disease. */
const malignant = ["mel", "bcc", "akiec"];
const wanted = 0.9;
/** Prevalences of a screening and of a referral clinic. The test's own is added. */
const prevalences = [0.02, 0.1];

/**
 * @param test the network's unchanged predictions; each row is one lesion
 * @param validation the same for the photos that thresholds and the temperature are fixed on
 * @param options `samples`: of the test rows. `shares`: class shares, in label order, that probabilities are corrected to.
 * `learnedAt`: class shares that the network's predictions assume (see `learnedShares`). Default: all equal
 */
export function clinicalResults(
  test: AnsweredRows,
  validation: AnsweredRows,
  { samples, classes, shares, learnedAt = classes.map(() => 1), seed }: {
    samples: readonly Pick<Sample, "imageId" | "age" | "sex" | "localization" | "dxType">[];
    classes: readonly DiagnosisClass[];
    shares: readonly number[];
    learnedAt?: readonly number[];
    seed: number;
  },
): ClinicalResults {
  const k = classes.length;
  const { truth, groups } = test;
  const counts = countLabels(Array.from(validation.truth), k);
  const ownShares = counts.map((n) => n / validation.truth.length);
  const temperature = fitTemperature(
    validation.truth,
    atPrevalence(validation.probabilities, learnedAt, ownShares),
    k,
  );
  // A threshold is fixed and applied at the same class shares.
  const [corrected, ofValidation] = [test, validation].map((rows) =>
    atPrevalence(rows.probabilities, learnedAt, shares)
  );
  const [probabilities, withThresholds] = [corrected, ofValidation].map((all) =>
    withTemperature(all, k, temperature)
  );
  const codes = classes.map(({ code }) => code);
  const condition = (own: readonly string[]) => {
    const labels = own.map((code) => codes.indexOf(code));
    const sumOf = (all: ArrayLike<number>) => (row: number) =>
      labels.reduce((sum, label) => sum + all[row * k + label], 0);
    const of = (truth: ArrayLike<number>, all: ArrayLike<number>) => ({
      isPositive: Array.from(truth, (label) => labels.includes(label)),
      scores: Float64Array.from(truth, (_, row) => sumOf(all)(row)),
    });
    return { test: of(truth, probabilities), validation: of(validation.truth, withThresholds) };
  };
  const draw = <Name extends string>(
    statistic: (times: Uint32Array) => Record<Name, number>,
  ): Record<Name, Measured> => {
    const found = statistic(new Uint32Array(truth.length).fill(1));
    const intervals = bootstrap(groups, statistic, { seed, labels: truth });
    return Object.fromEntries(
      (Object.keys(found) as Name[]).map((name) => [name, { value: found[name], ...intervals[name] }]),
    ) as Record<Name, Measured>;
  };
  const present = codes.filter((_, label) => Array.from(truth).includes(label));

  const detect = (name: string, own: readonly string[]): Detection[] => {
    const known = own.filter((code) => present.includes(code));
    if (known.length === 0 || known.length === present.length) return [];
    const { test, validation } = condition(known);
    if (!validation.isPositive.includes(true)) return [];
    const threshold = thresholdFor(validation.isPositive, validation.scores, { sensitivity: wanted });
    const found = detectionAt(validation.isPositive, validation.scores, threshold);
    const n = test.isPositive.filter(Boolean).length;
    const rank = rankRows(test.isPositive, test.scores);
    const measured = draw((times) => {
      const { sensitivity, specificity } = detectionAt(test.isPositive, test.scores, threshold, times);
      return { sensitivity, specificity, auc: rank(times).auc };
    });
    const values = { sensitivity: measured.sensitivity.value, specificity: measured.specificity.value };
    const share = n / truth.length;
    return [{
      ...{ name, codes: known, n, ...measured, threshold, wanted },
      onValidation: { sensitivity: found.sensitivity, specificity: found.specificity },
      atPrevalence: [...prevalences, share].map((prevalence) => ({
        prevalence,
        ...predictiveValues(values, prevalence),
      })),
      decisions: Array.from({ length: 50 }, (_, i) => (i + 1) / 100).map((threshold) => ({
        threshold,
        network: netBenefit(test.isPositive, test.scores, threshold),
        all: netBenefitOfAll(share, threshold),
      })),
    }];
  };
  const detections = [...detect("melanoma", ["mel"]), ...detect("malignant", malignant)];
  const calibration = (all: Float32Array): Calibration => {
    const predicted = argmaxRows(all, k);
    return {
      ...{ logLoss: logLoss(truth, all, k), brier: brierScore(truth, all, k) },
      ece: expectedCalibrationError(truth, all, k),
      bins: reliability(
        Array.from(predicted, (answer, row) => answer === truth[row]),
        Float64Array.from(predicted, (answer, row) => all[row * k + answer]),
      ),
    };
  };
  const melanoma = detections.find(({ name }) => name === "melanoma");
  return {
    ...{ n: truth.length, validation: validation.truth.length, detections },
    classes: present.map((code): ClassCurves => {
      const { isPositive, scores } = condition([code]).test;
      const { falsePositiveRate, truePositiveRate } = rocCurve(isPositive, scores);
      const { precision, recall } = precisionRecallCurve(isPositive, scores);
      const measured = draw(rankRows(isPositive, scores));
      return {
        ...{ code, n: isPositive.filter(Boolean).length, ...measured },
        roc: corners(falsePositiveRate.map((x, i) => [x, truePositiveRate[i]])),
        precisionRecall: corners(recall.map((x, i) => [x, precision[i]])),
      };
    }),
    calibration: { temperature, before: calibration(corrected), after: calibration(probabilities) },
    subgroups: melanoma
      ? subgroupsOf(condition(["mel"]).test, samples, melanoma.threshold, { groups, seed })
      : [],
    errors: confidentErrors(truth, probabilities, samples, codes),
  };
}

/**
 * Accuracy of the most likely class, 0–1, by probabilities that are corrected to `shares`. The interval resamples groups.
 *
 * @param options `learnedAt`, `shares`: as in `clinicalResults`
 */
export function accuracyAt(
  { truth, probabilities, groups, classes }: AnsweredRows,
  { learnedAt, shares, seed }: { learnedAt: readonly number[]; shares: readonly number[]; seed: number },
): Measured {
  const right = rightAnswers(truth, argmaxRows(atPrevalence(probabilities, learnedAt, shares), classes));
  const value = right.reduce((sum, one) => sum + one, 0) / right.length;
  return { value, ...groupBootstrapInterval(right, groups, { seed }) };
}

/** The corners of a step curve, to four decimals, without points on a straight line between their neighbours. */
function corners(points: readonly (readonly [number, number])[]): [number, number][] {
  const rounded = points.map(([x, y]): [number, number] => [Number(x.toFixed(4)), Number(y.toFixed(4))]);
  return rounded.filter(([x, y], i) => {
    const [before, after] = [rounded[i - 1], rounded[i + 1]];
    if (!before || !after) return true;
    return !(before[0] === x && after[0] === x || before[1] === y && after[1] === y);
  });
}

const ages = ["below 40", "40–59", "60 and above", "unknown"];
const columns = {
  age: ({ age }: Pick<Sample, "age">) => ages[age === null ? 3 : age < 40 ? 0 : age < 60 ? 1 : 2],
  sex: ({ sex }: Pick<Sample, "sex">) => sex || "unknown",
  site: ({ localization }: Pick<Sample, "localization">) => localization || "unknown",
  "diagnosis confirmed by": ({ dxType }: Pick<Sample, "dxType">) => dxType || "unknown",
};

function subgroupsOf(
  { isPositive, scores }: { isPositive: readonly boolean[]; scores: Float64Array },
  samples: readonly Pick<Sample, "age" | "sex" | "localization" | "dxType">[],
  threshold: number,
  { groups, seed }: { groups: readonly string[]; seed: number },
): Subgroup[] {
  return Object.entries(columns).flatMap(([column, valueOf]) => {
    const byValue = Map.groupBy(samples.keys(), (row) => valueOf(samples[row]));
    const sorted = [...byValue].sort(([a, own], [b, other]) =>
      column === "age" ? ages.indexOf(a) - ages.indexOf(b) : other.length - own.length
    );
    return sorted.map(([value, rows]): Subgroup => {
      const some = rows.map((row) => isPositive[row]);
      const own = Float64Array.from(rows, (row) => scores[row]);
      const melanomas = some.filter(Boolean).length;
      const others = rows.length - melanomas;
      const rank = rankRows(some, own);
      const statistic = (times: Uint32Array) => {
        const { sensitivity, specificity } = detectionAt(some, own, threshold, times);
        return { sensitivity, specificity, auc: rank(times).auc };
      };
      const [ofMelanomas, ofOthers] = [melanomas >= fewest, others >= fewest];
      const found = statistic(new Uint32Array(rows.length).fill(1));
      const intervals = ofMelanomas || ofOthers
        ? bootstrap(rows.map((row) => groups[row]), statistic, { seed, labels: some.map(Number) })
        : null;
      const measured = (name: keyof typeof found, isKnown: boolean) =>
        isKnown ? { value: found[name], ...intervals![name] } : null;
      return {
        ...{ column, value, melanomas, others },
        sensitivity: measured("sensitivity", ofMelanomas),
        specificity: measured("specificity", ofOthers),
        auc: measured("auc", ofMelanomas && ofOthers),
      };
    });
  });
}

/** The wrong answers with the highest probability, at most a dozen. */
function confidentErrors(
  truth: ArrayLike<number>,
  probabilities: Float32Array,
  samples: readonly Pick<Sample, "imageId">[],
  codes: readonly string[],
): ConfidentError[] {
  const k = codes.length;
  const predicted = argmaxRows(probabilities, k);
  return [...predicted.keys()].filter((row) => predicted[row] !== truth[row])
    .map((row) => ({
      ...{ imageId: samples[row].imageId, dx: codes[truth[row]], answer: codes[predicted[row]] },
      probability: probabilities[row * k + predicted[row]],
    }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, 12);
}
