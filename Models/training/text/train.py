"""Trains vocabulary, encoder and heads: `python -m Models.training.text.train`.

One run: each step imitates the teacher's embeddings on a batch of phrases and fits the heads on a
batch of instructions. Resumes from `$AEDIT_WORK/text/checkpoint.pt`. See README.md.
"""

import argparse
import json
import math
import time

import numpy as np
import torch
from torch.nn import functional as F

from ..loop import autocast
from . import data, vocabulary
from .model import TextModel, head_loss, pad
from .paths import work
from .running import Running


class Batches:
    """Endless batches of rows with like lengths, in random order."""

    def __init__(self, lengths: np.ndarray, size: int, seed: int):
        self.lengths, self.size, self.rng = lengths, size, np.random.default_rng(seed)
        self.queue = []

    def __call__(self) -> np.ndarray:
        if not self.queue:
            order = self.rng.permutation(len(self.lengths))
            for start in range(0, len(order), self.size * 32):
                part = order[start : start + self.size * 32]
                part = part[np.argsort(self.lengths[part], kind="stable")]
                rows = [part[i : i + self.size] for i in range(0, len(part), self.size)]
                self.rng.shuffle(rows)
                self.queue += [r for r in rows if len(r) > self.size // 2]
        return self.queue.pop()


def distil_loss(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Cosine distance, and the right teacher row found among the batch (temperature 0.05)."""
    cosine = 1 - (made * wanted).sum(-1).mean()
    return cosine + 0.3 * F.cross_entropy(made @ wanted.T / 0.05, torch.arange(len(made)))


@torch.no_grad()
def accuracy(model: TextModel, ids: list[list[int]], wanted: dict, size: int = 128) -> dict:
    """Shares right on labelled instructions."""
    model.eval()
    right = {k: [] for k in ("operation", "target", "second", "attributes")}
    for start in range(0, len(ids), size):
        logits = model.classify(*model.encode(pad(ids[start : start + size])))
        for name, values in logits.items():
            truth = torch.as_tensor(wanted[name][start : start + size])
            if name == "attributes":
                right[name] += ((values > 0) == (truth > 0.5)).all(-1).tolist()
            else:
                right[name] += (values.argmax(-1) == truth).tolist()
    model.train()
    both = np.array(right["operation"]) & np.array(right["target"])
    return {k: round(float(np.mean(v)), 4) for k, v in right.items()} | {
        "both": round(float(both.mean()), 4)
    }


def warm_start(model: TextModel, vocab) -> None:
    """Starts from a bag of words: each piece begins as the teacher's embedding of its text.

    The 384 dimensions go to 256 by principal components; `project` starts as the way back.
    """
    pieces = [vocab.id_to_piece(i) for i in range(vocab.vocab_size())]
    _, found = data.embeddings("pieces", lambda: [p.replace("\u2581", " ").strip() or "," for p in pieces])
    found = torch.from_numpy(found[259:]).float()
    mean = found.mean(0)
    axes = torch.linalg.svd(found - mean, full_matrices=False)[2][:256]  # [256, 384]
    start = (found - mean) @ axes.T
    scale = 1 / start.pow(2).mean().sqrt()
    with torch.no_grad():
        model.t5.shared.weight[259:] = start * scale
        model.t5.shared.weight[:259] *= 0.3
        model.project.weight.copy_(axes.T)
        model.project.bias.copy_(mean)
        for name, weight in model.t5.named_parameters():
            if name.endswith((".o.weight", ".wo.weight")):
                weight *= 0.2


class Trainer(Running):
    """The run: model, optimiser, data."""

    file = "checkpoint.pt"
    focus = False

    def __init__(self, options):
        self.o = options
        torch.manual_seed(7)
        model = TextModel()
        vocab = vocabulary.load(data.spiece())
        warm_start(model, vocab)
        super().__init__(model, self.file)
        decay = [p for n, p in self.model.named_parameters() if p.ndim > 1]
        rest = [p for n, p in self.model.named_parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decay, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0.0}],
            lr=options.rate, betas=(0.9, 0.98), eps=1e-8, fused=True)  # fmt: skip
        texts, self.teacher = data.distillation(self.focus)
        self.phrases = vocabulary.encode(vocab, texts, 32)
        made = data.draw(False, options.examples, 1)
        self.instructions = vocabulary.encode(vocab, [e["text"] for e in made])
        self.wanted = data.targets(made)
        held = data.draw(True, 1500, 2) + data.hand("dev")
        self.dev = vocabulary.encode(vocab, [e["text"] for e in held]), data.targets(held)
        lengths = lambda rows: np.array([len(r) for r in rows])  # noqa: E731
        self.distil = Batches(lengths(self.phrases), options.phrases, 21)
        self.label = Batches(lengths(self.instructions), options.labelled, 22)

    def rate(self) -> float:
        warm = min(1.0, (self.step + 1) / 60)
        return self.o.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.step / self.o.steps)))

    def train_step(self) -> tuple[float, float]:
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        rows = self.distil()
        with autocast():
            states, mask = self.model.encode(pad([self.phrases[i] for i in rows]))
            made = self.model.sentence(states, mask)
        first = distil_loss(made, torch.from_numpy(self.teacher[rows]).float())
        first.backward()
        rows = self.label()
        with autocast():
            states, mask = self.model.encode(pad([self.instructions[i] for i in rows]))
            logits = self.model.classify(states, mask)
        second = head_loss(logits, {k: torch.from_numpy(v[rows]) for k, v in self.wanted.items()})
        second.backward()
        self.extra_loss()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.follow(0.995)
        return first.item(), second.item()

    def extra_loss(self) -> None:
        """Room for a further loss (see `refine`)."""

    def extra_figures(self) -> dict:
        return {}

    def evaluate(self) -> dict:
        with self.averaged() as model:
            return accuracy(model, *self.dev)

    def run(self) -> None:
        start, losses = time.time(), []
        while self.step < self.o.steps:
            losses.append(self.train_step())
            if self.step % 25 == 0:
                mean = np.mean(losses[-25:], axis=0)
                line = {"step": self.step, "distil": round(float(mean[0]), 4),
                        "heads": round(float(mean[1]), 4), "seconds": round(time.time() - start)} | self.extra_figures()  # fmt: skip
                if self.step % 200 == 0 or self.step == self.o.steps:
                    line |= {"dev": self.evaluate()}
                if self.step % 100 == 0:
                    self.save()
                print(json.dumps(line), flush=True)
                with open(work() / "log.jsonl", "a") as log:
                    log.write(json.dumps(line) + "\n")
        self.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--phrases", type=int, default=256)
    parser.add_argument("--labelled", type=int, default=160)
    parser.add_argument("--examples", type=int, default=300_000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    trainer = Trainer(options)
    trainer.resume()
    trainer.run()


if __name__ == "__main__":
    main()
