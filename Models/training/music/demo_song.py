"""Renders `Audio/demo-song.flac`: 30 s, stereo, 44.1 kHz, from the validation split's groove and bank.

    python -m Models.training.music.demo_song --seed 6 --out Audio/demo-song.flac

The stems are panned and sent to a small stereo room, so that the song is not the sum that the
training saw. With `--stems DIR` the true stems are written too.
"""

import argparse
import pathlib
import random

import numpy as np
import soundfile

from ..work import fetch
from . import render, scores

SECONDS = 30
WANTED = ["drums", "bass", "acoustic guitar", "piano", "strings"]
PAN = {"drums": 0.0, "bass": 0.0, "acoustic guitar": -0.45, "piano": 0.4, "strings": 0.15}
GAIN_DB = {"drums": 0, "bass": 0, "acoustic guitar": 2, "piano": -2, "strings": -6}


def room(stem: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Stereo reverberation tail of 0.8 s, 22 dB under the direct sound."""
    length = int(0.8 * render.RATE)
    tail = generator.standard_normal((length, 2)) * np.exp(-6.9 * np.arange(length) / length)[:, None]
    tail *= 10 ** (-22 / 20) / np.sqrt((tail**2).sum(0)) * 10
    size = len(stem) + length
    wet = [np.fft.irfft(np.fft.rfft(stem, size) * np.fft.rfft(tail[:, side], size), size)
           for side in range(2)]
    return np.stack(wet, 1)[: len(stem)]


def song(seed: int) -> dict[str, np.ndarray]:
    """Stereo stems of the first drawn groove that has all wanted parts."""
    rng = random.Random(seed)
    studio = render.Studio("validation")
    grooves = scores.grooves("validation")
    generator = np.random.default_rng(seed)
    while True:
        parts, _ = scores.mma_song(rng, rng.choice(grooves), SECONDS + 2)
        by_instrument = {part.instrument: part for part in parts}
        if not {"drums", "bass"} <= set(by_instrument):
            continue
        chords = [part for part in parts if part.instrument not in ("drums", "bass")]
        if len(chords) < 3:
            continue
        cast = [by_instrument["drums"], by_instrument["bass"]]
        for part, name, program in zip(chords, WANTED[2:], (25, 0, 48)):
            cast.append(scores.Part(name, program, part.notes))
        stems = {}
        for part in cast:
            mono, _ = studio.render(part, SECONDS, rng)
            mono = mono * 10 ** (GAIN_DB[part.instrument] / 20)
            angle = (PAN[part.instrument] + 1) * np.pi / 4
            stereo = mono[:, None] * np.sqrt(2) * np.array([np.cos(angle), np.sin(angle)])
            stems[part.instrument] = stereo + 0.1 * room(mono, generator)
        if all(np.abs(stem).max() > 0.01 for stem in stems.values()):
            peak = np.abs(sum(stems.values())).max()
            return {name: stem * (0.8 / peak) for name, stem in stems.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--out", required=True)
    parser.add_argument("--stems")
    flags = parser.parse_args()
    fetch(render.PACKAGES)
    stems = song(flags.seed)
    soundfile.write(flags.out, sum(stems.values()), render.RATE, subtype="PCM_16")
    if flags.stems:
        folder = pathlib.Path(flags.stems)
        folder.mkdir(parents=True, exist_ok=True)
        for name, stem in stems.items():
            soundfile.write(folder / f"{name}.wav", stem, render.RATE, subtype="FLOAT")


if __name__ == "__main__":
    main()
