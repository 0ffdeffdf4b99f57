"""The texts that the music networks are asked with, and the T5 token states that they attend to.

The reader has read the user's words before, so each operation and target has one text, the same in
training and at run time: `Prompts` in Sources/Editing/StepRunner.swift. (Trained on 64 phrasings of
each, the states' means differ 1.7 times more within an instrument than between instruments.)
"""

import itertools

import torch

from ..text.prompts import encode
from .attributes import WORDS
from .mixtures import TARGETS

OPERATIONS = ["add", "remove", "extract", "replace"]


def phrase(operation: str, target: str, words: list[str] = []) -> str:
    """`words` say what an added stem shall be like."""
    if operation == "replace":  # what is replaced is all that is heard
        return f"replace it with {target}"
    if operation == "add":
        return " ".join(["add", *words, target])
    return f"{operation} the {target}"


class Phrases:
    """States of all texts, encoded once."""

    def __init__(self, targets: list[str] = TARGETS, describes: bool = False):
        """`describes`: with all that `attributes.Describer` may say."""
        texts = ["", *(phrase(operation, target) for operation in OPERATIONS for target in targets)]
        if describes:
            said = [[word for words in ends for word in words] for ends in WORDS.values()]
            both = [[word] for words in said for word in words]
            both += [pair for a, b in itertools.combinations(said, 2)
                     for pair in itertools.product(a, b)]
            texts += [phrase("add", target, words) for target in targets for words in both]
        self.table = dict(zip(texts, map(torch.from_numpy, encode(texts))))

    def __call__(self, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token states [B, L, 256] padded with zeros and the mask [B, L] of tokens; the empty
        text is the one of no instruction (guidance's other side)."""
        rows = [self.table[text] for text in texts]
        states = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        return states, torch.arange(states.shape[1])[None] < lengths[:, None]
