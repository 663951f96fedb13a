/** The results in words and table rows, computed from the numbers, so they are true of every run. */
import { gapPercent } from "../evaluation/metrics.ts";
import { intervalText, measuredText, percent, sampleText, thousands } from "../support/format.ts";
import { officialSentence } from "./official_texts.ts";
import { asWrittenResult, bestResult, deeperResult, type Result, type Results } from "./results.ts";

/** Rows of notebook 5's tables: the networks, with the chosen one marked, then the baselines. */
export function resultRows(results: Results): Result[] {
  const chosen = asWrittenResult(results);
  const runs = results.runs.map((run) => run === chosen ? { ...run, name: `${run.name} (chosen)` } : run);
  return [...runs, ...results.baselines];
}

/** The values of the main figure: the claim, the measured accuracies with their intervals, and the baselines. */
export function claimOf(results: Results) {
  const measured = ({ test, optimizer }: Result) => ({
    ours: test.accuracy,
    interval: test.interval!,
    optimizer: optimizer!,
  });
  const deeper = deeperResult(results);
  return {
    claimed: results.claimed.accuracy,
    protocol: results.protocol,
    ...measured(asWrittenResult(results)),
    trained: deeper && { ...measured(deeper), depth: deeper.depth! },
    baselines: results.baselines.map(({ name, test }) => ({ name, accuracy: test.accuracy })),
  };
}

/** What the results show: a list in Markdown. */
export function conclusion(results: Results): string {
  const { claimed, baselines, leakage, exposure } = results;
  const leaks = results.protocol === "as-written";
  const [frozen, deeper, best] = [asWrittenResult(results), deeperResult(results), bestResult(results)];
  const accuracy = ({ test }: Result) => measuredText(test.accuracy, test.interval);
  const toClaim = ({ test }: Result) => {
    const behind = 100 * (claimed.accuracy - test.accuracy);
    return `${Math.abs(behind).toFixed(1)} points ${behind > 0 ? "below" : "above"} the claim`;
  };
  const below = baselines.filter(({ test }) => test.accuracy < frozen.test.interval!.low).length;
  const seen = leakage.against9600.at(-1)!;
  const [copy, , nothing] = exposure.rows;
  const gap = gapPercent(best.train.accuracy, best.test.accuracy);
  return [
    "**What we saw**",
    "",
    `- A frozen VGG16 with a softmax (${frozen.optimizer}) reaches ${accuracy(frozen)}. ` +
    `The write-up claims ${percent(claimed.accuracy)}: this is ${toClaim(frozen)}.`,
    ...deeper
      ? [
        `- Trained from ${deeper.depth} on with the recipe of this run (${deeper.optimizer}), on the same images, it reaches ${
          accuracy(deeper)
        }: ${toClaim(deeper)}.`,
      ]
      : [],
    `- Baselines on the same test: ${
      baselines.map(({ name, test }) => `${name}, ${percent(test.accuracy)}`).join("; ")
    }. ` +
    `${below === 2 && baselines.length === 2 ? "Both" : `${below} of ${baselines.length}`} ${
      below === 1 ? "lies" : "lie"
    } below the frozen network's interval.`,
    `- The gap between train and test is ${gap.toFixed(1)} % of the train accuracy (${best.name}).` +
    (leaks ? " The leak makes it look smaller than it is." : ""),
    `- Training has seen a copy of ${percent(seen.copyShare)} of the test images, and the lesion of ${
      percent(seen.lesionShare)
    }` +
    (leaks
      ? ". An accuracy on such copies is not an accuracy on patients."
      : ": the photos were divided before they were augmented. As in the write-up, the test's classes are about equal, unlike " +
        "in any clinic."),
    ...copy.accuracy !== null && nothing.accuracy !== null
      ? [
        `- ${
          exposure.classes.length < results.classes.length
            ? `On ${exposure.classes.join(" and ")} alone`
            : "By what training has seen of the lesion, over all diagnoses"
        }: ${percent(copy.accuracy)} where training has seen a copy ` +
        `(${sampleText(copy.n)}), ${percent(nothing.accuracy)}${
          nothing.interval ? ` (${intervalText(nothing.interval)})` : ""
        } where it has seen ` +
        `nothing of the lesion (${sampleText(nothing.n)}).`,
      ]
      : [],
    ...results.official
      ? results.official.runs.map((run) => `- ${officialSentence(results.official!, run)}`)
      : [],
    ...results.ham10000 || results.synthetic
      ? []
      : ["- These are not the write-up's photos: the difference to its number says nothing about its claim."],
    ...results.synthetic
      ? ["", "**SYNTHETIC** stand-in data: nothing of this says anything about skin."]
      : [],
  ].join("\n");
}

/** The write-up's numbers beside the measured ones, as text; `trained` is empty without a recipe. */
export function besideTheClaim(results: Results) {
  const { claimed, counts } = results;
  const [frozen, deeper] = [asWrittenResult(results), deeperResult(results)];
  const accuracy = ({ test }: Result) => percent(test.accuracy, 2);
  const gap = ({ train, test }: Result) => `${gapPercent(train.accuracy, test.accuracy).toFixed(2)} %`;
  const row = (what: string, claim: string, of: (result: Result) => string) => ({
    ...{ what, claim, frozen: of(frozen), trained: deeper ? of(deeper) : "" },
  });
  return [
    row("photos", thousands(claimed.images), () => thousands(counts.images)),
    row("images after augmentation", thousands(claimed.augmented), () => thousands(counts.augmented)),
    row("train", thousands(claimed.train), () => thousands(counts.train)),
    row("test", thousands(claimed.test), () => thousands(counts.test)),
    row("subset used", thousands(claimed.subset), () => thousands(counts.subset)),
    row("test accuracy", percent(claimed.accuracy, 2), accuracy),
    row("gap, (train − test) / train", "parentheses misplaced", gap),
  ];
}
