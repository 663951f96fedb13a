"""Keras as a competitor in training: `model.fit`, compiled with or without XLA, whichever is faster. `python train_keras.py FOLDER DEPTH float32|bfloat16`"""

import keras
import numpy as np
from competitor import answer, seconds_of
from training_competitor import BATCH, CLASSES, RATE, blocks, labels, parameters, precision, rows

if precision == "bfloat16":
    keras.mixed_precision.set_global_policy("mixed_bfloat16")


def make(jit):
    layers = [keras.Input(rows.shape[1:])]
    for convolutions, outputs in blocks:
        layers += [keras.layers.Conv2D(outputs, 3, padding="same", activation="relu") for _ in range(convolutions)]
        layers.append(keras.layers.MaxPooling2D(2))
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(CLASSES, dtype="float32")])
    model.set_weights(parameters())
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Nadam(RATE), loss=loss, jit_compile=jit)
    return model


truth = np.eye(CLASSES, dtype=np.float32)[labels]


def run(model):
    """One epoch: the mean loss of the steps so far, after each."""
    means = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: means.append(logs["loss"]))
    model.fit(rows, truth, batch_size=BATCH, shuffle=False, verbose=0, callbacks=[note])
    return means


models = {jit: make(jit) for jit in (False, True)}
first = {jit: run(model) for jit, model in models.items()}  # compiles
tried = {jit: min(seconds_of(run, model)[0] for _ in range(2)) for jit, model in models.items()}
jit = min(tried, key=tried.get)
note = f"batch {BATCH}, jit_compile={jit}, {tried[not jit] / tried[jit]:.2f} × as fast as the other"
answer(f"Keras {keras.__version__}, {keras.backend.backend()}", note, lambda: run(models[jit]), lambda: first[jit])
