"""PyTorch as a competitor. `python run_pytorch.py FOLDER float32|bfloat16 eager|compiled`"""

import sys

import numpy as np
import torch
from competitor import BLOCKS, compete, pixels, precision, tensors
from torch_vgg16 import network

way = sys.argv[3]
model = network(BLOCKS, 3, tensors(), 0, precision).eval()
if way == "compiled":
    model = torch.compile(model, dynamic=False)


@torch.inference_mode()
def run(batch):
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2)  # in memory it stays (n, height, width, channels)
    return np.concatenate([model(x[i : i + batch] / 255).numpy() for i in range(0, len(x), batch)])


compete(f"PyTorch {torch.__version__}", run, f"channels_last, {way}")
