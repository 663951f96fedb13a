"""PyTorch as a competitor in training. `python train_pytorch.py FOLDER DEPTH float32|bfloat16 eager|compiled`

Its NAdam with momentum_decay 1 is Keras' Nadam; where its Adam, which has a fused loop, takes the step faster, that competes.
"""

import sys

import numpy as np
import torch
from competitor import answer, seconds_of
from torch import nn
from torch_vgg16 import network
from training_competitor import BATCH, CLASSES, RATE, blocks, channels, labels, parameters, precision, rows

way = sys.argv[4]
OPTIMIZERS = {
    "NAdam": lambda model: torch.optim.NAdam(model.parameters(), RATE, eps=1e-7, momentum_decay=1, foreach=True),
    "Adam, fused": lambda model: torch.optim.Adam(model.parameters(), RATE, eps=1e-7, fused=True),
}
x = torch.from_numpy(rows).permute(0, 3, 1, 2)  # in memory it stays (n, height, width, channels): channels_last
y = torch.from_numpy(labels)


def make(optimizer):
    model = network(blocks, channels, parameters(), CLASSES, precision)
    return torch.compile(model, dynamic=False) if way == "compiled" else model, OPTIMIZERS[optimizer](model)


def run(trained):
    """One epoch: the mean loss of the steps so far, after each."""
    model, optimizer = trained
    losses = []
    for start in range(0, len(x), BATCH):
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(model(x[start : start + BATCH]), y[start : start + BATCH])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.cumsum(losses) / np.arange(1, len(losses) + 1)


trained = {name: make(name) for name in OPTIMIZERS}
first = {name: run(each) for name, each in trained.items()}
tried = {name: min(seconds_of(run, each)[0] for _ in range(2)) for name, each in trained.items()}
fastest = min(tried, key=tried.get)
others = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in tried.items())
note = f"channels_last, {way}, {torch.get_num_threads()} threads, batch {BATCH}, {fastest} (a pass: {others})"
answer(f"PyTorch {torch.__version__}", note, lambda: run(trained[fastest]), lambda: first["NAdam"])
