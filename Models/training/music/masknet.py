"""The mask network, which the Swift runtime loads by these names. Sequences are channel-last."""

import dataclasses

import torch
import torch.nn.functional as F
from torch import nn

from ..networks import SelfAttention


class Modulated(nn.Module):
    """Layer norm whose scale and shift are a function of the topic [B, topic_dim] (FiLM,
    1709.07871), or, without a topic, weights: [B, ..., C] -> [B, ..., C]."""

    def __init__(self, dim: int, topic_dim: int):
        super().__init__()
        self.norm = nn.LayerNorm(dim, eps=1e-6, elementwise_affine=topic_dim == 0)
        self.film = nn.Linear(topic_dim, 2 * dim) if topic_dim else None
        if self.film:
            nn.init.normal_(self.film.weight, std=0.02)

    def forward(self, x, topic=None):
        x = self.norm(x)
        if self.film is None:
            return x
        scale, shift = self.film(topic).view(len(x), *[1] * (x.ndim - 2), -1).chunk(2, -1)
        return x * (1 + scale) + shift


class ReluMLP(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(F.relu(self.up(x)))


class TimeBlock(nn.Module):
    """Pre-norm transformer block over time, with or without a topic: [B, N, C] -> [B, N, C]."""

    def __init__(self, dim: int, heads: int, topic_dim: int = 0):
        super().__init__()
        self.norm1 = Modulated(dim, topic_dim)
        self.attention = SelfAttention(dim, heads)
        self.norm2 = Modulated(dim, topic_dim)
        self.mlp = ReluMLP(dim, 4 * dim)

    def forward(self, x, topic=None):
        x = x + self.attention(self.norm1(x, topic))
        return x + self.mlp(self.norm2(x, topic))


class GridBlock(nn.Module):
    """Convolution over time and frequency in groups of 16 channels, then an MLP, with or without a
    topic: [B, N, P, C] -> [B, N, P, C]. (A depthwise convolution costs more here, and does less.)"""

    def __init__(self, dim: int, hidden: int, topic_dim: int = 0, kernel: int = 5):
        super().__init__()
        self.norm = Modulated(dim, topic_dim)
        self.conv = nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=max(1, dim // 16))
        self.mlp = ReluMLP(dim, hidden)
        self.gamma = nn.Parameter(torch.full((dim,), 0.2))

    def forward(self, x, topic=None):
        y = self.conv(self.norm(x, topic).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return x + self.gamma * self.mlp(y)


@dataclasses.dataclass
class MaskNetConfig:
    rate: int = 44100
    n_fft: int = 4096
    hop: int = 1024
    bands: int = 256
    frames_per_token: int = 2
    patch_bands: int = 8
    dim: int = 384
    heads: int = 6
    blocks: int = 6  # half of them before the grid's middle blocks
    grid_dim: int = 128
    grid_hidden: int = 192
    grid_blocks: int = 2  # before the transformer, in its middle, and for each stem
    stem_blocks: int = 2
    text_dim: int = 256
    topic_dim: int = 256
    mel_mean: float = -7.0
    mel_std: float = 3.0


class MaskNet(nn.Module):
    """Text-conditioned mask network for stereo sound: a mixture is heard once, each stem is asked for.

    `hear`: features [B, T, bands, 3] of mixtures (log-mel of both channels' mean power, normalised
    here; balance; coherence: see `features.stereo`) -> tokens [B, N, C] and a grid [B, N, P, G].
    `answer`: those and text states -> mask logits [B, T, bands, 2] of the named stem in the left and
    right channel, and a presence logit [B].

    Two paths that exchange what they found: a transformer over time, whose tokens are all bands of
    two frames, and a grid of patches of two frames and eight bands, whose weights are the same at
    every frequency. Both are deep for the mixture and shallow for a stem, so that all stems of a song
    cost little more than one. The text's mean state is the topic that leads the latter.
    """

    def __init__(self, config: MaskNetConfig):
        super().__init__()
        self.config = c = config
        patches, cells = c.bands // c.patch_bands, c.patch_bands * c.frames_per_token
        grid = patches * c.grid_dim

        def grid_blocks(topic_dim: int = 0):
            return nn.ModuleList(GridBlock(c.grid_dim, c.grid_hidden, topic_dim) for _ in range(c.grid_blocks))

        self.grid_embed = nn.Linear(3 * cells, c.grid_dim)
        self.grid_position = nn.Parameter(torch.zeros(patches, c.grid_dim))
        self.grid_first = grid_blocks()
        self.embed = nn.Linear(3 * cells * patches, c.dim)
        self.gather = nn.Linear(grid, c.dim)
        self.blocks = nn.ModuleList(TimeBlock(c.dim, c.heads) for _ in range(c.blocks))
        self.middle_norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.middle_scatter = nn.Linear(c.dim, grid)
        self.grid_middle = grid_blocks()
        self.middle_gather = nn.Linear(grid, c.dim)
        self.topic_norm = nn.LayerNorm(c.text_dim, eps=1e-6)
        self.topic = nn.Linear(c.text_dim, c.topic_dim)
        self.stem_blocks = nn.ModuleList(
            TimeBlock(c.dim, c.heads, c.topic_dim) for _ in range(c.stem_blocks))
        self.norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(c.dim, 2 * cells * patches)
        self.scatter = nn.Linear(c.dim, grid)
        self.grid_last = grid_blocks(c.topic_dim)
        self.grid_norm = nn.LayerNorm(c.grid_dim, eps=1e-6)
        self.grid_out = nn.Linear(c.grid_dim, 2 * cells)
        self.presence = nn.Linear(c.dim, 1)

    def hear(self, features):
        c = self.config
        B, T, _, _ = features.shape
        N, P = T // c.frames_per_token, c.bands // c.patch_bands
        level = (features[..., :1] - c.mel_mean) / c.mel_std
        x = torch.cat([level, features[..., 1:]], -1).view(
            B, N, c.frames_per_token, P, c.patch_bands, 3).transpose(2, 3)  # [B, N, P, 2, 8, 3]
        grid = self.grid_embed(x.flatten(3)) + self.grid_position
        for block in self.grid_first:
            grid = block(grid)
        tokens = self.embed(x.flatten(2)) + self.gather(grid.flatten(2))
        half = c.blocks // 2
        for block in self.blocks[:half]:
            tokens = block(tokens)
        grid = grid + self.middle_scatter(self.middle_norm(tokens)).view(grid.shape)
        for block in self.grid_middle:
            grid = block(grid)
        tokens = tokens + self.middle_gather(grid.flatten(2))
        for block in self.blocks[half:]:
            tokens = block(tokens)
        return tokens, grid

    def answer(self, tokens, grid, text, text_mask):
        c = self.config
        B, N, P, _ = grid.shape
        words = text_mask.unsqueeze(-1).to(text.dtype)
        mean = (text * words).sum(1) / words.sum(1)
        topic = F.silu(self.topic(self.topic_norm(mean)))
        for block in self.stem_blocks:
            tokens = block(tokens, topic)
        tokens = self.norm(tokens)
        presence = self.presence(tokens.mean(1)).squeeze(-1)
        grid = grid + self.scatter(tokens).view(grid.shape)
        for block in self.grid_last:
            grid = block(grid, topic)
        logits = self.out(tokens).view(B, N, P, -1) + self.grid_out(self.grid_norm(grid))
        logits = logits.view(B, N, P, c.frames_per_token, c.patch_bands, 2).transpose(2, 3)
        return logits.reshape(B, N * c.frames_per_token, c.bands, 2), presence

    def forward(self, features, text, text_mask):
        """As many texts for each mixture: text [B * Q, L, D] -> logits [B * Q, ...]."""
        tokens, grid = self.hear(features)
        each = len(text) // len(features)
        return self.answer(tokens.repeat_interleave(each, 0), grid.repeat_interleave(each, 0), text,
                           text_mask)
