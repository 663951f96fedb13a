/** Everything that the notebooks import, and nothing else, in the order of the experiment. */
import { drawnByRunner, startDrawing } from "./support/plotly/render_plotly.ts";

if (!(drawnByRunner in globalThis)) startDrawing(); // every notebook draws

export { configure, type Parameters } from "./notebook_config.ts";

// data
export { byCode, namesOf } from "./data/diagnosis.ts";
export { openImages, openSource, photoOf } from "./experiment/experiment.ts";
export {
  agesTitle,
  classOverview,
  countBy,
  drawnPhotosOf,
  firstOfEachClass,
  photosOf,
  photosPerLesion,
  saveMetadata,
  sitesTitle,
} from "./experiment/overview.ts";
export { augmentedCopy } from "./data/augmentation.ts";
export { augmentationTargets, augmentedTable } from "./data/augmented_table.ts";
export { drawnInPlaceOf, drawnPhoto } from "./data/drawn_lesion.ts";
export { copyStrip, operationStrip } from "./experiment/augmentation_samples.ts";
export {
  augmentationGrowth,
  classCounts,
  makeParts,
  partSizes,
  saveParts,
  stratifiedSplit,
} from "./data/parts.ts";
export { countLeakage } from "./data/leakage.ts";
export { openParts } from "./experiment/protocol.ts";

// model and training
export { describeWeights, frozenFeatures, openExperiment } from "./experiment/experiment.ts";
export { parameterCount } from "./model/vgg16.ts";
export { vgg16 } from "./training/model.ts";
export { type Run, train, validationInterval } from "./experiment/run.ts";
export {
  describeChoice,
  describeRecipe,
  describeTraining,
  learningCurveOf,
  runsTitle,
} from "./experiment/run_texts.ts";

// evaluation
export { rankRuns, rankTested } from "./evaluation/metrics.ts";
export { classificationReport } from "./evaluation/classification_report.ts";
export { measureBaselines } from "./experiment/baselines.ts";
export { describeOpenings, readOpenings } from "./experiment/openings.ts";
export { answerExamples, openTest } from "./experiment/testing.ts";
export { testOfficially } from "./experiment/official_testing.ts";
export { asWrittenResult, bestResult, makeResults, readResults, saveResults } from "./experiment/results.ts";
export { describeOfficial } from "./experiment/official_texts.ts";
export { besideTheClaim, claimOf, conclusion, resultRows } from "./experiment/conclusion.ts";
export { saveNetwork } from "./experiment/saved_network.ts";
export { claimed, errata } from "./experiment/write_up.ts";

// what the write-up left as future work
export {
  crossoverPlan,
  deepOptimizers,
  frozenRecipe,
  imageSizes,
  ladder,
  ownRecipe,
  scalings,
} from "./experiment/study_runs.ts";
export { runStudy, testOnAllImages } from "./experiment/studies.ts";
export { compareFairly } from "./experiment/fair_comparison.ts";
export {
  describeAllImages,
  describeLadder,
  describeOptimizers,
  describeScaling,
  describeSizes,
} from "./experiment/study_texts.ts";

// what each kind of leak adds
export { describeGroups } from "./data/leak_free_parts.ts";
export { openOfficialImages } from "./experiment/official_testing.ts";
export { dividePhotos, relate } from "./experiment/leakage/division.ts";
export { type AnsweredNetwork, trainCrossover } from "./experiment/leakage/networks.ts";
export { pairPictures } from "./experiment/leakage/pair_pictures.ts";
export { leakEffects } from "./experiment/leakage/effects.ts";
export { crossBridge } from "./experiment/leakage/bridge.ts";
export { officialByLeak, saveLeakFree } from "./experiment/leakage/results.ts";
export {
  describeBridge,
  describeEffects,
  describeOfficialGains,
  describeRelated,
} from "./experiment/leakage/texts.ts";

// the honest model
export { honestPlan } from "./experiment/honest/choice.ts";
export { selectHonest } from "./experiment/honest/selection.ts";
export { testHonest } from "./experiment/honest/testing.ts";
export { readHonest, saveHonest } from "./experiment/honest/results.ts";
export { heatExamples } from "./experiment/honest/heat_examples.ts";
export { saveHonestModel } from "./experiment/honest/saved_honest.ts";
export { saveModelCard } from "./experiment/honest/model_card.ts";
export {
  describeClasses,
  describeClinical,
  describeHonestChoice,
  describeWorth,
  honestSentence,
} from "./experiment/honest/texts.ts";

// figures and tables
export { aboutRun, check, markdown, show } from "./figures/show.ts";
export { table } from "./figures/table.ts";
export { barChart, sexSiteBars } from "./figures/bars.ts";
export { histogram } from "./figures/histogram.ts";
export { classBars, comparedClassBars, leakageBars, perClassBars } from "./figures/class_bars.ts";
export { photoGrid } from "./figures/photo_grid.ts";
export { layerTable } from "./figures/network_table.ts";
export { learningCurves } from "./figures/learning_curves.ts";
export { claimBars } from "./figures/claim.ts";
export { confusionMatrixFigure } from "./figures/confusion_matrix.ts";
export { ladderFigure } from "./figures/cost.ts";
export { learningRateTable, seedsTable, studyTable } from "./figures/study_tables.ts";
export {
  allImagesTable,
  confusionTitle,
  differenceTable,
  exposureTable,
  featureTable,
  officialTable,
  rangeTable,
} from "./figures/result_tables.ts";
export { leakFigure } from "./figures/leak_figure.ts";
export {
  bridgeTable,
  leakControlTable,
  leakEffectTable,
  leakFreePartTable,
  leakNetworkTable,
  officialLeakTable,
  trainingListTable,
} from "./figures/leak_tables.ts";
export { calibrationFigure, decisionFigure, rankingFigure } from "./figures/clinical_figures.ts";
export {
  classTable,
  detectionTable,
  errorTable,
  honestPlanTable,
  honestScoreTable,
  honestStepTable,
  peerTable,
  predictiveTable,
  subgroupTable,
} from "./figures/honest_tables.ts";
export { percent, thousands } from "./support/format.ts";
