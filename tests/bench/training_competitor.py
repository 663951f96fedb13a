"""What the Python competitors in training share: the rows, their classes, and the weights to start from."""

import sys

import numpy as np
from competitor import BLOCKS, folder, precision, tensors

CLASSES, BATCH, RATE = 7, 32, 1e-5  # as in training.ts
depth = sys.argv[2]
first_block = len(BLOCKS) if depth == "head" else int(depth[-1]) - 1
blocks = BLOCKS[first_block:]
side, channels = 64 // 2**first_block, BLOCKS[first_block - 1][1] if first_block else 3
rows = np.fromfile(folder / f"{depth}.f32", "<f4").reshape(-1, side, side, channels)
labels = np.arange(len(rows)) % CLASSES


def parameters():
    """Kernels and biases by turns, of the layers behind the cut and of the softmax."""
    frozen = 2 * sum(convolutions for convolutions, _ in BLOCKS[:first_block])
    head = np.fromfile(folder / "softmax.f32", "<f4")
    return [*tensors()[frozen:], head[:-CLASSES].reshape(-1, CLASSES), head[-CLASSES:]]
