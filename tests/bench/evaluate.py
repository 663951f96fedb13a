"""scikit-learn and SciPy as competitors in evaluation. `python evaluate.py FOLDER metrics|bootstrap`"""

import sys

import numpy as np
from competitor import answer, folder

truth = np.fromfile(folder / "truth.u8", np.uint8)
answers = np.fromfile(folder / "answers.f32", "<f4").reshape(len(truth), -1)
lesions = np.fromfile(folder / "lesions.f32", "<f4").astype(int)

if sys.argv[2] == "metrics":
    import sklearn
    from sklearn import metrics

    version, note = f"scikit-learn {sklearn.__version__}", "one thread"

    def go():
        predicted = answers.argmax(1)
        confusion = metrics.confusion_matrix(truth, predicted)
        metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)
        accuracy, balanced = confusion.trace() / confusion.sum(), metrics.balanced_accuracy_score(truth, predicted)
        return [accuracy, balanced, precision, recall, f1, metrics.log_loss(truth, answers)]

else:
    import scipy
    from scipy.stats import bootstrap

    version, note = f"SciPy {scipy.__version__}", "2,000 resamples of lesions, vectorized, in batches of 100"

    def share(right, rows, axis=-1):
        return right.sum(axis) / rows.sum(axis)

    def go():
        right = answers.argmax(1) == truth
        _, group = np.unique(lesions, return_inverse=True)
        sums, rows = np.bincount(group, right), np.bincount(group)
        found = bootstrap((sums, rows), share, paired=True, vectorized=True, n_resamples=2000, batch=100, method="percentile", rng=0)
        return [found.confidence_interval.low, found.confidence_interval.high]


go()
answer(version, note, go, go)
