"""A judge of instruments: logistic regression on musicnn's features, for the benchmarks only.

    python -m Models.training.judge

It hears the train split's stems (equalised, driven, in rooms, at other speeds). Its thresholds are
chosen on the dev split's stems and it is measured on those of validation: it heard the banks and
kits of neither. It is no part of the product. Writes `Benchmarks/quality/judge.safetensors` and
`judge.json`. (A convolutional network trained from nothing on the same stems detected 55% on dev
and 42% on validation, where this one detects 75% and 68%.)
"""

import argparse
import json
import random

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from Benchmarks.quality.judging import FOLDER, Judge, features
from Benchmarks.quality.musicnn import Musicnn

from .music.mixtures import augmented, resampled
from .music.scores import INSTRUMENTS
from .music.songs import RATE, Songs
from .work import WORK

FALSE_RATE = 0.05
PENALTY = 0.01  # inverse strength, chosen on dev among 1e-4, 1e-3, 1e-2


class Stems:
    """Crops of single stems of an instrument."""

    def __init__(self, split: str, seed: int, seconds: float):
        self.songs, self.rng = Songs(split), random.Random(seed)
        self.samples = int(seconds * RATE)
        self.places = {name: [] for name in INSTRUMENTS}
        for index, (_, song) in enumerate(self.songs.songs):
            for name in {stem["instrument"] for stem in song["stems"]} & set(INSTRUMENTS):
                self.places[name].append(index)

    def draw(self, instrument: str) -> np.ndarray:
        """A crop that sounds: half of it or more is over -50 dBFS."""
        while True:
            index = self.rng.choice(self.places[instrument])
            start = self.rng.randrange(
                max(1, self.songs.songs[index][1]["samples"] - self.samples))
            sound = dict(self.songs.stems(index, start, self.samples))[instrument]
            power = (sound[: len(sound) // 10 * 10].reshape(10, -1) ** 2).mean(1)
            if (power > 1e-5).sum() >= 5:
                return sound

    def augmented(self, instrument: str) -> np.ndarray:
        sound = self.draw(instrument)
        if self.rng.random() < 0.5:
            sound = resampled(sound, 2 ** (self.rng.uniform(-4, 4) / 12))
        return augmented(sound, self.rng)


def gathered(musicnn: Musicnn, split: str, items: int, seconds: float) -> np.ndarray:
    """musicnn's features of `items` stems of each instrument, [instruments, items, patches, size];
    kept in the working folder."""
    path = WORK / "runs" / "judge" / f"{split}-{items}.npy"
    if not path.exists():
        stems = Stems(split, 5, seconds)
        draw = stems.augmented if split == "train" else stems.draw
        found = np.stack([np.stack([features(musicnn, draw(name)) for _ in range(items)])
                          for name in INSTRUMENTS])
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, found)
    return np.load(path)


def thresholds(found: np.ndarray) -> list[float]:
    """For each instrument, what FALSE_RATE of the other instruments' stems exceed."""
    return [float(np.quantile(np.delete(found, k, 0)[:, :, k], 1 - FALSE_RATE))
            for k in range(len(INSTRUMENTS))]


def rates(found: np.ndarray, limits: list[float]) -> dict:
    """How often each instrument is detected in its own stems, how often it is the likeliest there,
    and how often it is detected in other instruments' stems. `found`: probabilities [instruments,
    items, instruments]."""
    rows = {}
    for k, name in enumerate(INSTRUMENTS):
        over = found[:, :, k] > limits[k]
        rows[name] = {"detected": float(over[k].mean()),
                      "first": float((found[k].argmax(1) == k).mean()),
                      "false": float(np.delete(over, k, 0).mean())}
    return {"mean": {key: float(np.mean([row[key] for row in rows.values()]))
                     for key in ("detected", "first", "false")}, **rows}


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    torch.set_num_threads(1)
    musicnn = Musicnn()
    train = gathered(musicnn, "train", 120, 3.1)
    flat = train.reshape(-1, train.shape[-1])
    labels = np.repeat(np.arange(len(INSTRUMENTS)), flat.shape[0] // len(INSTRUMENTS))
    scaler = StandardScaler().fit(flat)
    scaler.scale_ = np.maximum(scaler.scale_, 1e-2)  # some features hardly ever move
    fit = LogisticRegression(C=PENALTY, max_iter=300).fit(scaler.transform(flat), labels)
    weight = fit.coef_ / scaler.scale_
    bias = fit.intercept_ - weight @ scaler.mean_
    weights = {"weight": torch.tensor(weight).contiguous(), "bias": torch.tensor(bias)}
    save_file({name: value.float() for name, value in weights.items()},
              FOLDER / "judge.safetensors")
    judge = Judge(musicnn, np.float32(weight), np.float32(bias))
    found = {split: np.stack([[judge.probabilities(item) for item in items]
                              for items in gathered(musicnn, split, 25, 9.2)])
             for split in ("dev", "validation")}
    limits = thresholds(found["dev"])
    about = {"instruments": INSTRUMENTS, "thresholds": limits, "licence": "GPL-3.0-or-later",
             "trained on": "augmented stems of the train split (Models/training/music/render.py)",
             **{split: rates(values, limits) for split, values in found.items()}}
    (FOLDER / "judge.json").write_text(json.dumps(about, indent=1) + "\n")
    print({split: about[split]["mean"] for split in found})


if __name__ == "__main__":
    main()
