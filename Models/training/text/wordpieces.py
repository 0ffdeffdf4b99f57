"""The reader's vocabulary as a SentencePiece unigram model, and the first rows of its table.

From the vocabulary of the published encoder (30522 pieces) come the words that instructions can use,
word parts, marks and small numbers; added are verbs and instruments of WordNet that it lacks, with rows by
`rarewords`. Every piece costs about the same and a beginning the less the longer it is, so a known word
stays whole and others are cut much as the published greedy search cuts them.
"""

import random
import re
import string
from pathlib import Path

import numpy as np
import torch
from sentencepiece import sentencepiece_model_pb2 as pb

from . import corpus, data, rarewords
from .heldout import Kept
from .paths import PACKAGE, work

SPACE = "\u2581"
PAD, END, UNKNOWN, START, MASK = range(5)
SPECIAL = {"<pad>": "[PAD]", "</s>": "[SEP]", "<unk>": "[UNK]", "<s>": "[CLS]", "<mask>": "[MASK]"}
# Types of pieces: normal, unknown, control.
NORMAL, UNKNOWN_TYPE, CONTROL = 1, 2, 3
COMMON, FIRST = 12_000, 4_000  # rows of the published vocabulary, commonest first
ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "r", "est", "ly", "ness", "able", "y", "n", "en")
_MARK = re.compile(f"([{re.escape(string.punctuation)}])")


def spaced(text: str) -> str:
    """The text with spaces around its marks, as the published encoder cuts it: "don ' t"."""
    return _MARK.sub(r" \1 ", text.replace("\u2019", "'"))


def encode(vocabulary, texts: list[str], limit: int = 64) -> list[list[int]]:
    """Ids from `<s>` to `</s>`, at most `limit`."""
    return [[START, *ids[: limit - 2], END] for ids in vocabulary.encode([spaced(t) for t in texts])]


def is_known(word: str, known: set[str]) -> bool:
    """Whether a word or what it is made from is in a dictionary."""
    stems = {word} | {word[: -len(e)] for e in ENDINGS if word.endswith(e)}
    stems |= {s + "e" for s in stems} | {s[:-1] for s in stems if s[-1:] == s[-2:-1]}
    stems |= {s[:-1] + "y" for s in stems if s.endswith("i")}
    return not known.isdisjoint(stems)


def chosen(published: list[str], said: set[str]) -> list[str]:
    """Pieces of the published vocabulary, a space sign before those that begin a word."""
    verbs = set(rarewords.verbs())
    found = corpus.phrases(work() / data.WORDNET)
    known = {w for sort in ("words", "verbs") for w in found[sort] if w.isalpha()}
    pieces = []
    for row, piece in enumerate(published):
        if re.fullmatch(r"[a-z]+", piece):
            common = row < COMMON and is_known(piece, known)
            if len(piece) == 1 or piece in said or piece in verbs or common or row < FIRST:
                pieces.append(SPACE + piece)
        elif re.fullmatch(r"##([a-z]+|\d)", piece):
            pieces.append(piece[2:])
        elif len(piece) == 1 and piece in string.punctuation or re.fullmatch(r"\d{1,2}", piece):
            pieces.append(SPACE + piece)
    return pieces


def source_piece(piece: str) -> str:
    """What the published vocabulary calls a piece."""
    if piece in SPECIAL:
        return SPECIAL[piece]
    return piece[1:] if piece.startswith(SPACE) else "##" + piece


def build(folder: Path, path: Path) -> None:
    """Writes `path` (the SentencePiece model) and beside it the table of its pieces (`.pt`)."""
    published, table = rarewords.published(folder)
    at = {piece: row for row, piece in enumerate(published)}
    rng, source = random.Random(77), data.grammar(False, Kept(dev=False))
    counts: dict[str, int] = {}
    for _ in range(20_000):
        for word in re.findall(r"[a-z]+", source.example(rng, noisy=False)["text"].lower()):
            counts[word] = counts.get(word, 0) + 1
    said = {w for w, n in counts.items() if n > 2}
    pieces = list(SPECIAL) + chosen(published, said)
    first = [table[[at[source_piece(p)] for p in pieces]]]
    for words, rows in ((rarewords.verbs(), rarewords.verb_rows), (rarewords.nouns(), rarewords.noun_rows)):
        new = [w for w in words if w not in at and SPACE + w not in pieces]
        first.append(rows(new, {w: table[at[w]] for w in words if w in at}))
        pieces += [SPACE + w for w in new]
    first.append(table[[at["[UNK]"]]])
    pieces.append(SPACE)
    base = pb.ModelProto()
    base.ParseFromString((PACKAGE / "spiece.model").read_bytes())
    model = pb.ModelProto()
    model.normalizer_spec.CopyFrom(base.normalizer_spec)
    model.trainer_spec.CopyFrom(base.trainer_spec)
    for piece in pieces:
        model.pieces.add(piece=piece, score=score(piece), type=CONTROL if piece in SPECIAL else NORMAL)
    model.pieces[UNKNOWN].type = UNKNOWN_TYPE
    spec = model.trainer_spec
    spec.byte_fallback, spec.vocab_size = False, len(pieces)
    spec.pad_id, spec.eos_id, spec.unk_id, spec.bos_id = PAD, END, UNKNOWN, START
    torch.save(torch.from_numpy(np.concatenate(first)), path.with_name("reader_table.pt"))
    path.write_bytes(model.SerializeToString())


def score(piece: str) -> float:
    if piece in SPECIAL or piece == SPACE:
        return -30.0 if piece == SPACE else 0.0
    return -10.0 + (0.3 * len(piece) if piece.startswith(SPACE) else 0.0)


def table(folder: Path, path: Path) -> torch.Tensor:
    """The first table of the pieces of `path` `[pieces, width]`; both are made on first use."""
    rows = path.with_name("reader_table.pt")
    if not rows.exists():
        build(folder, path)
    return torch.load(rows, weights_only=True)
