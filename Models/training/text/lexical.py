"""What a published sentence encoder (all-mpnet-base-v2) knows of words: vectors for the reader's
pieces, and which operation a verb of WordNet asks for. `python -m Models.training.text.lexical`.

The vectors are general language: every word has one. The operations are guessed by a logistic
regression from the vectors of our own verb phrases, and no word of validation is among the verbs.
"""

import json
import random
import re

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from transformers import AutoModel, AutoTokenizer

from . import corpus, data, idioms, morphology, negatives, vocabulary, wholewords
from .heldout import Kept, words_of
from .paths import work

OBJECT = "the part"
CLASSES = ("none", "add", "remove", "extract")


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
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
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


def wordnet_verbs() -> list[str]:
    """Verbs in lower case, one word or two, commonest senses first."""
    counts: dict[str, int] = {}
    for lemmas, _, _ in corpus.synsets(work() / data.WORDNET, "verb"):
        for verb in lemmas:
            if re.fullmatch(r"[a-z][a-z-]{1,13}( (out|off|away|up|down|in|on|over|back|by|apart|aside))?", verb):
                counts[verb] = counts.get(verb, 0) + 1
    return sorted(counts, key=lambda v: -counts[v])


def vectors(encoder: SentenceEncoder, vocab) -> torch.Tensor:
    """A vector `[768]` for each piece: of its text, and for verbs also with an object."""
    plain = [vocab.id_to_piece(i).replace("\u2581", " ").strip() or "," for i in range(vocab.vocab_size())]
    verbs = {v for v in wordnet_verbs() if " " not in v}
    alone = encoder(plain)
    alone -= alone.mean(0)
    at = [i for i, p in enumerate(plain) if p in verbs]
    acting = encoder([f"{plain[i]} {OBJECT}" for i in at])
    alone[at] = 0.5 * alone[at] + 0.5 * (acting - acting.mean(0))
    return torch.from_numpy(alone)


def guessed(encoder: SentenceEncoder, kept: Kept, least: float = 0.93) -> dict[str, list[str]]:
    """WordNet's verbs by the operation that they ask for, where the guess is sure."""
    rng = random.Random(8)
    free = lambda text: kept.words.isdisjoint(words_of(text))  # noqa: E731
    texts, wanted = [], []
    for operation in CLASSES[1:]:
        acts = [a for a in getattr(idioms, operation.upper()) if free(a)]
        for act in rng.sample(acts, min(len(acts), 900)):
            texts.append(morphology.phrase(act, OBJECT))
            wanted.append(operation)
    for verb in negatives.VERBS + OTHERS:
        if verb not in negatives.AMBIGUOUS and free(verb):
            texts.append(f"{verb} {OBJECT}")
            wanted.append("none")
    fitted = LogisticRegression(C=0.3, max_iter=300, class_weight="balanced").fit(encoder(texts) * 5, wanted)
    verbs = [v for v in wordnet_verbs() if free(v)]
    chances = fitted.predict_proba(encoder([f"{v} {OBJECT}" for v in verbs]) * 5)
    found: dict[str, list[str]] = {c: [] for c in CLASSES}
    for verb, row in zip(verbs, chances):
        if row.max() >= least:
            found[fitted.classes_[row.argmax()]].append(verb)
    return found


# Verbs that change, describe or handle a sound and so ask for nothing of ours.
OTHERS = """transpose, tune, detune, amplify, equalise, compress, pan, quantise, normalise, master, loop, repeat, reverse, stretch,
speed up, slow down, delay, shift, brighten, sharpen, soften, level, balance, automate, rename, label, describe, analyse, count, transcribe,
rehearse, practise, memorise, compare, discuss, criticise, praise, admire, enjoy, hear about, ask about, wonder about, talk about, read about,
teach, learn, study, understand, explain, polish, oil, varnish, restring, insure, auction, lend, borrow, rent, ship, weigh, photograph, film,
paint, drop by, visit, hum along with, dance to, sleep through, laugh at, cry over, argue over, vote on, pay for, bet on, date, marry,
tickle, feed, water, cook, fry, bake, park, drive, ride, fly, climb, swim across, walk past, sit on, lean on, knock on, wait for, look at""".replace("\n", " ").split(", ")


def main() -> None:
    torch.set_num_threads(1)
    vocab = vocabulary.load(wholewords.file())
    encoder = SentenceEncoder()
    found = guessed(encoder, Kept(dev=True))
    (work() / "guessed.json").write_text(json.dumps(found))
    print({k: len(v) for k, v in found.items()})
    torch.save(vectors(encoder, vocab).half(), work() / "piece_vectors.pt")


if __name__ == "__main__":
    main()
