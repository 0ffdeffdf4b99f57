"""Phrasings and token states for the trainings of the music models.

`prompts("add", "guitar", 8, rng)` gives training phrasings; `encode(texts)` gives the states of the
exported encoder in `Models/text` (what the editor and the mask network attend to).
"""

import functools
import random

import numpy as np
import torch

from . import vocabulary
from .grammar import Grammar
from .paths import PACKAGE


@functools.lru_cache(1)
def _grammar() -> Grammar:
    made = Grammar(dev=False)
    made.usual = True  # the patterns on which `refine` holds the states
    return made


def prompts(operation: str, target: str, n: int, rng: random.Random, noisy: bool = True) -> list[str]:
    """`n` train-split phrasings that name just this target (labels of `labels.py`).

    `noisy` adds regions, politeness, capitals and typing errors. Attributes may occur: use
    `examples` to get them as labels.
    """
    return [e["text"] for e in examples(operation, target, n, rng, noisy)]


def examples(operation: str, target: str, n: int, rng: random.Random, noisy: bool = True) -> list[dict]:
    """As `prompts`, with all labels: dicts of text, operation, target, second, attributes."""
    made = []
    while len(made) < n:
        example = _grammar().example(rng, operation, target, noisy)
        single = example["second"] == "none" or operation == "replace"
        if single and example["target"] == target and example["operation"] == operation:
            made.append(example)
    return made


@functools.lru_cache(1)
def _encoder():
    from safetensors.torch import load_file

    from .model import TextModel

    weights = load_file(PACKAGE / "model.safetensors")
    model = TextModel()
    encoder = {k: v.float() for k, v in weights.items() if not k.startswith("heads.")}
    encoder["encoder.embed_tokens.weight"] = encoder["shared.weight"]
    model.t5.load_state_dict(encoder, strict=True)
    return model.t5.eval(), vocabulary.load(PACKAGE / "spiece.model")


@torch.no_grad()
def encode(texts: list[str], batch: int = 64) -> list[np.ndarray]:
    """Token states `[L, 256]` (float32, `</s>` included, L at most 64) of each text."""
    from .model import pad

    t5, vocab = _encoder()
    ids = vocabulary.encode(vocab, texts)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out = [None] * len(ids)
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        padded = pad([ids[i] for i in rows])
        states = t5(input_ids=padded, attention_mask=(padded != 0).long()).last_hidden_state
        for row, i in enumerate(rows):
            out[i] = states[row, : len(ids[i])].numpy().copy()
    return out
