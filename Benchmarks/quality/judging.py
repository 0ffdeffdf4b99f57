"""Asks the judge (`Models/training/judge.py`) whether a stem is the instrument that was asked for."""

import json
import pathlib

import numpy as np
from safetensors.numpy import load_file

from Models.training.music.scores import INSTRUMENTS, members

from .metrics import mono
from .musicnn import Musicnn

FOLDER = pathlib.Path(__file__).parent
LEVEL = 0.1  # root mean square at which sounds are heard


def features(musicnn: Musicnn, sound: np.ndarray) -> np.ndarray:
    """musicnn's pooled middle layers of each three seconds: [patches, 1506]."""
    flat = mono(sound)
    return musicnn.pooled(flat * (LEVEL / max(1e-6, float(np.sqrt((flat**2).mean())))))


class Judge:
    """Logistic regression: weight [instruments, 1506], bias [instruments]."""

    def __init__(self, musicnn: Musicnn, weight: np.ndarray, bias: np.ndarray):
        self.musicnn, self.weight, self.bias = musicnn, weight, bias

    def probabilities(self, found: np.ndarray) -> np.ndarray:
        """Features [patches, 1506] -> probabilities [instruments]: the patches' geometric mean."""
        logits = found @ self.weight.T + self.bias
        logits = logits - logits.max(1, keepdims=True)
        mean = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).mean(0)
        return np.exp(mean) / np.exp(mean).sum()

    def __call__(self, sound: np.ndarray) -> np.ndarray:
        return self.probabilities(features(self.musicnn, sound))


class Asked:
    """The judge with its committed weights and what it was measured to be worth."""

    def __init__(self):
        self.judge = Judge(Musicnn(), **load_file(FOLDER / "judge.safetensors"))
        about = json.loads((FOLDER / "judge.json").read_text())
        self.thresholds = about["thresholds"]
        parts = [f"{split}: detects {100 * mean['detected']:.0f}% of an instrument's stems and "
                 f"names {100 * mean['first']:.0f}% first, detects it in "
                 f"{100 * mean['false']:.0f}% of other instruments' stems"
                 for split in ("dev", "validation") for mean in [about[split]["mean"]]]
        self.statement = (
            "The judge of instruments is ours (musicnn's features, logistic regression). On true "
            "stems of banks and kits that it never heard (means over "
            f"{len(INSTRUMENTS)} instruments): {'; '.join(parts)}. Its thresholds were chosen on "
            "dev.")

    def asked(self, stem: np.ndarray, target: str) -> dict:
        """Whether the target is detected, and whether it is the likeliest; "guitar" may be either
        guitar. Nothing is detected in silence."""
        if np.sqrt((mono(stem) ** 2).mean()) < 1e-5:
            return {"detected": False, "first": False}
        found = self.judge(stem)
        own = [INSTRUMENTS.index(name) for name in members(target)]
        return {"detected": any(found[i] > self.thresholds[i] for i in own),
                "first": int(found.argmax()) in own}
