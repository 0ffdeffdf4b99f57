"""The phoneme inventory: one list for all languages in `phonemes.json`; class 0 is silence.

    python -m Models.training.speech.phonemes

counts the train split of the corpus and writes the list. Doing so again changes the classes, so
that models have to be trained anew.
"""

import collections
import json
from pathlib import Path

from ..work import WORK

FILE = Path(__file__).with_name("phonemes.json")
AT_LEAST = 30  # occurrences; rarer symbols are spelled out by their characters


class Phonemes:
    def __init__(self):
        self.symbols = json.loads(FILE.read_text(encoding="utf-8"))
        self.classes = {symbol: index for index, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, symbol: str) -> list[int]:
        """One class, or those of the characters of a rare symbol; characters that the list does not
        have either (marks, mostly) are left out."""
        if symbol in self.classes:
            return [self.classes[symbol]]
        return [self.classes[letter] for letter in symbol if letter in self.classes]


def main() -> None:
    counts: collections.Counter = collections.Counter()
    for path in sorted((WORK / "speech" / "train").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            for _, phones in json.loads(line)["words"]:
                counts.update(phones)
    common = {symbol for symbol, count in counts.items() if count >= AT_LEAST}
    for symbol in set(counts) - common:
        common |= {letter for letter in symbol if letter.isalpha() and len(letter) == 1}
    symbols = ["", *sorted(common)]
    FILE.write_text(json.dumps(symbols, ensure_ascii=False) + "\n", encoding="utf-8")
    print(len(symbols), "classes of", sum(counts.values()), "phonemes")


if __name__ == "__main__":
    main()
