"""The reader's vocabulary: mostly whole words, so that a rare verb has a vector of its own.

A SentencePiece unigram model (same normalisation and byte fallback as `vocabulary.py`) whose pieces
are chosen here: the words of our instructions, the one-word verbs of WordNet, and the teacher's
commonest words; below them the teacher's commonest word parts, for all other words. A word found
whole always beats its parts.
"""

import random
import re
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as pb

from . import corpus, data
from .heldout import Kept
from .paths import work

SPACE = "\u2581"
COMMON, PARTS = 6000, 900


def teacher_words(folder: Path) -> tuple[list[str], list[str]]:
    """Whole words and word parts of the teacher's vocabulary, commonest first."""
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    whole = [w for w in lines if re.fullmatch(r"[a-z]+", w)]
    parts = [w[2:] for w in lines if re.fullmatch(r"##[a-z]+", w)]
    return whole, parts


def words(ours: list[str]) -> list[str]:
    """The whole words: ours (seen three times), verbs, common words that WordNet knows or that are short."""
    counts: dict[str, int] = {}
    for text in ours:
        for word in re.findall(r"[a-z]+", text.lower()):
            counts[word] = counts.get(word, 0) + 1
    found = dict.fromkeys(w for w, n in counts.items() if n > 2 and len(w) > 1)
    phrases = corpus.phrases(work() / data.WORDNET)
    verbs = [v for v in phrases["verbs"] if v.isascii() and v.isalpha() and v.islower() and len(v) < 12]
    found |= dict.fromkeys(verbs)
    known = {w for w in phrases["words"] if w.isalpha()} | set(verbs)
    whole, _ = teacher_words(work() / "mpnet")
    common = [w for w in whole if len(w) > 1 and (w in known or w[:-1] in known or w.removesuffix("ed") in known
              or w.removesuffix("ing") in known)]  # fmt: skip
    found |= dict.fromkeys(common[:COMMON])
    return list(found)


def file() -> Path:
    """The model's file, made on first use."""
    path = work() / "reader.model"
    if not path.exists():
        rng, source = random.Random(77), data.grammar(False, Kept(dev=False))
        build([source.example(rng, noisy=False)["text"] for _ in range(20_000)], path)
    return path


def build(ours: list[str], path: Path) -> None:
    """Writes the SentencePiece model; the base gives normalisation, specials and bytes."""
    model = pb.ModelProto()
    model.ParseFromString(data.spiece().read_bytes())
    base = [p for p in model.pieces if p.type != pb.ModelProto.SentencePiece.NORMAL]
    letters = [p.piece for p in model.pieces if p.type == 1 and len(p.piece.strip(SPACE)) <= 1]
    _, parts = teacher_words(work() / "mpnet")
    chosen: dict[str, float] = {}
    for word in words(ours):
        chosen[SPACE + word] = -9.0
    after: dict[str, int] = {}
    for text in ours:
        for word in re.findall(r"-([a-z]{2,})", text.lower()):
            after[word] = after.get(word, 0) + 1
    for word, count in after.items():
        if count > 2:
            chosen[word] = -10.0
    for rank, part in enumerate(p for p in parts if len(p) > 1):
        if rank >= PARTS:
            break
        chosen.setdefault(part, -11.0 - rank / PARTS)
    for piece in [*letters, *"abcdefghijklmnopqrstuvwxyz0123456789-'.,!?:;&+/()", SPACE]:
        chosen.setdefault(piece, -13.0 if piece.startswith(SPACE) else -13.5)
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        chosen.setdefault(SPACE + letter, -13.0)
    del model.pieces[:]
    for piece in base:
        model.pieces.add().CopyFrom(piece)
    for piece, score in chosen.items():
        model.pieces.add(piece=piece, score=score, type=1)
    model.trainer_spec.vocab_size = len(model.pieces)
    path.write_bytes(model.SerializeToString())
    sentencepiece.SentencePieceProcessor(model_file=str(path))
