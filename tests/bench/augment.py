"""Keras, torchvision and albumentations as competitors in augmentation, with the same ranges. `python augment.py FOLDER LIBRARY`"""

import sys

import numpy as np
from competitor import answer, pixels

library = sys.argv[2]

if library == "keras":
    import keras
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    version, note = f"Keras {keras.__version__}", "ImageDataGenerator.random_transform, one thread"
    generator = ImageDataGenerator(
        rotation_range=180, zoom_range=0.1, width_shift_range=0.1, height_shift_range=0.1,
        horizontal_flip=True, vertical_flip=True, fill_mode="nearest",
    )

    def go():
        return [generator.random_transform(image) for image in pixels]

elif library == "torchvision":
    import torch
    import torchvision
    from torchvision.transforms import v2

    version, note = f"torchvision {torchvision.__version__}", f"{torch.get_num_threads()} threads, black outside: it has no nearest"
    transform = v2.Compose([
        v2.RandomAffine(180, translate=(0.1, 0.1), scale=(0.9, 1.1), interpolation=v2.InterpolationMode.BILINEAR),
        v2.RandomHorizontalFlip(),
        v2.RandomVerticalFlip(),
    ])
    images = [torch.from_numpy(image).permute(2, 0, 1).contiguous() for image in pixels]

    def go():
        return [transform(image).numpy() for image in images]

else:
    import albumentations
    import cv2

    version, note = f"albumentations {albumentations.__version__}", f"{cv2.getNumThreads()} threads of OpenCV"
    transform = albumentations.Compose([
        albumentations.Affine(
            rotate=(-180, 180), scale={"x": (0.9, 1.1), "y": (0.9, 1.1)}, translate_percent=(-0.1, 0.1),
            interpolation=cv2.INTER_LINEAR, border_mode=cv2.BORDER_REPLICATE, p=1,
        ),
        albumentations.HorizontalFlip(),
        albumentations.VerticalFlip(),
    ])

    def go():
        return [transform(image=image)["image"] for image in pixels]


go()
answer(version, note, go, lambda: [np.mean(go())])
