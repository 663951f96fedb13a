"""PyTorch as a competitor in training, in channels_last. `python train_pytorch.py FOLDER DEPTH`

Its NAdam with momentum_decay 1 is Keras' Nadam; where its Adam, which has a fused loop, takes the step faster, that competes.
"""

import numpy as np
import torch
from competitor import answer, seconds_of
from torch import nn
from training_competitor import BATCH, CLASSES, RATE, blocks, channels, labels, parameters, rows

MAKE = {
    "NAdam": lambda model: torch.optim.NAdam(model.parameters(), RATE, eps=1e-7, momentum_decay=1, foreach=True),
    "Adam, fused": lambda model: torch.optim.Adam(model.parameters(), RATE, eps=1e-7, fused=True),
}
x = torch.from_numpy(rows).permute(0, 3, 1, 2)  # in memory it stays (n, height, width, channels): channels_last
y = torch.from_numpy(labels)


class LastChannelFlat(nn.Module):
    """In Keras' order; in channels_last this copies nothing."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def make():
    layers, inputs, weights = [], channels, iter(parameters())
    for convolutions, outputs in blocks:
        for _ in range(convolutions):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    model = nn.Sequential(*layers, LastChannelFlat(), nn.Linear(parameters()[-2].shape[0], CLASSES))
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            kernel = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))
    return model.to(memory_format=torch.channels_last)


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


models = {name: make() for name in MAKE}
trained = {name: (model, MAKE[name](model)) for name, model in models.items()}
first = {name: run(each) for name, each in trained.items()}
tried = {name: min(seconds_of(run, each)[0] for _ in range(2)) for name, each in trained.items()}
fastest = min(tried, key=tried.get)
others = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in tried.items())
note = f"channels_last, {torch.get_num_threads()} threads, batch {BATCH}, {fastest} (a pass: {others})"
answer(f"PyTorch {torch.__version__}", note, lambda: run(trained[fastest]), lambda: first["NAdam"])
