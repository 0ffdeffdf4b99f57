"""Trains the network that tells how long phonemes and pauses last in a gap.

    python -m Models.training.speech.tempo --run tempo --minutes 10

Needs the phonemes' times (`aligner --align`).
"""

import dataclasses
import random

import numpy as np
import torch

from ..loop import Run, options
from .data import Speech
from .networks import Tempo, TempoConfig
from .painter import SHARES
from .phonemes import Phonemes

TOKENS = 96  # phonemes and pauses of an example
GAP_SECONDS = (0.1, 1.6)
#: The gap's length is not given to the network, but ends are compared after its sounds were stretched
#: to fill it; this much of the loss are the lengths themselves, which a replaced word needs.
LENGTHS = 0.1
PUNCTUATION = tuple(".,;:!?…-–—")


def tokens(entry):
    """Classes, starts, ends and clause marks of an utterance's phonemes and of the pauses between
    its words."""
    rows = []
    for index, (phones, times) in enumerate(zip(entry.phones, entry.phone_times)):
        if index:
            clause = entry.row["words"][index - 1][0].rstrip("'\")").endswith(PUNCTUATION)
            start = rows[-1][2]
            rows.append((0, start, max(start, times[0][0]), clause))
        for phone, (start, end) in zip(phones, times):
            rows.append((phone, start, end, False))
    return rows


class Gaps:
    """Gaps in utterances of a split."""

    def __init__(self, split: str, seed: int):
        self.rng = random.Random(seed)
        speech = Speech(split, found_times=True)
        speech.entries = [entry for entry in speech.entries if entry.phone_times]
        self.rows = [tokens(entry) for entry in speech.entries]
        self.totals = np.cumsum(speech.weights(SHARES))

    def batch(self, count: int) -> dict[str, torch.Tensor]:
        rng = self.rng
        out = {"classes": torch.zeros(count, TOKENS, dtype=torch.long),
               "heard": torch.zeros(count, TOKENS), "inside": torch.zeros(count, TOKENS),
               "clause": torch.zeros(count, TOKENS, dtype=torch.bool),
               "known": torch.zeros(count, TOKENS, dtype=torch.bool),
               "gap": torch.zeros(count, TOKENS, dtype=torch.bool)}
        for index in range(count):
            rows = self.rows[int(np.searchsorted(self.totals, rng.random() * self.totals[-1] * 0.9999))]
            size = rng.uniform(*GAP_SECONDS)
            _, start, end, _ = rng.choice(rows)
            low = (start + end) / 2 - rng.random() * size
            high = min(low + size, rows[-1][2])
            low = max(low, rows[0][1])
            middle = next(i for i, row in enumerate(rows) if row[2] > low or i == len(rows) - 1)
            first = max(0, min(middle - TOKENS // 3, len(rows) - TOKENS))
            part = rows[first : first + TOKENS]
            for at, (phone, start, end, clause) in enumerate(part):
                inside = max(0.0, min(end, high) - max(start, low))
                # A pause of no length that lies in the gap is part of it.
                gone = inside > 0 or (start == end and low < start < high)
                out["classes"][index, at] = phone
                out["inside"][index, at] = inside
                out["heard"][index, at] = end - start - inside
                out["clause"][index, at] = clause
                out["gap"][index, at] = gone
                out["known"][index, at] = not gone
        return out


def ends(lengths: torch.Tensor, gap: torch.Tensor) -> torch.Tensor:
    return (lengths * gap).cumsum(-1)


def compared(made: torch.Tensor, batch: dict) -> torch.Tensor:
    """Mean distance in seconds of the phonemes' ends in gaps, after all were stretched to fill it."""
    gap = batch["gap"]
    total = (batch["inside"] * gap).sum(-1, keepdim=True)
    stretch = total / (made * gap).sum(-1, keepdim=True).clamp_min(1e-3)
    away = (ends(made * stretch, gap) - ends(batch["inside"], gap)).abs()
    return (away * gap).sum() / gap.sum()


def main() -> None:
    flags = options(__doc__.splitlines()[0], 10).parse_args()
    config = TempoConfig(phones=len(Phonemes()))
    run = Run(Tempo(config), flags, beside=lambda module: dataclasses.asdict(config))
    train, held = Gaps("train", run.step), Gaps("dev", 1)
    dev = [held.batch(64) for _ in range(12)]
    means = torch.zeros(config.phones)
    for phone in range(config.phones):
        lengths = [row[2] - row[1] for rows in train.rows[::4] for row in rows if row[0] == phone]
        means[phone] = float(np.mean(lengths)) if lengths else 0.08

    def lengths(module, batch):
        return module(batch["classes"], batch["heard"], batch["known"], batch["clause"]).float()

    def losses(module):
        batch = train.batch(flags.batch)
        made = lengths(module, batch)
        away = compared((made.exp() - config.floor).clamp_min(1e-3), batch)
        true = (batch["inside"] + config.floor).log()
        logarithm = ((made - true).abs() * batch["gap"]).sum() / batch["gap"].sum()
        return {"loss": 10 * away + LENGTHS * logarithm, "ends": away, "logarithm": logarithm}

    def evaluate(module):
        rows = []
        for batch in dev:
            made = (lengths(module, batch).exp() - config.floor).clamp_min(1e-3)
            mean = (means[batch["classes"]] - batch["heard"]).clamp_min(0.02)
            mean = torch.where(batch["classes"] > 0, mean, 0)
            rows.append([float(compared(made, batch)), float(compared(mean, batch))])
        own, plain = np.mean(rows, 0)
        return {"dev_ms": round(1000 * own, 2), "dev_means_ms": round(1000 * plain, 2)}

    run.train(losses, evaluate, every_minutes=1)


if __name__ == "__main__":
    main()
