"""Logits of the shipped reader in PyTorch, for InstructionReaderTests: `python Tests/Fixtures/make_reader.py`.

Run it again after each export of Models/text.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from Models.training.text.evaluate import load  # noqa: E402
from Models.training.text.reader import logits  # noqa: E402

TEXTS = [
    "add a guitar", "Remove the DRUMS, please!", "i don’t want any strumming", "only the piano (and nothing else)",
    "replace the flugelhorn with a 12-string guitar", "isolte teh bass", "", "¿dónde está el piano? 音楽",
    "vanquish the violins, then " + "very " * 80 + "softly add a choir",
]  # fmt: skip

found = logits(*load(), TEXTS)
items = [{"text": text} | {name: [round(float(x), 5) for x in rows[i]] for name, rows in found.items()}
         for i, text in enumerate(TEXTS)]  # fmt: skip
path = ROOT / "Tests/Fixtures/reader/logits.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(items, ensure_ascii=False, indent=0) + "\n")
