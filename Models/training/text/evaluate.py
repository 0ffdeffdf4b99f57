"""Figures of the exported reader: `python -m Models.training.text.evaluate [--show]`.

`hand` and `hard` are the hand-written `eval/dev.jsonl` and `eval/dev_hard.jsonl`, on which all is
chosen, the thresholds too (`calibrate`); validation and refusals are the files that decide.
"""

import argparse
import collections
import json

import numpy as np
import torch

from . import data, labels, vocabulary
from .paths import PACKAGE
from .reader import Reader, logits, packaged


def load() -> tuple[Reader, object]:
    """The exported reader and its vocabulary."""
    return packaged().eval(), vocabulary.load(PACKAGE / "reader.model")


def softmax(x: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    e = np.exp((x - x.max(-1, keepdims=True)) / temperature)
    return e / e.sum(-1, keepdims=True)


def decide(found: dict, temperature: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Operation and target indices and the confidence: the product of both probabilities.

    Operations without a target (remix, inpaint, superres) use the operation's probability alone.
    """
    operation, target = softmax(found["operation"], temperature), softmax(found["target"], temperature)
    o, t = operation.argmax(-1), target.argmax(-1)
    sure = operation.max(-1)
    bare = np.isin(o, [labels.OPERATIONS.index(n) for n in ("remix", "inpaint", "superres")])
    return o, t, np.where(bare, sure, sure * target.max(-1))


def refused(o: np.ndarray, t: np.ndarray, sure: np.ndarray, threshold: float) -> np.ndarray:
    """Not understood as a request: operation none, low confidence, or an edit with no target."""
    needs = np.isin(o, [labels.OPERATIONS.index(n) for n in ("add", "remove", "extract", "replace")])
    return (o == 0) | (sure < threshold) | (needs & (t == 0))


def calibrate() -> dict:
    """Temperature and confidence threshold from dev: best mean of accuracy and refusal rate."""
    model, vocab = load()
    examples = data.hand("dev") + data.hand("dev_hard")
    found = logits(model, vocab, [e["text"] for e in examples])
    truth = data.targets(examples)
    rows = np.arange(len(examples))

    def loss(temperature):
        return -sum(np.log(softmax(found[k], temperature)[rows, truth[k]] + 1e-9).mean()
                    for k in ("operation", "target"))  # fmt: skip

    temperature = min(np.linspace(0.6, 3.0, 25), key=loss)
    o, t, sure = decide(found, temperature)
    asks = truth["operation"] != 0

    def score(threshold):
        out = refused(o, t, sure, threshold)
        right = (o == truth["operation"]) & (t == truth["target"]) & ~out
        return right[asks].mean() + out[~asks].mean()

    threshold = max(np.linspace(0.2, 0.8, 31), key=score)
    p = 1 / (1 + np.exp(-found["attributes"]))
    best = max(np.linspace(0.2, 0.8, 25), key=lambda c: ((p > c) == truth["attributes"]).all(-1).mean())
    return {"temperature": round(float(temperature), 3), "confidence": round(float(threshold), 3),
            "attribute": round(float(best), 3)}  # fmt: skip


def report(name: str, examples: list[dict], model, vocab, limits: dict, show: bool) -> dict:
    """Figures of one set, and with `show` each failure."""
    if not examples:
        return {}
    found = logits(model, vocab, [e["text"] for e in examples])
    truth = data.targets(examples)
    o, t, sure = decide(found, limits["temperature"])
    out = refused(o, t, sure, limits["confidence"])
    asks = truth["operation"] != 0
    figures = {"set": name, "requests": int(asks.sum()), "others": int((~asks).sum())}
    share = lambda values: round(float(np.mean(values)) * 100, 1)  # noqa: E731
    if asks.any():
        good_o, good_t = o == truth["operation"], t == truth["target"]
        attributes = (1 / (1 + np.exp(-found["attributes"])) > limits["attribute"]) == truth["attributes"]
        figures |= {
            "operation": share(good_o[asks]), "target": share(good_t[asks]),
            "both": share((good_o & good_t)[asks]),
            "both, accepted": share((good_o & good_t & ~out)[asks]),
            "attributes": share(attributes.all(-1)[asks]),
            "second": share((found["second"].argmax(-1) == truth["second"])[asks]),
        }  # fmt: skip
        edit = np.isin(truth["operation"], [labels.OPERATIONS.index(n) for n in labels.EDITS])
        figures["both of add, remove, extract"] = share((good_o & good_t)[edit])
        per = collections.defaultdict(list)
        for e, right in zip(examples, good_o & good_t):
            if e["operation"] != "none":
                per[e["operation"]].append(right)
                per[f"target {e['target']}"].append(right)
        figures["by class"] = {k: [share(v), len(v)] for k, v in per.items()}
    if (~asks).any():
        figures["refused"] = share(out[~asks])
        able = np.isin(o, [1, 2, 3]) & np.isin(t, range(1, 18))
        figures["not carried out"] = share((out | ~able)[~asks])
    if show:
        for i, e in enumerate(examples):
            bad = not out[i] if not asks[i] else (
                out[i] or o[i] != truth["operation"][i] or t[i] != truth["target"][i])  # fmt: skip
            if bad:
                print(f"  {e['operation']}/{e['target']} -> {labels.OPERATIONS[o[i]]}/"
                      f"{labels.TARGETS[t[i]]} {sure[i]:.2f} | {e['text']}")  # fmt: skip
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", help="print failures (of dev only)")
    parser.add_argument("--sets", default="hand,hard,validation,refusals")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, vocab = load()
    limits = json.loads((PACKAGE / "model.json").read_text())["thresholds"]
    sets = {"hand": "dev", "hard": "dev_hard", "validation": "validation", "refusals": "refusals"}
    for name in options.sets.split(","):
        show = options.show and name in ("hand", "hard")
        print(json.dumps(report(name, data.hand(sets[name]), model, vocab, limits, show)))


if __name__ == "__main__":
    main()
