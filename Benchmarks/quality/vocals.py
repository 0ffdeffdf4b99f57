"""Judges "remove the vocals" and "only the vocals" through the program.

    python -m Benchmarks.quality.vocals --split validation --items 20 --out DIR

Ten seconds of a song of the factory, or of a record (`Models.training.music.recordings`), with singing
over it, the voice -12 to +3 dB beside the rest; the singing is a stand-in (`...music.singing`), of
speakers that training never heard. Printed are SI-SDR improvements in dB, mean (median), and in how many
songs and records without a voice the program finds nothing to remove. Speakers of dev are of dev's split.
"""

import argparse
import pathlib
import random

import numpy as np
import soundfile

from Models.training.music.recordings import Recordings
from Models.training.music.songs import RATE, Singing, Songs

from .items import LEVEL_DB, SECONDS
from .metrics import mono, si_sdr
from .run import default_binary, edited

SAMPLES = SECONDS * RATE


class Backgrounds:
    """Music without a voice, by kind."""

    def __init__(self, split: str, rng: random.Random):
        self.rng, self.songs, self.records = rng, Songs(split), Recordings(split, rng)

    def draw(self, kind: str) -> np.ndarray:
        if kind == "records":
            return self.records.crop(SAMPLES)
        return self.songs.mixture(SAMPLES, self.rng)


def sounded(aedit: pathlib.Path, sound: np.ndarray, instruction: str, folder: pathlib.Path):
    """What comes out, mono, and whether anything was changed."""
    source, out = folder / "in.wav", folder / "out.wav"
    soundfile.write(source, sound, RATE, subtype="FLOAT")
    changed = edited(aedit, source, instruction, out)
    return mono(soundfile.read(out, always_2d=True)[0]), changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=["dev", "validation"], default="validation")
    parser.add_argument("--items", type=int, default=20, help="of each kind")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for sounds")
    parser.add_argument("--aedit", type=pathlib.Path, default=default_binary())
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rng = random.Random(9)
    singing, music = Singing(options.split, rng), Backgrounds(options.split, rng)
    print("| behind the voice | extract | remove | worse than nothing | nothing done without a voice |")
    print("|---|---|---|---|---|")
    for kind in ("songs", "records"):
        rows, left = [], []
        while len(rows) < options.items:
            voice, rest = singing.crop(SAMPLES), music.draw(kind)
            power = [float((x**2).mean()) for x in (voice, rest)]
            if min(power) < 1e-5:
                continue
            voice = voice * (power[1] / power[0]) ** 0.5 * 10 ** (rng.uniform(*LEVEL_DB) / 20)
            scale = 0.5 / np.abs(voice + rest).max()
            voice, rest = voice * scale, rest * scale
            mixture = voice + rest
            alone, _ = sounded(options.aedit, mixture, "only the vocals", options.out)
            without, _ = sounded(options.aedit, mixture, "remove the vocals", options.out)
            rows.append([si_sdr(alone, voice) - si_sdr(mixture, voice),
                         si_sdr(without, rest) - si_sdr(mixture, rest)])
            left.append(not sounded(options.aedit, rest, "remove the vocals", options.out)[1])
        mean, median, rows = np.mean(rows, 0), np.median(rows, 0), np.array(rows)
        print(f"| {kind} | {mean[0]:.2f} ({median[0]:.2f}) | {mean[1]:.2f} ({median[1]:.2f}) | "
              f"{(rows[:, 1] < 0).mean():.0%} | {np.mean(left):.0%} |", flush=True)


if __name__ == "__main__":
    main()
