"""Trains the reader: the small T5 that reads instructions. `python -m Models.training.text.reader`.

It imitates the labeller (`labeller.py`): its logits, and its state of each word of a sentence. A
piece of the vocabulary starts as the labeller's state of its text, so a word that no instruction has
starts among its likes. Sentences: labelled ones of the grammar; "wild" ones, with any verb or noun of
WordNet in our frames, for which only the labeller says what they ask for (none holds a word or a
pattern of validation); and plain English of WordNet, whose words are imitated without labels.
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

from . import corpus, data, labels, vocabulary, wholewords
from .heldout import Kept, words_of
from .labeller import Labeller, figures
from .model import Head, pad
from .paths import work
from .train import Batches, head_loss

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
    """Encoder, heads and (for training only) the way to the teacher's states."""

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


# --- what is imitated


def sentences(options) -> list[dict]:
    """Labelled, wild and plain sentences: dicts with `text` and, where labelled, the labels."""
    kept = Kept(dev=not options.all)
    rng, source = random.Random(options.seed), data.grammar(False, kept)
    made = [source.example(rng) | {"sort": "labelled"} for _ in range(options.labelled)]
    made += [{"text": source.wild(rng), "sort": "wild"} for _ in range(options.wild)]
    phrases = corpus.phrases(work() / data.WORDNET)
    plain = phrases["examples"] + rng.sample(phrases["glosses"], 20_000) + phrases["verbs"] * 2
    return made + [{"text": text, "sort": "plain"} for text in rng.sample(plain, options.plain)]


class Imitated:
    """Sentences with the teacher's logits and its word states `[words, WIDTH]` (principal axes)."""

    def __init__(self, teacher: Labeller, texts: list[str], axes=None, size: int = 96):
        if axes is None:
            some = random.Random(1).sample(texts, 2000)
            ids, places = teacher.words(some)
            axes = principal(torch.cat([
                gather_words(teacher.read([row])[0][0], place) for row, place in zip(ids, places)]))  # fmt: skip
        ids, places = teacher.words(texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        start, parts, self.states = time.time(), [], [None] * len(ids)
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            states, logits = teacher.read([ids[i] for i in rows])
            parts.append(logits)
            for row, i in enumerate(rows):
                self.states[i] = ((gather_words(states[row], places[i]) - axes[0]) @ axes[1]).half()
            if first // size % 50 == 0:
                print(f"teacher: {first} of {len(order)}, {time.time() - start:.0f} s", flush=True)
        back = np.argsort(order)
        self.logits = {k: torch.cat([p[k] for p in parts])[back] for k in parts[0]}
        self.axes = axes


def gather_words(states: torch.Tensor, places: list[int]) -> torch.Tensor:
    """Mean state of each word; `places[t]` is the word of token t, -1 for none."""
    place = torch.tensor(places)
    count = int(place.max()) + 1 if len(places) else 0
    kept = place >= 0
    total = torch.zeros(count, states.shape[-1]).index_add_(0, place[kept], states[: len(places)][kept])
    return total / torch.bincount(place[kept], minlength=count).clamp(min=1)[:, None]


def principal(rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and the first `WIDTH` principal axes `[D, WIDTH]`, scaled to unit mean square."""
    mean = rows.mean(0)
    values, axes = torch.linalg.eigh(torch.cov((rows - mean).T))
    axes = axes[:, -WIDTH:].flip(1)
    return mean, axes / ((rows - mean) @ axes).pow(2).mean().sqrt()


def piece_states(teacher: Labeller, vocab, axes) -> torch.Tensor:
    """Start of each piece's vector: the teacher's state of its text, alone and in short phrases."""
    pieces = [vocab.id_to_piece(i) for i in range(vocab.vocab_size())]
    plain = [p.replace("\u2581", " ").strip() or "," for p in pieces]
    glosses = first_glosses()
    total = torch.zeros(len(pieces), WIDTH)
    frames = ("{}", "{} it", "the {}", "{} : {gloss}")
    for frame in frames:
        texts = [frame.replace("{}", p).replace("{gloss}", glosses.get(p, p)) for p in plain]
        at = frame.split().index("{}")
        found = Imitated(teacher, texts, axes)
        total += torch.stack([s[min(at, len(s) - 1)].float() for s in found.states])
    return total / len(frames)


def first_glosses() -> dict[str, str]:
    """The first gloss of a word, as a verb where it is one."""
    found: dict[str, str] = {}
    for verbs in (True, False):
        for word, gloss in corpus.definitions(work() / data.WORDNET, verbs):
            found.setdefault(word, gloss)
    return found


def split_pieces(vocab, text: str, limit: int = 48) -> tuple[list[int], list[int]]:
    """Ids with `</s>`, and where each word starts among them."""
    ids, starts = [], []
    for part in vocab.encode(text.split()):
        starts.append(len(ids))
        ids += part
    return ids[: limit - 1] + [1], [s for s in starts if s < limit - 1]


# --- the run


class Run:
    def __init__(self, options):
        self.o = options
        torch.manual_seed(options.seed)
        if not (work() / "reader.model").exists():
            rng, source = random.Random(77), data.grammar(False, Kept(dev=False))
            wholewords.build([source.example(rng, noisy=False)["text"] for _ in range(20_000)],
                             work() / "reader.model")  # fmt: skip
        self.vocab = vocabulary.load(work() / "reader.model")
        self.model = Reader(self.vocab.vocab_size())
        self.load_imitated()
        self.average = {k: v.clone() for k, v in self.model.state_dict().items()}
        named = list(self.model.named_parameters())
        embedding = [p for n, p in named if n == "t5.shared.weight"]
        rest = [p for n, p in named if "shared" not in n and "embed_tokens" not in n]
        self.optimiser = torch.optim.AdamW(
            [{"params": rest, "weight_decay": 0.02, "share": 1.0},
             {"params": embedding, "weight_decay": 0.0, "share": options.embedding_share}],
            lr=options.rate, betas=(0.9, 0.98), eps=1e-8)  # fmt: skip
        self.step = 0
        sizes = np.array([len(r[0]) for r in self.rows])
        self.batches = Batches(sizes, options.size, options.seed)
        hard = data.hand("dev_hard")
        kept = Kept(dev=True)
        held = [e for e in hard if not kept.words.isdisjoint(words_of(e["text"])) or e["operation"] == "none"]
        self.sets = {"hard": hard, "words": held, "hand": data.hand("dev")}

    def load_imitated(self) -> None:
        """What the teacher says about all sentences, made once; and the start of the pieces."""
        file = work() / self.o.imitated
        if not file.exists():
            teacher = Labeller.load(self.o.labeller)
            made = sentences(self.o)
            found = Imitated(teacher, [e["text"] for e in made])
            start = piece_states(teacher, self.vocab, found.axes)
            torch.save({"made": made, "logits": found.logits, "states": found.states, "start": start}, file)
        kept = torch.load(file, weights_only=True)
        made, self.soft, self.states = kept["made"], kept["logits"], kept["states"]
        self.rows = [split_pieces(self.vocab, e["text"]) for e in made]
        self.sort = np.array([("labelled", "wild", "plain").index(e["sort"]) for e in made])
        blank = {"operation": "none", "target": "none", "second": "none", "attributes": []}
        self.wanted = data.targets([blank | e for e in made])
        with torch.no_grad():
            start = kept["start"]
            self.model.t5.shared.weight.copy_(start / start.pow(2).mean().sqrt())
            self.model.t5.shared.weight[:259] *= 0.1
            for name, weight in self.model.t5.named_parameters():
                if name.endswith((".o.weight", ".wo.weight")):
                    weight *= 0.3

    def train_step(self) -> list[float]:
        scale = min(1.0, (self.step + 1) / 60) * (
            0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.step / self.o.steps)))  # fmt: skip
        for group in self.optimiser.param_groups:
            group["lr"] = self.o.rate * scale * group["share"]
        rows = self.batches()
        ids = pad([self.rows[i][0] for i in rows])
        with torch.autocast("cpu", torch.bfloat16):
            states, mask = self.model.encode(ids)
            logits = self.model.classify(states, mask)
        sort = torch.from_numpy(self.sort[rows])
        hard, read = sort == 0, sort < 2
        loss = torch.zeros(())
        parts = [0.0, 0.0, 0.0]
        if hard.any():
            own = {k: v[hard] for k, v in logits.items()}
            wanted = {k: torch.from_numpy(v[rows])[hard] for k, v in self.wanted.items()}
            part = head_loss(own, wanted)
            loss, parts[0] = loss + part, part.item()
        if read.any():
            part = soft_loss({k: v[read] for k, v in logits.items()}, {k: v[rows][read] for k, v in self.soft.items()})
            loss, parts[1] = loss + part, part.item()
        made, wanted = [], []
        for row, i in enumerate(rows):
            count = min(len(self.rows[i][1]), len(self.states[i]))
            made.append(states[row, self.rows[i][1][:count]])
            wanted.append(self.states[i][:count])
        made, wanted = self.model.project(torch.cat(made).float()), torch.cat(wanted).float()
        part = F.mse_loss(made, wanted)
        loss, parts[2] = loss + self.o.states_share * part, part.item()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        keep = min(0.995, self.step / (self.step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)
        return parts

    @torch.no_grad()
    def logits(self, texts: list[str]) -> dict[str, np.ndarray]:
        other = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        ids = [split_pieces(self.vocab, t)[0] for t in texts]
        parts = [self.model.classify(*self.model.encode(pad(ids[i : i + 64]))) for i in range(0, len(ids), 64)]
        self.model.load_state_dict(other)
        self.model.train()
        return {k: torch.cat([p[k] for p in parts]).numpy() for k in parts[0]}

    def save(self) -> None:
        path = work() / self.o.out
        torch.save({"average": self.average, "model": self.model.state_dict(), "step": self.step,
                    "optimiser": self.optimiser.state_dict()}, path.with_suffix(".new"))  # fmt: skip
        path.with_suffix(".new").replace(path)

    def resume(self) -> None:
        path = work() / self.o.out
        if path.exists():
            state = torch.load(path, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average, self.step = state["average"], state["step"]

    def run(self) -> None:
        start, losses = time.time(), []
        while self.step < self.o.steps:
            losses.append(self.train_step())
            if self.step % 50 == 0:
                mean = np.mean(losses[-50:], axis=0)
                line = {"step": self.step, "labels": round(float(mean[0]), 4), "soft": round(float(mean[1]), 4),
                        "states": round(float(mean[2]), 4), "seconds": round(time.time() - start)}  # fmt: skip
                if self.step % 200 == 0 or self.step == self.o.steps:
                    line |= {n: figures(self.logits([e["text"] for e in p]), p) for n, p in self.sets.items()}
                    self.save()
                print(json.dumps(line), flush=True)
        self.save()


def soft_loss(logits: dict, wanted: dict) -> torch.Tensor:
    """Cross entropies to the teacher's probabilities."""
    loss = 0.0
    for name, weight in (("operation", 1.0), ("target", 1.0), ("second", 0.5)):
        p = (wanted[name].float() / 1.5).softmax(-1)
        loss = loss + weight * 2 * -(p * (logits[name].float() / 1.5).log_softmax(-1)).sum(-1).mean()
    return loss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labeller", default="labeller.pt")
    parser.add_argument("--imitated", default="imitated.pt")
    parser.add_argument("--out", default="reader.pt")
    parser.add_argument("--labelled", type=int, default=40_000)
    parser.add_argument("--wild", type=int, default=30_000)
    parser.add_argument("--plain", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--embedding-share", type=float, default=0.1)
    parser.add_argument("--states-share", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--all", action="store_true", help="the words of dev too, once all is chosen")
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = Run(options)
    run.resume()
    run.run()


if __name__ == "__main__":
    main()
