"""Short songs for the tests of batches, and what a batch made of them."""

import array
import math
import pathlib
import random
import wave


def make_song(path: pathlib.Path, rng: random.Random) -> None:
    """A second of stereo: a few tones and clicks over soft noise."""
    rate, tones = 22050, [(rng.uniform(60, 2000), rng.uniform(500, 4000)) for _ in range(4)]
    samples = array.array("h")
    for i in range(rate):
        value = sum(a * math.sin(2 * math.pi * hz * i / rate) for hz, a in tones)
        value += rng.gauss(0, 6000) * math.exp(-(i % 5512) / 400)
        samples.extend(max(-32768, min(32767, int(v))) for v in (value, 0.8 * value))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def files_of(folder: pathlib.Path) -> dict:
    """The outputs' bytes by name, without reports and what the batch keeps for itself."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.startswith((".aedit-batch", "report.")):
            found[name] = path.read_bytes()
    return found
