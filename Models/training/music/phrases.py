"""Instruction texts for the music trainings, with the T5 token states that the networks attend to."""

import random

import torch

from ..text.prompts import encode, prompts
from .mixtures import TARGETS

PHRASINGS = 64
OPERATIONS = ["add", "remove", "extract"]


class Phrases:
    """Train-split phrasings of each operation and target, encoded once."""

    def __init__(self, seed: int = 0):
        rng = random.Random(seed)
        self.texts = {(operation, target): prompts(operation, target, PHRASINGS, rng)
                      for operation in OPERATIONS for target in TARGETS}
        every = sorted({"", *(text for texts in self.texts.values() for text in texts)})
        self.table = dict(zip(every, (torch.from_numpy(states) for states in encode(every))))

    def draw(self, operation: str, target: str, rng: random.Random) -> str:
        return rng.choice(self.texts[operation, target])

    def states(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token states [B, L, 256] padded with zeros and the mask [B, L] of tokens; the empty
        text is the one of no instruction (guidance's other side)."""
        rows = [self.table[text] for text in texts]
        states = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        return states, torch.arange(states.shape[1])[None] < lengths[:, None]
