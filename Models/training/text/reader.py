"""Trains the reader: the small T5 that reads instructions. `python -m Models.training.text.reader`.

A piece of the vocabulary starts as the vector that a published sentence encoder has for its text
(`lexical.py`) and hardly moves, so a word that no instruction has stays among its likes. Each step
takes labelled sentences, always fresh ones of the grammar, and words and verb phrases of WordNet
whose vectors are imitated without labels. Resumes from `$AEDIT_WORK/text/reader.pt`.
"""

import argparse
import json
import math
import random
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from transformers import T5Config, T5EncoderModel

from . import data, labels, lexical, vocabulary, wholewords
from .grammar import Grammar
from .heldout import Kept, words_of
from .model import Head, pad
from .negatives import Negatives
from .paths import work
from .train import head_loss

WIDTH = 192


def config(pieces: int) -> T5Config:
    """T5 v1.1 layout."""
    return T5Config(
        vocab_size=pieces, d_model=WIDTH, d_kv=64, d_ff=768, num_layers=4, num_heads=3,
        relative_attention_num_buckets=32, relative_attention_max_distance=128,
        feed_forward_proj="gated-gelu", dropout_rate=0.0, tie_word_embeddings=False,
        layer_norm_epsilon=1e-6, pad_token_id=0, eos_token_id=1, use_cache=False,
        is_encoder_decoder=False,
    )  # fmt: skip


class Reader(nn.Module):
    """Encoder, heads and (for training only) the way to the sentence encoder's vectors."""

    def __init__(self, pieces: int):
        super().__init__()
        self.t5 = T5EncoderModel(config(pieces))
        self.heads = nn.ModuleDict({
            "operation": Head(len(labels.OPERATIONS), WIDTH), "target": Head(len(labels.TARGETS), WIDTH),
            "second": Head(len(labels.TARGETS), WIDTH), "attributes": Head(len(labels.ATTRIBUTES), WIDTH),
        })  # fmt: skip
        self.project = nn.Linear(WIDTH, WIDTH)

    def encode(self, ids):
        mask = ids != 0
        return self.t5(input_ids=ids, attention_mask=mask.long()).last_hidden_state, mask

    def classify(self, states, mask) -> dict:
        return {name: head(states, mask) for name, head in self.heads.items()}

    def sentence(self, states, mask):
        """Mean state in the sentence encoder's (reduced) space: `[B, WIDTH]`."""
        weight = mask[..., None].float()
        return self.project((states.float() * weight).sum(1) / weight.sum(1))


def principal(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean, and the first `WIDTH` principal axes `[D, WIDTH]` scaled to unit mean square."""
    mean = rows.mean(0)
    axes = torch.linalg.eigh(torch.cov((rows - mean).T))[1][:, -WIDTH:].flip(1)
    return mean, axes / ((rows - mean) @ axes).pow(2).mean().sqrt()


def figures(found: dict, examples: list[dict]) -> dict:
    """Both right of the requests, and how much of the others is read as none."""
    truth = data.targets(examples)
    o, t = found["operation"].argmax(-1), found["target"].argmax(-1)
    asks = truth["operation"] != 0
    share = lambda rows: round(float(rows.mean()), 4)  # noqa: E731
    return {"operation": share((o == truth["operation"])[asks]), "target": share((t == truth["target"])[asks]),
            "both": share(((o == truth["operation"]) & (t == truth["target"]))[asks]),
            "refused": share(((o == 0) | (t == 0) & (o < 5))[~asks])}  # fmt: skip


class Stream:
    """Endless batches of fresh labelled sentences of like lengths."""

    def __init__(self, vocab, size: int, seed: int):
        kept = Kept(dev=True)
        guessed = json.loads((work() / "guessed.json").read_text())
        self.source = Grammar(False, Negatives(work() / data.WORDNET, False), kept, guessed)
        self.rng, self.vocab, self.size, self.queue = random.Random(seed), vocab, size, []
        self.usual = 0.0  # share of the usual patterns and names

    def example(self) -> dict:
        self.source.usual = self.rng.random() < self.usual
        return self.source.example(self.rng)

    def __call__(self) -> tuple[list[list[int]], dict]:
        if not self.queue:
            made = [self.example() for _ in range(self.size * 40)]
            ids = vocabulary.encode(self.vocab, [e["text"] for e in made], 48)
            order = sorted(range(len(ids)), key=lambda i: len(ids[i]) + self.rng.random())
            for start in range(0, len(order), self.size):
                rows = order[start : start + self.size]
                wanted = data.targets([made[i] for i in rows])
                self.queue.append(([ids[i] for i in rows], {k: torch.from_numpy(v) for k, v in wanted.items()}))
            self.rng.shuffle(self.queue)
        return self.queue.pop()


class Run:
    def __init__(self, options):
        self.o = options
        torch.manual_seed(options.seed)
        self.vocab = vocabulary.load(wholewords.file())
        self.model = Reader(self.vocab.vocab_size())
        known = torch.load(work() / "mpnet_vectors.pt", weights_only=True)
        texts = list(known)
        vectors = torch.stack([known[t] for t in texts]).float()
        mean, axes = principal(vectors)
        self.phrases = vocabulary.encode(self.vocab, texts, 24)
        self.vectors = (vectors - mean) @ axes
        self.start(torch.load(work() / "piece_vectors.pt", weights_only=True).float() @ axes)
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        named = [(n, p) for n, p in self.model.named_parameters() if "embed_tokens" not in n]
        self.optimiser = torch.optim.AdamW([
            {"params": [p for n, p in named if "shared" not in n], "weight_decay": 0.02, "share": 1.0},
            {"params": [p for n, p in named if "shared" in n], "weight_decay": 0.0, "share": options.embedding_share},
        ], lr=options.rate, betas=(0.9, 0.98), eps=1e-8, fused=True)  # fmt: skip
        self.step, self.seconds, self.rng = 0, 0.0, np.random.default_rng(options.seed)
        hard, kept = data.hand("dev_hard"), Kept(dev=True)
        held = [e for e in hard if not kept.words.isdisjoint(words_of(e["text"])) or e["operation"] == "none"]
        self.sets = {"hard": hard, "words": held, "hand": data.hand("dev")}

    @torch.no_grad()
    def start(self, vectors: torch.Tensor) -> None:
        table = self.model.t5.shared.weight
        table.copy_(vectors / vectors[259:].pow(2).mean().sqrt())
        table[:259] *= 0.1  # specials and bytes
        for name, weight in self.model.t5.named_parameters():
            if name.endswith((".o.weight", ".wo.weight")):
                weight *= 0.3

    def progress(self) -> float:
        """0 to 1: steps, or minutes where they are fewer than the steps would take."""
        return min(1.0, max(self.step / self.o.steps, self.seconds / 60 / self.o.minutes))

    def train_step(self, stream: Stream) -> tuple[float, float]:
        scale = min(1.0, (self.step + 1) / 100) * (
            0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress())))  # fmt: skip
        for group in self.optimiser.param_groups:
            group["lr"] = self.o.rate * scale * group["share"]
        ids, wanted = stream()
        ids = pad(ids)
        if self.rng.random() < 0.5:  # a word less now and then: no single one decides all
            lost = torch.rand(ids.shape) < 0.06
            ids = torch.where(lost & (ids > 258), torch.full_like(ids, 2), ids)
        with torch.autocast("cpu", torch.bfloat16):
            states, mask = self.model.encode(ids)
            logits = self.model.classify(states, mask)
        first = head_loss(logits, wanted)
        first.backward()
        rows = self.rng.choice(len(self.phrases), self.o.phrases, replace=False)
        with torch.autocast("cpu", torch.bfloat16):
            states, mask = self.model.encode(pad([self.phrases[i] for i in rows]))
        second = F.mse_loss(self.model.sentence(states, mask), self.vectors[rows])
        (self.o.imitation * second).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        keep = min(0.997, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return first.item(), second.item()

    @torch.no_grad()
    def logits(self, texts: list[str]) -> dict[str, np.ndarray]:
        other = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        ids = vocabulary.encode(self.vocab, texts)
        parts = [self.model.classify(*self.model.encode(pad(ids[i : i + 64]))) for i in range(0, len(ids), 64)]
        self.model.load_state_dict(other)
        self.model.train()
        return {k: torch.cat([p[k] for p in parts]).numpy() for k in parts[0]}

    def save(self) -> None:
        path = work() / self.o.out
        torch.save({"average": self.average, "model": self.model.state_dict(), "step": self.step, "seconds": self.seconds,
                    "optimiser": self.optimiser.state_dict()}, path.with_suffix(".new"))  # fmt: skip
        path.with_suffix(".new").replace(path)

    def resume(self) -> None:
        path = work() / self.o.out
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average, self.step, self.seconds = state["average"], state["step"], state["seconds"]

    def run(self) -> None:
        stream = Stream(self.vocab, self.o.size, self.o.seed + self.step)
        last, losses = time.time(), []
        while (done := self.progress()) < 1:
            stream.usual = 0.5 if done > 0.9 else 0.0  # what people say most must not be read wrong
            losses.append(self.train_step(stream))
            self.seconds, last = self.seconds + time.time() - last, time.time()
            if self.step % 100 == 0:
                mean = np.mean(losses[-100:], axis=0)
                line = {"step": self.step, "labels": round(float(mean[0]), 4), "vectors": round(float(mean[1]), 4),
                        "seconds": round(self.seconds), "progress": round(done, 3)}  # fmt: skip
                if self.step % 300 == 0:
                    line |= {n: figures(self.logits([e["text"] for e in p]), p) for n, p in self.sets.items()}
                if self.step % 100 == 0:
                    self.save()
                print(json.dumps(line), flush=True)
        self.save()
        print(json.dumps({n: figures(self.logits([e["text"] for e in p]), p) for n, p in self.sets.items()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="reader.pt")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--phrases", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--embedding-share", type=float, default=0.05)
    parser.add_argument("--imitation", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if not (work() / "guessed.json").exists():
        lexical.main()
    run = Run(options)
    run.resume()
    run.run()


if __name__ == "__main__":
    main()
