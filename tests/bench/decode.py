"""Pillow, OpenCV and torchvision as competitors in decoding: all cores, from the full resolution. `python decode.py FOLDER PHOTOS LIBRARY`"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from competitor import answer

paths, library = sorted(Path(sys.argv[2]).iterdir()), sys.argv[3]
threads = len(os.sched_getaffinity(0))
note = f"{threads} threads"

if library == "PIL":
    import PIL
    from PIL import Image

    version = f"Pillow {PIL.__version__}"

    def decode(path):
        return np.asarray(Image.open(path).convert("RGB").resize((64, 64), Image.LANCZOS))

elif library == "cv2":
    import cv2

    version = f"OpenCV {cv2.__version__}"
    note += ", INTER_AREA: its Lanczos takes 8 × 8 pixels whatever the scale"
    cv2.setNumThreads(1)

    def decode(path):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        return cv2.cvtColor(cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)

else:
    import torch
    import torchvision
    from torchvision.io import ImageReadMode, decode_image
    from torchvision.transforms.v2 import functional

    version = f"torchvision {torchvision.__version__}"
    note += ", bicubic with antialias: it has no Lanczos for tensors"
    torch.set_num_threads(1)

    def decode(path):
        image = decode_image(str(path), mode=ImageReadMode.RGB)
        small = functional.resize(image, [64, 64], interpolation=functional.InterpolationMode.BICUBIC, antialias=True)
        return small.permute(1, 2, 0).numpy()


pool = ThreadPoolExecutor(threads)


def go():
    return np.stack(list(pool.map(decode, paths)))


go()
answer(version, note, go, go)
