"""The training loop that all recipes share: autocast, optimisers, EMA, checkpoints, resume, log.

A run is `$AEDIT_WORK/runs/<name>/`: `last.pt` (weights, EMA, optimiser, step), `log.jsonl`
(one line a report). A run resumes from `last.pt`; a new run may warm-start from an exported
`.safetensors`.
"""

import argparse
import json
import math
import os
import pathlib
import time

import torch
from safetensors.torch import load_file, save_file

from .work import WORK


def has_bf16() -> bool:
    """Whether the processor multiplies bf16: elsewhere that is five times slower than fp32."""
    return torch.cpu._is_avx512_bf16_supported()


def autocast() -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=has_bf16())


def options(description: str, minutes: float) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--run", help="name of the run's folder", required=True)
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=6e-4, help="peak learning rate")
    parser.add_argument("--warm-start", help="exported safetensors to begin from")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--export", help="write the EMA weights as bf16 safetensors and end")
    return parser


def optimisers(module: torch.nn.Module, rate: float) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for matrices of 64 rows and columns or more, its steps as large as
    AdamW's (2502.16982, section 2.2), and AdamW for the rest. AdamW for all without bf16, which
    PyTorch's Muon multiplies in: there it took two thirds of the mask network's steps."""
    matrices = [p for p in module.parameters() if p.ndim == 2 and min(p.shape) >= 64] if has_bf16() else []
    known = set(matrices)
    others = [p for p in module.parameters() if p not in known]
    adam = torch.optim.AdamW(
        [{"params": [p for p in others if p.ndim > 1], "weight_decay": 0.02},
         {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0}],
        lr=rate, betas=(0.9, 0.98))
    if not matrices:
        return [adam]
    return [adam, torch.optim.Muon(matrices, lr=rate, weight_decay=0.02,
                                   adjust_lr_fn="match_rms_adamw")]


class Run:
    """Weights, EMA and optimiser of one training run, on disk every five minutes.

    The learning rate decays by a cosine over the run's whole budget of minutes, counted over
    resumptions, so that `--minutes 60` after a run of 30 goes on for 30 more.
    """

    warm_steps = 200  # over which the learning rate rises

    def __init__(self, module: torch.nn.Module, flags: argparse.Namespace, beside=None):
        """`beside(module)` gives what an export writes as `.json` beside the weights."""
        self.module, self.flags = module, flags
        torch.set_num_threads(flags.threads)
        self.folder = WORK / "runs" / flags.run
        self.folder.mkdir(parents=True, exist_ok=True)
        self.average = {name: value.detach().clone() for name, value in
                        module.state_dict().items()}
        self.optimisers = optimisers(module, flags.rate)
        self.step, self.seconds, self.sums, self.counts = 0, 0.0, {}, {}
        last = self.folder / "last.pt"
        if last.exists():
            state = torch.load(last, weights_only=True)
            module.load_state_dict(state["weights"])
            self.average = state["average"]
            if len(state["optimisers"]) == len(self.optimisers):
                for optimiser, values in zip(self.optimisers, state["optimisers"]):
                    optimiser.load_state_dict(values)
            else:
                print("this processor calls for other optimisers: their states begin anew", flush=True)
            self.step, self.seconds = state["step"], state["seconds"]
        elif flags.warm_start:
            weights = {name: value.float() for name, value in load_file(flags.warm_start).items()}
            # What the file lacks keeps its initial values, and is named: the networks grow by parts
            # that begin as the identity.
            fresh = module.state_dict()
            for name in sorted(fresh.keys() - weights.keys()):
                print(f"not in {flags.warm_start}: {name} begins anew", flush=True)
            module.load_state_dict({**fresh, **weights})
            self.average = {name: value.detach().clone() for name, value in
                            module.state_dict().items()}
        if flags.export:
            self.export(flags.export)
            if beside:
                module.load_state_dict(self.average)
                text = json.dumps(beside(module.eval()), indent=2)
                pathlib.Path(flags.export).with_suffix(".json").write_text(text + "\n")
            raise SystemExit

    def export(self, path: str) -> None:
        weights = {name: value.to(torch.bfloat16).contiguous() if value.is_floating_point()
                   else value for name, value in self.average.items()}
        save_file(weights, path)
        print(f"step {self.step}, {self.seconds / 60:.0f} min -> {path}")

    def save(self) -> None:
        state = {"weights": self.module.state_dict(), "average": self.average,
                 "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                 "step": self.step, "seconds": self.seconds}
        part = self.folder / "last.part"
        torch.save(state, part)
        os.replace(part, self.folder / "last.pt")

    def learning_rate(self) -> float:
        done = min(1.0, self.seconds / (60 * self.flags.minutes))
        warm = min(1.0, (self.step + 1) / self.warm_steps)
        return self.flags.rate * warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * done)))

    def report(self, values: dict) -> None:
        line = {"step": self.step, "minutes": round(self.seconds / 60, 2),
                "rate": self.learning_rate(), **values}
        with open(self.folder / "log.jsonl", "a") as log:
            print(json.dumps(line), file=log)
        print(json.dumps(line), flush=True)

    def averaged(self, evaluate) -> dict:
        """Runs `evaluate(module)` with the EMA weights in place."""
        weights = {name: value.clone() for name, value in self.module.state_dict().items()}
        self.module.load_state_dict(self.average)
        self.module.eval()
        with torch.no_grad():
            values = evaluate(self.module)
        self.module.train()
        self.module.load_state_dict(weights)
        return values

    def train(self, losses, evaluate, every_minutes: float = 5) -> None:
        """`losses(module)` returns named scalars, of which `loss` is minimised."""
        shown = saved = time.time()
        while self.seconds < 60 * self.flags.minutes:
            start = time.time()
            for optimiser in self.optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = self.learning_rate()
            with autocast():
                values = losses(self.module)
            self.module.zero_grad(set_to_none=True)
            values["loss"].backward()
            norm = torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
            if torch.isfinite(norm):
                for optimiser in self.optimisers:
                    optimiser.step()
            keep = min(0.999, (1 + self.step) / (20 + self.step))
            with torch.no_grad():
                for name, value in self.module.state_dict().items():
                    self.average[name].lerp_(value, 1 - keep)
            for name, value in values.items():
                self.sums[name] = self.sums.get(name, 0.0) + float(value.detach())
                self.counts[name] = self.counts.get(name, 0) + 1
            self.step += 1
            now = time.time()
            self.seconds += now - start
            if now - shown > 60:
                self.report({k: round(v / self.counts[k], 4) for k, v in self.sums.items()})
                self.sums, self.counts, shown = {}, {}, now
            if now - saved > 60 * every_minutes:
                self.report(self.averaged(evaluate))
                self.save()
                saved = time.time()
        self.report(self.averaged(evaluate))
        self.save()
