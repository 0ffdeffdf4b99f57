"""Asks the judge (`Models/training/judge.py`) whether a stem is the instrument that was asked for."""

import json
import pathlib

import numpy as np
from safetensors.torch import load_file

from Models.training.judge import THRESHOLD, Judge, probabilities
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
        measured = json.loads((FOLDER / "judge.json").read_text())["mean"]
        self.statement = (
            "The judge of instruments is ours; on stems of the dev split's banks and kits, which it "
            f"never heard, it detects {100 * measured['detected']:.0f}% of an instrument's stems, "
            f"names {100 * measured['first']:.0f}% first, and detects it in "
            f"{100 * measured['false']:.0f}% of the others' (means over {len(INSTRUMENTS)} "
            "instruments).")

    def asked(self, stem: np.ndarray, target: str) -> dict:
        """Whether the target is detected, and whether it is the likeliest; "guitar" may be either
        guitar. Nothing is detected in silence."""
        sound = mono(stem)
        if np.sqrt((sound**2).mean()) < 1e-5:
            return {"detected": False, "first": False}
        found = probabilities(self.judge, sound[None])[0]
        own = [INSTRUMENTS.index(name) for name in SOURCES.get(target, (target,))]
        return {"detected": bool(max(found[i] for i in own) > THRESHOLD),
                "first": int(found.argmax()) in own}
