"""General English phrases for the distillation: WordNet 3.0 (words, glosses, example sentences).

WordNet comes from Debian's `wordnet-base` (licence: WordNet 3.0, free for any purpose with notice).
"""

import re
from pathlib import Path

PARTS = ("verb", "adj", "noun", "adv")


def synsets(folder: Path, part: str):
    """Yields `(lemmas, gloss, examples)` for each synset of one part of speech."""
    with open(folder / f"data.{part}", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("  "):
                continue
            head, _, text = line.partition(" | ")
            fields = head.split()
            count = int(fields[3], 16)
            lemmas = [fields[4 + 2 * i].replace("_", " ") for i in range(count)]
            lemmas = [re.sub(r"\((?:a|p|ip)\)$", "", lemma) for lemma in lemmas]
            examples = [e.strip() for e in re.findall(r'"([^"]+)"', text)]
            gloss = re.sub(r'[;:]?\s*"[^"]+".*', "", text).strip(" ;\n")
            yield lemmas, gloss, examples


def phrases(folder: Path) -> dict[str, list[str]]:
    """All phrases by sort: `words` (with simple frames), `examples`, `glosses`; no duplicates."""
    words, examples, glosses = {}, {}, {}
    for part in PARTS:
        for lemmas, gloss, quoted in synsets(folder, part):
            for lemma in lemmas:
                if re.fullmatch(r"[A-Za-z][A-Za-z' .-]*", lemma):
                    words.setdefault(lemma)
                    if part == "verb":
                        words.setdefault(f"{lemma} it")
            for example in quoted:
                if 2 <= len(example.split()) <= 24:
                    examples.setdefault(example)
            for piece in re.sub(r"\([^)]*\)\s*", "", gloss).split(";"):
                if 2 <= len(piece.split()) <= 20:
                    glosses.setdefault(piece.strip())
    return {"words": list(words), "examples": list(examples), "glosses": list(glosses)}
