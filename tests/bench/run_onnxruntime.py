"""ONNX Runtime as a competitor, on a graph of the same layers. `python run_onnxruntime.py FOLDER`

Scaling and the change to channels first are part of the graph, so that it too takes uint8 and gives Keras' order.
"""

import numpy as np
import onnxruntime
from competitor import BLOCKS, compete, pixels, tensors
from onnx import TensorProto, helper, numpy_helper

weights = iter(tensors())
constants = [numpy_helper.from_array(np.float32(1 / 255), "scale")]
nodes = [
    helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
    helper.make_node("Mul", ["floats", "scale"], ["scaled"]),
    helper.make_node("Transpose", ["scaled"], ["x"], perm=[0, 3, 1, 2]),
]
x = "x"
for block, (convolutions, _) in enumerate(BLOCKS, 1):
    for number in range(1, convolutions + 1):
        name = f"block{block}_conv{number}"
        kernel = np.ascontiguousarray(next(weights).transpose(3, 2, 0, 1))  # (out, in, 3, 3)
        constants += [numpy_helper.from_array(kernel, f"{name}_w"), numpy_helper.from_array(next(weights), f"{name}_b")]
        nodes += [
            helper.make_node("Conv", [x, f"{name}_w", f"{name}_b"], [f"{name}_sum"], kernel_shape=[3, 3], pads=[1] * 4),
            helper.make_node("Relu", [f"{name}_sum"], [name]),
        ]
        x = name
    nodes.append(helper.make_node("MaxPool", [x], [f"pool{block}"], kernel_shape=[2, 2], strides=[2, 2]))
    x = f"pool{block}"
nodes += [helper.make_node("Transpose", [x], ["last"], perm=[0, 2, 3, 1]), helper.make_node("Flatten", ["last"], ["features"])]
graph = helper.make_graph(
    nodes,
    "vgg16",
    [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 64, 64, 3])],
    [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 2048])],
    constants,
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def run(batch):
    parts = [session.run(None, {"images": pixels[i : i + batch]})[0] for i in range(0, len(pixels), batch)]
    return np.concatenate(parts)


compete(f"ONNX Runtime {onnxruntime.__version__}", run)
