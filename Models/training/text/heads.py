"""Trains only the heads, on the fixed encoder of `Models/text`: `python -m Models.training.text.heads`.

The token states of `--examples` instructions are computed once; then the heads run over them several
times. The result goes into `checkpoint.pt`; `export --heads-only` takes it from there.
"""

import argparse
import math
import time

import numpy as np
import torch

from . import data, vocabulary
from .evaluate import load
from .model import TextModel, pad
from .paths import work
from .train import Batches, head_loss


@torch.no_grad()
def states_of(model: TextModel, ids: list[list[int]], size: int = 256) -> list[torch.Tensor]:
    """bf16 token states `[L, 256]` of each row, computed in groups of like lengths."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    out, start = [None] * len(ids), time.time()
    for first in range(0, len(order), size):
        rows = order[first : first + size]
        with torch.autocast("cpu", torch.bfloat16):
            states, _ = model.encode(pad([ids[i] for i in rows]))
        for row, i in enumerate(rows):
            out[i] = states[row, : len(ids[i])].to(torch.bfloat16).clone()
        if first % (size * 40) == 0:
            print(f"states {first} of {len(ids)}, {time.time() - start:.0f} s", flush=True)
    return out


def gather(states: list[torch.Tensor], rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded states `[B, L, 256]` and mask `[B, L]`."""
    width = max(len(states[i]) for i in rows)
    out = torch.zeros(len(rows), width, 256)
    mask = torch.zeros(len(rows), width, dtype=torch.bool)
    for row, i in enumerate(rows):
        out[row, : len(states[i])] = states[i].float()
        mask[row, : len(states[i])] = True
    return out, mask


@torch.no_grad()
def score(heads: TextModel, states, wanted) -> dict:
    """Shares right on the dev instructions."""
    heads.eval()
    right = {"operation": [], "target": [], "second": []}
    for first in range(0, len(states), 200):
        rows = range(first, min(first + 200, len(states)))
        logits = heads.classify(*gather(states, rows))
        for name in right:
            right[name] += (logits[name].argmax(-1).numpy() == wanted[name][list(rows)]).tolist()
    heads.train()
    both = np.mean(np.array(right["operation"]) & np.array(right["target"]))
    return {k: round(float(np.mean(v)), 4) for k, v in right.items()} | {"both": round(float(both), 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=80_000)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--checkpoint", default="checkpoint.pt", help="whose heads are replaced")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    model, vocab = load()
    made = data.draw(False, options.examples, options.seed)
    held = data.draw(True, 2000, 2)
    ids = [vocabulary.encode(vocab, [e["text"] for e in part]) for part in (made, held)]
    train, dev = (states_of(model, rows) for rows in ids)
    wanted, truth = data.targets(made), data.targets(held)
    fitted = list(model.heads.parameters())
    optimiser = torch.optim.AdamW(fitted, lr=options.rate, weight_decay=0.05)
    average = {k: v.clone() for k, v in model.heads.state_dict().items()}
    batches = Batches(np.array([len(r) for r in ids[0]]), 192, 5)
    print("before", score(model, dev, truth), flush=True)
    model.train()
    for step in range(options.steps):
        for group in optimiser.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 50) * (
                0.02 + 0.49 * (1 + math.cos(math.pi * step / options.steps)))  # fmt: skip
        rows = batches()
        logits = model.classify(*gather(train, rows))
        loss = head_loss(logits, {k: torch.from_numpy(v[rows]) for k, v in wanted.items()})
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        for name, value in model.heads.state_dict().items():
            average[name].lerp_(value, 0.005 if step > 200 else 0.1)
        if (step + 1) % 250 == 0:
            print(step + 1, round(loss.item(), 4), score(model, dev, truth), flush=True)
    model.heads.load_state_dict(average)
    print("average", score(model, dev, truth), flush=True)
    path = work() / options.checkpoint
    state = torch.load(path, weights_only=True)
    state["average"].update({f"heads.{k}": v for k, v in average.items()})
    torch.save(state, path)


if __name__ == "__main__":
    main()
