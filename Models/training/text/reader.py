"""Trains the reader, which reads instructions: `python -m Models.training.text.reader`.

A small published sentence encoder (all-MiniLM-L6-v2, 6 layers of width 384) whose vocabulary is cut
down and widened by rare verbs (`wordpieces.py`) is fine-tuned with four heads on fresh sentences of the
grammar. The table of pieces stays fixed, so that a word that no instruction has stays among its likes.
Resumes from `$AEDIT_WORK/text/reader.pt`; a new run goes on from the reader of `Models/text`, or, with
`--fresh`, begins with the published encoder.
"""

import argparse
import json
import math
import random
import shutil
import time

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from transformers import BertConfig, BertModel

from ..loop import autocast
from . import data, labels, vocabulary, wordpieces
from .grammar import Grammar
from .heldout import Kept, words_of
from .model import Head, head_loss, pad
from .negatives import Negatives
from .paths import PACKAGE, work
from .running import Running
from .typos import misspell

WIDTH, LONGEST = 384, 64


def config(pieces: int) -> BertConfig:
    """The published layout, with fewer positions and one type."""
    return BertConfig(
        vocab_size=pieces, hidden_size=WIDTH, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
        max_position_embeddings=LONGEST, type_vocab_size=1, layer_norm_eps=1e-12, hidden_act="gelu",
        hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1, pad_token_id=wordpieces.PAD,
        bos_token_id=wordpieces.START, eos_token_id=wordpieces.END,
    )  # fmt: skip


class Reader(nn.Module):
    """Encoder and heads."""

    def __init__(self, pieces: int):
        super().__init__()
        self.encoder = BertModel(config(pieces), add_pooling_layer=False)
        self.heads = nn.ModuleDict({
            "operation": Head(len(labels.OPERATIONS), WIDTH), "target": Head(len(labels.TARGETS), WIDTH),
            "second": Head(len(labels.TARGETS), WIDTH), "attributes": Head(len(labels.ATTRIBUTES), WIDTH),
        })  # fmt: skip

    def forward(self, ids: torch.Tensor) -> dict[str, torch.Tensor]:
        """Ids `[B, L]` -> logits of each head `[B, classes]`."""
        mask = ids != wordpieces.PAD
        states = self.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return {name: head(states, mask) for name, head in self.heads.items()}

    def start(self, published: dict[str, torch.Tensor], table: torch.Tensor) -> None:
        """Takes the published weights and the table of pieces `[pieces, WIDTH]`."""
        weights = {k: v.float() for k, v in published.items() if not k.startswith("pooler.")}
        weights["embeddings.word_embeddings.weight"] = table.float()
        for name, rows in (("position", LONGEST), ("token_type", 1)):
            weights[f"embeddings.{name}_embeddings.weight"] = weights[f"embeddings.{name}_embeddings.weight"][:rows]
        weights.pop("embeddings.position_ids", None)
        self.encoder.load_state_dict(weights)


def packaged() -> Reader:
    """The reader of `Models/text`: bf16 weights, computed in float32."""
    stored = {k: v.float() for k, v in load_file(PACKAGE / "reader.safetensors").items()}
    model = Reader(len(stored["embeddings.word_embeddings.weight"]))
    model.load_state_dict({k if k.startswith("heads.") else f"encoder.{k}": v for k, v in stored.items()})
    return model


@torch.no_grad()
def logits(model: Reader, vocab, texts: list[str]) -> dict[str, np.ndarray]:
    """Logits of each head for each text."""
    ids = wordpieces.encode(vocab, texts, LONGEST)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    parts = [model(pad([ids[i] for i in order[at : at + 64]])) for at in range(0, len(ids), 64)]
    back = np.argsort(order)
    return {k: torch.cat([p[k] for p in parts]).float().numpy()[back] for k in parts[0]}


def figures(found: dict, examples: list[dict]) -> dict:
    """Both right of the requests, and how much of the others is read as none."""
    truth = data.targets(examples)
    o, t = found["operation"].argmax(-1), found["target"].argmax(-1)
    asks = truth["operation"] != 0
    share = lambda rows: round(float(rows.mean()), 4)  # noqa: E731
    return {"operation": share((o == truth["operation"])[asks]), "target": share((t == truth["target"])[asks]),
            "both": share(((o == truth["operation"]) & (t == truth["target"]))[asks]),
            "refused": share(((o == 0) | (t == 0) & (o < 5))[~asks])}  # fmt: skip


def everyday(kept: Kept) -> list[dict]:
    """The everyday phrases of one step or of none that may be trained on."""
    made = []
    for phrase in data.hand("everyday"):
        if len(phrase["steps"]) < 2 and kept.free(phrase["text"]):
            operation, _, target = (phrase["steps"] or ["none none"])[0].partition(" ")
            made.append({"text": phrase["text"], "operation": operation, "target": target, "second": "none", "attributes": []})
    return [e for e in made if not {"soft", "jazz", "gentle", "heavy"} & set(words_of(e["text"]))]  # attributes unsaid


class Stream:
    """Endless batches of fresh labelled sentences of like lengths."""

    def __init__(self, vocab, size: int, seed: int):
        kept = Kept(dev=True)
        self.source = Grammar(False, Negatives(work() / data.WORDNET, False), kept)
        self.everyday = everyday(kept)
        self.source.region_share = 0.05  # the program takes regions out before
        self.rng, self.vocab, self.size, self.queue = random.Random(seed), vocab, size, []
        self.usual = 0.1  # share of the usual patterns and names

    def example(self) -> dict:
        if self.rng.random() < 0.05:
            made = self.rng.choice(self.everyday)
            return made | {"text": misspell(made["text"], self.rng, 0.4)}
        self.source.usual = self.rng.random() < self.usual
        return self.source.example(self.rng)

    def __call__(self) -> tuple[torch.Tensor, dict]:
        if not self.queue:
            made = [self.example() for _ in range(self.size * 40)]
            ids = wordpieces.encode(self.vocab, [e["text"] for e in made], 48)
            order = sorted(range(len(ids)), key=lambda i: len(ids[i]) + self.rng.random())
            for start in range(0, len(order), self.size):
                rows = order[start : start + self.size]
                wanted = data.targets([made[i] for i in rows])
                wanted = {k: torch.from_numpy(v) for k, v in wanted.items()}
                self.queue.append((pad([ids[i] for i in rows]), wanted))
            self.rng.shuffle(self.queue)
        return self.queue.pop()


class Run(Running):
    def __init__(self, options):
        self.o = options
        torch.manual_seed(options.seed)
        pieces = work() / "reader.model"
        if options.fresh:
            folder = work() / data.TEACHER
            table = wordpieces.table(folder, pieces)
            model = Reader(len(table))
            model.start(load_file(folder / "model.safetensors"), table)
        else:
            shutil.copy(PACKAGE / "reader.model", pieces)
            model = packaged()
        self.vocab = vocabulary.load(pieces)
        super().__init__(model, options.out)
        for name in ("word", "position", "token_type"):
            getattr(self.model.encoder.embeddings, f"{name}_embeddings").requires_grad_(False)
        for layer in self.model.encoder.encoder.layer[: options.fixed]:
            layer.requires_grad_(False)
        self.optimiser = torch.optim.AdamW([
            {"params": [p for p in self.model.encoder.parameters() if p.requires_grad], "share": 1.0},
            {"params": list(self.model.heads.parameters()), "share": 5.0},
        ], lr=options.rate, betas=(0.9, 0.98), weight_decay=0.02, fused=True)  # fmt: skip
        hard, kept = data.hand("dev_hard"), Kept(dev=True)
        held = [e for e in hard if not kept.words.isdisjoint(words_of(e["text"])) or e["operation"] == "none"]
        self.sets = {"hard": hard, "words": held, "hand": data.hand("dev")}

    def train_step(self, stream: Stream) -> float:
        warm, done = min(1.0, (self.step + 1) / 60), min(1.0, self.step / self.o.steps)
        scale = warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.o.rate * scale * group["share"]
        ids, wanted = stream()
        if torch.rand(()) < 0.5:  # a word less now and then: no single one decides all
            lost = (torch.rand(ids.shape) < 0.06) & (ids > wordpieces.MASK)
            ids = torch.where(lost, torch.full_like(ids, wordpieces.MASK), ids)
        with autocast():
            found = self.model(ids)
        loss = head_loss(found, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.follow(0.995)
        return loss.item()

    def evaluate(self) -> dict:
        """Figures of the average weights."""
        with self.averaged() as model, autocast():
            found = {n: logits(model, self.vocab, [e["text"] for e in p]) for n, p in self.sets.items()}
        return {n: figures(found[n], p) for n, p in self.sets.items()}

    def run(self) -> None:
        stream = Stream(self.vocab, self.o.size, self.o.seed + self.step)
        losses = []
        while self.step < self.o.steps:
            losses.append(self.train_step(stream))
            if self.step % 50 == 0:
                line = {"step": self.step, "loss": round(float(np.mean(losses[-50:])), 4), "seconds": round(time.process_time())}
                if self.step % 200 == 0 or self.step == self.o.steps:
                    line |= self.evaluate()
                self.save()
                print(json.dumps(line), flush=True)
        self.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="reader.pt")
    parser.add_argument("--steps", type=int, default=1800)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--fixed", type=int, default=2, help="layers that stay as published, from the first")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--fresh", action="store_true", help="begin with the published encoder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = Run(options)
    run.resume()
    run.run()


if __name__ == "__main__":
    main()
