"""Scores of single items, kept beside the results so that a table is quick to make anew."""

import json
import pathlib

import numpy as np

from .items import Item
from .metrics import lsd, mel_ssim, si_sdr


class Kept:
    """A file of JSON lines, one an item and operation, each with the stamp of what it scored."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text().splitlines() if path.exists() else []
        self.rows = {row["key"]: row for row in map(json.loads, lines)}

    def get(self, key: str, stamp: str, make) -> dict:
        row = self.rows.get(key)
        if row is None or row["stamp"] != stamp:
            row = self.rows[key] = {"key": key, "stamp": stamp, **make()}
            with self.path.open("a") as file:
                print(json.dumps(row), file=file)
        return row


def separation(item: Item, operation: str, estimate: np.ndarray, embed) -> dict:
    """Scores of an extracted stem or of a remainder. `embed(sound)` gives (embeddings, logits)."""
    truth = item.sound("stem" if operation == "extract" else "rest")
    embeddings, tags = embed(estimate)
    value = si_sdr(estimate, truth)
    return {"si_sdr": value, "si_sdri": value - si_sdr(item.sound("mixture"), truth),
            "lsd": lsd(estimate, truth), "ssim": mel_ssim(estimate, truth),
            "embeddings": np.round(embeddings, 4).tolist(), "tags": np.round(tags, 4).tolist()}


def kl(reference: np.ndarray, estimate: np.ndarray) -> float:
    """Mean KL divergence, in nat, of the softmax over tags: logits [items, tags]."""
    def log_softmax(x):
        x = x - x.max(-1, keepdims=True)
        return x - np.log(np.exp(x).sum(-1, keepdims=True))
    p, q = log_softmax(reference), log_softmax(estimate)
    return float((np.exp(p) * (p - q)).sum(-1).mean())
