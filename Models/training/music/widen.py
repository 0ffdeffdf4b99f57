"""Doubles the grid of a mask network, which then computes what it did before.

    python -m Models.training.music.widen Models/music/mask.safetensors wide.safetensors

Weights of the network's own width stay as they are. Every channel of the grid is there twice; what
reads both halves reads each at half weight (Net2Net, 1511.05641). A little noise lets the halves part
in training.
"""

import argparse

import torch
from safetensors.torch import load_file, save_file

from .masknet import MaskNetConfig

NOISE = 0.05  # of a weight's deviation


def noisy(weight: torch.Tensor) -> torch.Tensor:
    return weight + NOISE * weight.std() * torch.randn_like(weight)


def wrote(weight: torch.Tensor, groups: int = 1) -> torch.Tensor:
    """Rows [groups * channels, ...] of what writes channels, each group of rows twice."""
    rows = weight.unflatten(0, (groups, -1))
    return torch.cat([rows, rows], 1).flatten(0, 1)


def read(weight: torch.Tensor, groups: int = 1) -> torch.Tensor:
    """Columns [out, groups * channels] of what reads channels, each group twice at half weight."""
    columns = weight.unflatten(1, (groups, -1)) / 2
    return noisy(torch.cat([columns, columns], 2).flatten(1, 2))


def widened(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    patches = weights["grid_position"].shape[0]
    wide = {}
    for name, w in weights.items():
        first, last = name.split(".")[0], name.split(".")[-1]
        if name == "grid_position":
            w = torch.cat([w, w], 1)
        elif first in ("grid_embed", "grid_norm"):
            w = wrote(w)
        elif first == "grid_out":
            w = read(w) if last == "weight" else w
        elif first in ("scatter", "middle_scatter"):
            w = wrote(w, patches)
        elif first in ("gather", "middle_gather"):
            w = read(w, patches) if last == "weight" else w
        elif first in ("grid_first", "grid_middle", "grid_last"):
            if ".film." in name:
                w = wrote(w, 2)
            elif ".mlp.up." in name:
                w = read(w) if last == "weight" else w
            elif ".conv." in name and last == "weight":
                w = noisy(wrote(w))  # groups keep their channels, and are there twice
            else:
                w = wrote(w)
        wide[name] = w
    return wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    flags = parser.parse_args()
    torch.manual_seed(0)
    old = {name: weight.float() for name, weight in load_file(flags.old).items()}
    narrow = old["grid_position"].shape[1] < MaskNetConfig.grid_dim
    new = widened(old) if narrow else old
    save_file({name: weight.contiguous() for name, weight in new.items()}, flags.new)


if __name__ == "__main__":
    main()
