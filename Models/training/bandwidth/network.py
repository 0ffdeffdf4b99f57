"""The network that tells how loud the treble of a band-limited recording was."""

import dataclasses

import torch
from torch import nn

from ..networks import ConvNeXtBlock


@dataclasses.dataclass
class HighBandConfig:
    rate: int = 44100
    n_fft: int = 2048
    hop: int = 512
    bands: int = 128
    dim: int = 192
    hidden: int = 576
    blocks: int = 6
    mel_mean: float = -7.0
    mel_std: float = 3.0


class HighBand(nn.Module):
    """Log-mel magnitudes [B, T, bands] of a recording without its treble, and which bands are known
    [B, bands] (1 or 0) -> log-mel magnitudes [B, T, bands], of use where a band is not known.

    Convolutions only: a frame's answer depends on 3 frames around for each block.
    """

    def __init__(self, config: HighBandConfig):
        super().__init__()
        self.config = c = config
        self.embed = nn.Linear(2 * c.bands, c.dim)
        self.blocks = nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks))
        self.norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(c.dim, c.bands)

    def forward(self, mel, known):
        c = self.config
        known = known[:, None].expand_as(mel)
        x = self.embed(torch.cat([known * (mel - c.mel_mean) / c.mel_std, known], -1))
        for block in self.blocks:
            x = block(x)
        return c.mel_mean + c.mel_std * self.out(self.norm(x))
