"""Keras as a competitor: `model.predict` on images scaled by 1/255. `python run_keras.py FOLDER float32|bfloat16`"""

import keras
import numpy as np
from competitor import compete, pixels, precision, tensors

if precision == "bfloat16":
    keras.mixed_precision.set_global_policy("mixed_bfloat16")

model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
model.set_weights(tensors())


def run(batch):
    return model.predict(pixels / np.float32(255), batch_size=batch, verbose=0)


compete(f"Keras {keras.__version__}, {keras.backend.backend()}", run)
