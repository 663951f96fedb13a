"""What the Python competitors share: reading the inputs, choosing a batch size, answering the benchmark (see peer.ts)."""

import json
import sys
import time
from pathlib import Path

import numpy as np

BLOCKS = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
folder = Path(sys.argv[1])
precision = "bfloat16" if "bfloat16" in sys.argv else "float32"
pixels = np.fromfile(folder / "pixels.u8", np.uint8).reshape(-1, 64, 64, 3)


def tensors():
    """Kernels (3, 3, in, out) and biases by turns, in the network's order."""
    flat, start, inputs, result = np.fromfile(folder / "weights.f32", "<f4"), 0, 3, []
    for convolutions, outputs in BLOCKS:
        for _ in range(convolutions):
            for shape in ((3, 3, inputs, outputs), (outputs,)):
                size = int(np.prod(shape))
                result.append(flat[start : start + size].reshape(shape))
                start += size
            inputs = outputs
    assert start == len(flat)
    return result


def say(answer):
    print("BENCH " + json.dumps(answer), flush=True)


def seconds_of(run, batch):
    started = time.perf_counter()
    features = run(batch)
    return time.perf_counter() - started, features


def compete(version, run, settings=""):
    """`run(batch)` gives (n, 2048). The fastest of the batch sizes that there are images for, each tried twice, is the one that competes."""
    sizes = [batch for batch in (32, 64, 128) if batch <= max(32, len(pixels))]
    tried = {batch: [seconds_of(run, batch)[0] for _ in range(3)][1:] for batch in sizes}
    batch = min(tried, key=lambda each: min(tried[each]))
    note = ", ".join(filter(None, [settings, f"batch {batch}, the fastest of {', '.join(map(str, sizes))}"]))
    answer(version, note, lambda: run(batch), lambda: run(batch))


def answer(version, note, go, results):
    """Says that the program is ready, and answers until its input ends: `go()` is timed, `results()` is written."""
    say({"version": version, "note": note})
    for line in sys.stdin:
        if line.startswith("write "):
            np.asarray(results(), "<f4").tofile(line[len("write ") :].rstrip("\n"))
            say({})
        else:
            started = time.perf_counter()
            go()
            say({"seconds": time.perf_counter() - started})
