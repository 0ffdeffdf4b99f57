"""Asks the judge (`Models/training/judge.py`) whether a stem is the instrument that was asked for."""

import json
import pathlib

import numpy as np
from safetensors.torch import load_file

from Models.training.judge import Judge, probabilities
from Models.training.music.scores import INSTRUMENTS

from .items import SOURCES
from .metrics import mono

FOLDER = pathlib.Path(__file__).parent


class Asked:
    """The judge with its committed weights and what it was measured to be worth."""

    def __init__(self):
        self.judge = Judge().eval()
        self.judge.load_state_dict({name: value.float() for name, value in
                                    load_file(FOLDER / "judge.safetensors").items()})
        about = json.loads((FOLDER / "judge.json").read_text())
        self.thresholds = about["thresholds"]
        parts = [f"{split}: detects {100 * mean['detected']:.0f}% of an instrument's stems and "
                 f"names {100 * mean['first']:.0f}% first, detects it in "
                 f"{100 * mean['false']:.0f}% of other instruments' stems"
                 for split in ("dev", "validation") for mean in [about[split]["mean"]]]
        self.statement = (
            "The judge of instruments is ours. On true stems of banks and kits that it never heard "
            f"(means over {len(INSTRUMENTS)} instruments): {'; '.join(parts)}. Its thresholds were "
            "chosen on dev.")

    def asked(self, stem: np.ndarray, target: str) -> dict:
        """Whether the target is detected, and whether it is the likeliest; "guitar" may be either
        guitar. Nothing is detected in silence."""
        sound = mono(stem)
        if np.sqrt((sound**2).mean()) < 1e-5:
            return {"detected": False, "first": False}
        found = probabilities(self.judge, sound[None])[0]
        own = [INSTRUMENTS.index(name) for name in SOURCES.get(target, (target,))]
        return {"detected": any(found[i] > self.thresholds[i] for i in own),
                "first": int(found.argmax()) in own}
