"""The write-up with Keras, from photos to test accuracies, in two ways. `python whole_run.py HAM10000 WEIGHTS write-up|careful [STEPS]`

write-up: as the write-up describes it. All photos are augmented, VGG16 is frozen inside the model, and each of the three optimizers
takes 30 epochs through all of it. That takes hours, so STEPS steps are measured, and as many of evaluation, and scaled.
careful: only the images that are used are augmented, and VGG16's features are computed once.

Prints `BENCH {"seconds": …, "parts": {…}, "scaled": …}`.
"""

import csv
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image
from sklearn.model_selection import train_test_split

data, weights, way = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
steps = int(sys.argv[4]) if len(sys.argv) > 4 else 60
CLASSES = ["akiec", "bcc", "bkl", "df", "mel", "nv", "vasc"]
TARGETS = {"nv": 6705, "vasc": 5990}
BATCH, EPOCHS = 32, 30
optimizers = {"nadam": keras.optimizers.Nadam, "adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
parts, scaled = {}, {}


def timed(name, work):
    started = time.perf_counter()
    result = work()
    parts[name] = time.perf_counter() - started
    return result


def decode(path):
    return np.asarray(Image.open(path).convert("RGB").resize((64, 64), Image.LANCZOS))


def read_photos():
    with open(data / "HAM10000_metadata.csv") as file:
        rows = list(csv.DictReader(file))
    found = {path.stem: path for path in data.rglob("*.jpg")}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        images = np.stack(list(pool.map(decode, [found[row["image_id"]] for row in rows])))
    return images, np.array([CLASSES.index(row["dx"]) for row in rows])


def table(labels):
    """Photo and copy of each of the 42,650 images; copy 0 is the photo."""
    rows = []
    for label, code in enumerate(CLASSES):
        photos = np.flatnonzero(labels == label)
        for slot in range(TARGETS.get(code, 5991)):
            rows.append((photos[slot % len(photos)], slot // len(photos)))
    return np.array(rows)


def augment(images, rows):
    generator = ImageDataGenerator(
        rotation_range=180, zoom_range=0.1, width_shift_range=0.1, height_shift_range=0.1,
        horizontal_flip=True, vertical_flip=True, fill_mode="nearest",
    )
    made = [images[photo] if copy == 0 else generator.random_transform(images[photo]) for photo, copy in rows]
    return np.stack(made).astype(np.float32) / 255


def base():
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 3))
    model.load_weights(weights)
    model.trainable = False
    return model


def compiled(layers, optimizer):
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(7, activation="softmax")])
    model.compile(optimizer=optimizer(), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def split(labels):
    everything = np.arange(len(labels))
    train, test = train_test_split(everything, test_size=0.2, stratify=labels, random_state=0)
    used = train_test_split(train, train_size=12000, stratify=labels[train], random_state=0)[0]
    learned, validated = train_test_split(used, test_size=0.2, stratify=labels[used], random_state=0)
    return learned, validated, test


images, photo_labels = timed("decode", read_photos)
rows = table(photo_labels)
labels = photo_labels[rows[:, 0]]
learned, validated, test = split(labels)
truth = np.eye(7, dtype=np.float32)[labels]
accuracies = {}

if way == "careful":
    wanted = np.concatenate([learned, validated, test])
    x = timed("augment", lambda: augment(images, rows[wanted]))
    features = timed("features", lambda: base().predict(x, batch_size=64, verbose=0).reshape(len(x), -1))
    at = {row: place for place, row in enumerate(wanted)}
    take = lambda part: features[[at[row] for row in part]]
    a, b, c = take(learned), take(validated), take(test)

    def train(optimizer):
        model = compiled([keras.Input((features.shape[1],))], optimizer)
        model.fit(a, truth[learned], validation_data=(b, truth[validated]), batch_size=BATCH, epochs=EPOCHS, verbose=0)
        return model.evaluate(c, truth[test], verbose=0)[1]

    for name, optimizer in optimizers.items():
        accuracies[name] = timed(f"train {name}", lambda: train(optimizer))
    seconds = sum(parts.values())
else:
    x = timed("augment", lambda: augment(images, rows))
    model = compiled([keras.Input((64, 64, 3)), base()], optimizers["nadam"])
    some = learned[: steps * BATCH]
    model.train_on_batch(x[some[:BATCH]], truth[some[:BATCH]])  # compiles
    model.evaluate(x[some[:BATCH]], truth[some[:BATCH]], verbose=0)
    timed("steps", lambda: model.fit(x[some], truth[some], batch_size=BATCH, verbose=0))
    timed("evaluation", lambda: model.evaluate(x[some], truth[some], batch_size=BATCH, verbose=0))
    step, answer = parts["steps"] / len(some), parts["evaluation"] / len(some)
    training = len(optimizers) * (EPOCHS * (len(learned) * step + len(validated) * answer) + len(test) * answer)
    scaled = {"measured": len(some), "of": len(optimizers) * (EPOCHS * (len(learned) + len(validated)) + len(test))}
    seconds = parts["decode"] + parts["augment"] + training

version = f"Keras {keras.__version__}, {keras.backend.backend()}"
result = {"version": version, "seconds": seconds, "parts": parts, "scaled": scaled or None, "accuracies": accuracies}
print("BENCH " + json.dumps(result))
