"""Low-rank changes to a frozen network (LoRA, 2106.09685) and their file, which the program reads
(`Sources/Checkpoints/LoRA.swift`)."""

import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn


class Delta(nn.Module):
    """What is added to one layer's output: alpha / rank · B A x, [..., in] -> [..., out]. B begins
    as zeros, so that training begins at the network as it is."""

    def __init__(self, linear: nn.Linear, rank: int, alpha: float):
        super().__init__()
        self.scale = alpha / rank
        self.lora_A = nn.Linear(linear.in_features, rank, bias=False)
        self.lora_B = nn.Linear(rank, linear.out_features, bias=False)
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x):
        return self.scale * self.lora_B(self.lora_A(x))


class LoRA(nn.Module):
    """A network whose weights stay, with a `Delta` at each linear layer; called as the network is.

    Its state holds the deltas alone, by the layers' names: `<layer>.lora_A.weight [rank, in]` and
    `<layer>.lora_B.weight [out, rank]`.
    """

    def __init__(self, network: nn.Module, rank: int, alpha: float):
        super().__init__()
        object.__setattr__(self, "network", network.requires_grad_(False))  # no part of the state
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Linear):
                delta = Delta(layer, rank, alpha)
                layer.register_forward_hook(
                    lambda _, inputs, output, delta=delta: output + delta(*inputs))
                self._place(name, delta)

    def _place(self, name: str, delta: Delta) -> None:
        *parents, last = name.split(".")
        holder: nn.Module = self
        for parent in parents:
            if parent not in dict(holder.named_children()):
                holder.add_module(parent, nn.Module())
            holder = holder.get_submodule(parent)
        holder.add_module(last, delta)

    def forward(self, *inputs):
        return self.network(*inputs)


def save_lora(path: Path, weights: dict[str, torch.Tensor], **metadata) -> None:
    """Writes a LoRA's state in bf16. What `metadata` must hold, `LoRA.swift` says."""
    part = path.with_name(path.name + ".part")
    save_file({name: value.to(torch.bfloat16).contiguous() for name, value in weights.items()},
              part, metadata={key: str(value) for key, value in metadata.items()})
    os.replace(part, path)
