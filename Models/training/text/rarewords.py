"""Rows for words that the published encoder's table lacks.

The small encoder cuts a rare verb ("vanquish") into parts and hardly knows it; a large one
(all-mpnet-base-v2) does. A ridge regression, fitted on the verbs that the table has, leads from the
large one's vector of "vanquish the part" to a row of the small one's table, so that
the word stands among its likes. A rare instrument or player gets the mean row of its nearest likes. General language only: no label is used.
"""

import re
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

from ..loop import autocast
from . import corpus, data
from .paths import work

OBJECT = "the part"
# Synsets of WordNet 3.0 whose kinds are taken: musical instruments, players, singers.
ROOTS = ("03800933", "10340312", "10599806")
STRENGTHS = (10.0, 30.0, 100.0, 300.0)


class SentenceEncoder:
    """Mean-pooled embeddings `[N, 768]`, unit length, as published; kept in a file between runs."""

    def __init__(self):
        self.file = work() / "mpnet_vectors.pt"
        self.known = torch.load(self.file, weights_only=True) if self.file.exists() else {}
        self.model = None

    def __call__(self, texts: list[str], size: int = 128) -> np.ndarray:
        new = sorted({t for t in texts if t not in self.known}, key=len)
        if new and self.model is None:
            folder = str(work() / "mpnet")
            self.tokenizer = AutoTokenizer.from_pretrained(folder)
            self.model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
        for first in range(0, len(new), size):
            part = new[first : first + size]
            batch = self.tokenizer(part, padding=True, truncation=True, max_length=48, return_tensors="pt")
            with torch.no_grad(), autocast():
                states = self.model(**batch).last_hidden_state.float()
            mask = batch["attention_mask"][..., None]
            found = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=-1).half()
            self.known |= dict(zip(part, found.clone()))
            if first // size % 20 == 0:
                print(f"vectors: {first} of {len(new)}", flush=True)
                torch.save(self.known, self.file)
        if new:
            torch.save(self.known, self.file)
        return torch.stack([self.known[t] for t in texts]).float().numpy()


def verbs(longest: int = 12) -> list[str]:
    """WordNet's verbs of one word in small letters, those of the most senses first."""
    counts: dict[str, int] = {}
    for lemmas, _, _ in corpus.synsets(work() / data.WORDNET, "verb"):
        for verb in lemmas:
            if re.fullmatch(rf"[a-z]{{2,{longest}}}", verb):
                counts[verb] = counts.get(verb, 0) + 1
    return sorted(counts, key=lambda v: -counts[v])


def nouns() -> list[str]:
    """WordNet's instruments, players and singers of one word in small letters."""
    synsets: dict[str, tuple[list[str], list[str]]] = {}
    for line in (work() / data.WORDNET / "data.noun").read_text().splitlines():
        if not line.startswith("  "):
            fields = line.partition(" | ")[0].split()
            count = int(fields[3], 16)
            after = fields[5 + 2 * count :]
            kinds = [after[i + 1] for i in range(len(after) - 1) if after[i] == "~"]
            synsets[fields[0]] = ([fields[4 + 2 * i] for i in range(count)], kinds)
    found, open_ends = {}, list(ROOTS)
    while open_ends:
        lemmas, kinds = synsets[open_ends.pop()]
        found |= dict.fromkeys(lemma for lemma in lemmas if re.fullmatch(r"[a-z]{3,15}", lemma))
        open_ends += kinds
    return list(found)


class Regression:
    """Ridge regression from vectors to rows; the strength is the best on a fifth left out."""

    def __init__(self, x: np.ndarray, y: np.ndarray):
        self.mean, self.center = x.mean(0), y.mean(0)
        x, y = x - self.mean, y - self.center
        held = np.arange(len(x)) % 5 == 0
        fits = {s: self.fit(x[~held], y[~held], s) for s in STRENGTHS}
        error = {s: float(((x[held] @ w - y[held]) ** 2).sum() / (y[held] ** 2).sum()) for s, w in fits.items()}
        best = min(error, key=error.get)
        self.w = self.fit(x, y, best)
        made = x @ fits[best]
        # A regression shrinks; its rows get the length that rows have.
        self.scale = float(np.sqrt((y[held] ** 2).sum(-1).mean() / (made[held] ** 2).sum(-1).mean()))
        print(f"{len(x)} words, strength {best}, unexplained {error[best]:.3f}, scale {self.scale:.2f}")

    @staticmethod
    def fit(x: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
        return np.linalg.solve(x.T @ x * 100 + strength * np.eye(x.shape[1]), x.T @ y * 100)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (x - self.mean) @ self.w * self.scale + self.center


def verb_rows(new: list[str], table: dict[str, np.ndarray]) -> np.ndarray:
    """Rows `[N, width]` of the verbs `new`, from those of the verbs in `table`."""
    encoder = SentenceEncoder()
    vectors = lambda words: encoder([f"{word} {OBJECT}" for word in words])  # noqa: E731
    return Regression(vectors(list(table)), np.stack(list(table.values())))(vectors(new)).astype(np.float32)


def noun_rows(new: list[str], table: dict[str, np.ndarray], nearest: int = 4) -> np.ndarray:
    """Rows `[N, width]` of the nouns `new`: the mean of the nearest in `table`, as far from the center
    of all as a row is."""
    encoder = SentenceEncoder()
    known = np.stack(list(table.values()))
    center = known.mean(0)
    likeness = encoder([f"the {word}" for word in new]) @ encoder([f"the {word}" for word in table]).T
    means = known[np.argsort(-likeness, 1)[:, :nearest]].mean(1) - center
    usual = np.linalg.norm(known - center, axis=1).mean()
    return (center + means * usual / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def published(folder: Path) -> tuple[list[str], np.ndarray]:
    """The published vocabulary and its table."""
    from safetensors.torch import load_file

    table = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    return (folder / "vocab.txt").read_text(encoding="utf-8").splitlines(), table.float().numpy()
