"""Layers of VGG16 in PyTorch, in channels_last, as they are or compiled, in float32 or with autocast."""

import numpy as np
import torch
from torch import nn


class LastChannelFlat(nn.Module):
    """In Keras' order; in channels_last this copies nothing."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


class Autocast(nn.Module):
    """Convolutions in bfloat16, weights in float32; the result is float32."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.inner(x).float()


def network(blocks, channels, weights, classes, precision):
    """`blocks`: (convolutions, outputs) each. `weights`: kernels and biases by turns, in Keras' order. 0 classes: no softmax."""
    layers, inputs = [], channels
    for convolutions, outputs in blocks:
        for _ in range(convolutions):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    layers.append(LastChannelFlat())
    if classes:
        layers.append(nn.Linear(weights[-2].shape[0], classes))
    model = nn.Sequential(*layers)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), weights, strict=True):
            kernel = value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(kernel)))
    model = model.to(memory_format=torch.channels_last)
    return model if precision == "float32" else Autocast(model)

