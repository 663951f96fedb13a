"""OpenVINO as a competitor, on the graph that ONNX Runtime reads too. `python run_openvino.py FOLDER float32|bfloat16`"""

import numpy as np
import openvino
from competitor import compete, pixels, precision
from vgg16_onnx import graph

core = openvino.Core()
settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision]}
compiled = core.compile_model(core.read_model(graph), "CPU", settings)


def run(batch):
    return np.concatenate([compiled(pixels[i : i + batch])[0] for i in range(0, len(pixels), batch)])


compete(f"OpenVINO {openvino.__version__.split('-')[0]}", run)
