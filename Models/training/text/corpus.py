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
    """All phrases by sort, no duplicates: `words`, `verbs` (bare and with "it"), `examples`, `glosses`.

    Nouns are the one-word lower-case lemmas (no names, no Latin), glosses those of such words.
    """
    words, verbs, examples, glosses = {}, {}, {}, {}
    for part in PARTS:
        for lemmas, gloss, quoted in synsets(folder, part):
            plain = [w for w in lemmas if re.fullmatch(r"[a-z][a-z' .-]*", w)]
            if part == "noun":
                plain = [w for w in plain if w.isalpha() and len(w) <= 12]
            for lemma in plain:
                if part == "verb":
                    verbs.setdefault(lemma)
                    verbs.setdefault(f"{lemma} it")
                else:
                    words.setdefault(lemma)
            for example in quoted:
                if 2 <= len(example.split()) <= 16:
                    examples.setdefault(example)
            for piece in re.sub(r"\([^)]*\)\s*", "", gloss).split(";") if plain else ():
                if 2 <= len(piece.split()) <= 14:
                    glosses.setdefault(piece.strip())
    return {"words": list(words), "verbs": list(verbs), "examples": list(examples),
            "glosses": list(glosses)}  # fmt: skip


def definitions(folder: Path, verbs: bool) -> list[tuple[str, str]]:
    """Pairs of a word and one of its glosses, of verbs (also with "it") or of the other words."""
    made = {}
    for part in ("verb",) if verbs else ("adj", "noun", "adv"):
        for lemmas, gloss, _ in synsets(folder, part):
            plain = [w for w in lemmas if re.fullmatch(r"[a-z][a-z' .-]*", w)]
            if part == "noun":
                plain = [w for w in plain if w.isalpha() and len(w) <= 12]
            pieces = re.sub(r"\([^)]*\)\s*", "", gloss).split(";")
            for lemma in plain:
                for piece in (pieces if part == "verb" else pieces[:1]):
                    made.setdefault((lemma, piece.strip()))
                    if part == "verb":
                        made.setdefault((f"{lemma} it", piece.strip()))
    return list(made)
