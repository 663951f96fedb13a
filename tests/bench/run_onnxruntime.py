"""ONNX Runtime as a competitor, on a graph of the same layers. `python run_onnxruntime.py FOLDER`"""

import numpy as np
import onnxruntime
from competitor import compete, pixels
from vgg16_onnx import graph

session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def run(batch):
    parts = [session.run(None, {"images": pixels[i : i + batch]})[0] for i in range(0, len(pixels), batch)]
    return np.concatenate(parts)


compete(f"ONNX Runtime {onnxruntime.__version__}", run)
