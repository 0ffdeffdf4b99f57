"""What a training run keeps: weights, their running average, optimiser, step; in a file between runs."""

import contextlib

import torch
from torch import nn

from .paths import work


class Running:
    """A run with its checkpoint `$AEDIT_WORK/text/<file>`; subclasses set `optimiser`."""

    optimiser: torch.optim.Optimizer

    def __init__(self, model: nn.Module, file: str):
        self.model, self.path, self.step = model, work() / file, 0
        self.average = {k: v.clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def follow(self, slowest: float) -> None:
        """Counts a step and lets the average follow the weights."""
        self.step += 1
        share = 1 - min(slowest, self.step / (self.step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, share)

    @contextlib.contextmanager
    def averaged(self):
        """The model with the average weights, out of training."""
        other = {k: v.clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        yield self.model
        self.model.load_state_dict(other)
        self.model.train()

    def save(self) -> None:
        new = self.path.with_suffix(".new")
        torch.save({"model": self.model.state_dict(), "average": self.average, "step": self.step,
                    "optimiser": self.optimiser.state_dict()}, new)  # fmt: skip
        new.replace(self.path)

    def resume(self) -> None:
        if self.path.exists():
            state = torch.load(self.path, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.average, self.step = state["average"], state["step"]
