"""Trains on from an exported encoder while holding its states on the usual prompts:
`python -m Models.training.text.refine`.

The music models were trained on the states that the exported encoder gives for `prompts(...)`. Here
the encoder learns more patterns and words, and a third loss keeps its states of such prompts where
they were (mean square of the difference, relative to the states' own mean square).
"""

import argparse
import random

import numpy as np
import torch

from ..loop import autocast
from . import data, labels, vocabulary
from .model import pad
from .paths import work
from .prompts import encode, prompts
from .train import Trainer


def gather(states: list[torch.Tensor], rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded states `[B, L, 256]` and mask `[B, L]`."""
    width = max(len(states[i]) for i in rows)
    out = torch.zeros(len(rows), width, 256)
    mask = torch.zeros(len(rows), width, dtype=torch.bool)
    for row, i in enumerate(rows):
        out[row, : len(states[i])] = states[i]
        mask[row, : len(states[i])] = True
    return out, mask


def usual_prompts(count: int, seed: int = 41) -> list[str]:
    """Texts as `prompts()` gives them to the music trainings."""
    rng, made = random.Random(seed), []
    while len(made) < count:
        target = rng.choice(labels.MUSIC)
        made += prompts(rng.choice(labels.EDITS), target, 1, rng, noisy=rng.random() < 0.5)
    return made


class Refiner(Trainer):
    """A trainer with the anchor."""

    file = "refined.pt"
    focus = True

    def __init__(self, options):
        super().__init__(options)
        for part in self.model.t5.modules():  # noise in the states would hide their drift
            if isinstance(part, torch.nn.Dropout):
                part.p = 0.0
        texts = usual_prompts(options.anchors) + [""] * (options.anchors // 20)  # "": guidance's other side
        self.anchor_ids = vocabulary.encode(vocabulary.load(data.spiece()), texts)
        self.anchor = [torch.from_numpy(states) for states in encode(texts)]
        self.power = float(torch.cat(self.anchor[:500]).pow(2).mean())
        self.rng = np.random.default_rng(9)
        self.drift = 0.0

    def start_from(self, path) -> None:
        state = torch.load(path, weights_only=True)["average"]
        self.model.load_state_dict(state)
        self.average = {k: v.clone() for k, v in state.items()}

    def anchor_loss(self) -> torch.Tensor:
        rows = self.rng.choice(len(self.anchor_ids), 64, replace=False)
        ids = pad([self.anchor_ids[i] for i in rows])
        with autocast():
            states, mask = self.model.encode(ids)
        wanted, _ = gather(self.anchor, rows)
        return ((states.float() - wanted).pow(2).mean(-1)[mask]).mean() / self.power

    def extra_loss(self) -> None:
        loss = self.anchor_loss()
        (self.o.hold * loss).backward()
        self.drift = 0.9 * self.drift + 0.1 * loss.item()

    def extra_figures(self) -> dict:
        return {"drift": round(self.drift, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--phrases", type=int, default=160)
    parser.add_argument("--labelled", type=int, default=192)
    parser.add_argument("--examples", type=int, default=200_000)
    parser.add_argument("--anchors", type=int, default=5_000)
    parser.add_argument("--hold", type=float, default=4.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    trainer = Refiner(options)
    if trainer.path.exists():
        trainer.resume()
    else:
        trainer.start_from(work() / "checkpoint.pt")
    trainer.run()


if __name__ == "__main__":
    main()
