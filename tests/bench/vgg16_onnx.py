"""VGG16 without its top as an ONNX graph, `graph`: what ONNX Runtime and OpenVINO read.

Scaling and the change to channels first are part of it, so that they too take uint8 and give Keras' order.
"""

import numpy as np
from competitor import BLOCKS, tensors
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
layers = helper.make_graph(
    nodes,
    "vgg16",
    [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 64, 64, 3])],
    [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 2048])],
    constants,
)
model = helper.make_model(layers, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
graph = model.SerializeToString()
