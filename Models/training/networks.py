"""The default models' networks. The Swift runtime loads their weights by these names.

All sequences are channel-last, [B, T, C]. The text states are those of the T5 encoder, [B, L, 256],
with a boolean mask [B, L] that is true on tokens.
"""

import dataclasses
import math

import torch
import torch.nn.functional as F
from torch import nn


# ---- shared blocks


def rotary(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Rotary positions (2104.09864), half-split pairing: [B, heads, T, D], angles in float32."""
    half = x.shape[-1] // 2
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float32) / half)
    angles = positions.float()[:, None] * rates  # [T, D/2]
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)


def attend(q, k, v, mask=None):
    """Softmax attention, [B, heads, T, D]; `mask` is true where keys count.

    Spelled out: on sequences this short, CPU training runs 2.6 times faster than through PyTorch's
    fused attention, whose backward pass is slow.
    """
    scores = ((q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)).float()
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scores.softmax(-1).to(v.dtype) @ v


class SelfAttention(nn.Module):
    """Multi-head self-attention with rotary positions; one projection to query, key and value."""

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        positions = torch.arange(T)
        y = attend(rotary(q, positions), rotary(k, positions), v)
        return self.out(y.transpose(1, 2).reshape(B, T, C))


class CrossAttention(nn.Module):
    """Attention from audio tokens to text states."""

    def __init__(self, dim: int, text_dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(text_dim, 2 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x, text, text_mask):
        B, T, C = x.shape
        q = self.q(x).view(B, T, self.heads, -1).transpose(1, 2)
        k, v = self.kv(text).view(B, text.shape[1], 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = attend(q, k, v, text_mask[:, None, None, :])
        return self.out(y.transpose(1, 2).reshape(B, T, C))


class MLP(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class Block(nn.Module):
    """Pre-norm transformer block: self-attention, cross-attention to text, MLP.

    The norms have no weights: shift, scale and gate of each of the three branches are a shared
    function of the timestep plus this block's own table (AdaLN-single, 2310.00426 section 2.3), in
    the order (shift, scale, gate) x (self, cross, MLP).
    """

    def __init__(self, dim: int, text_dim: int, heads: int):
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (
            nn.LayerNorm(dim, eps=1e-6, elementwise_affine=False) for _ in range(3))
        self.attention = SelfAttention(dim, heads)
        self.cross = CrossAttention(dim, text_dim, heads)
        self.mlp = MLP(dim, 4 * dim)
        self.table = nn.Parameter(torch.randn(9, dim) / dim**0.5)

    def forward(self, x, text, text_mask, modulation):
        m = (modulation + self.table).unsqueeze(2).unbind(1)  # nine of [B, 1, C]
        x = x + m[2] * self.attention(self.norm1(x) * (1 + m[1]) + m[0])
        x = x + m[5] * self.cross(self.norm2(x) * (1 + m[4]) + m[3], text, text_mask)
        return x + m[8] * self.mlp(self.norm3(x) * (1 + m[7]) + m[6])


class ConvNeXtBlock(nn.Module):
    """ConvNeXt block over time (2201.03545, as in Vocos 2306.00814): [B, T, C] -> [B, T, C]."""

    def __init__(self, dim: int, hidden: int, kernel: int = 7):
        super().__init__()
        self.dwconv = nn.Conv1d(dim, dim, kernel, padding=kernel // 2, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1 = nn.Linear(dim, hidden)
        self.pwconv2 = nn.Linear(hidden, dim)
        self.gamma = nn.Parameter(torch.full((dim,), 0.1))

    def forward(self, x):
        y = self.dwconv(x.transpose(1, 2)).transpose(1, 2)
        y = self.pwconv2(F.gelu(self.pwconv1(self.norm(y))))
        return x + self.gamma * y


def patch(x: torch.Tensor, frames: int) -> torch.Tensor:
    """[B, T, bands] -> [B, T / frames, frames * bands]."""
    return x.reshape(x.shape[0], x.shape[1] // frames, frames * x.shape[2])


def unpatch(x: torch.Tensor, frames: int) -> torch.Tensor:
    """[B, N, frames * bands] -> [B, N * frames, bands]."""
    return x.reshape(x.shape[0], x.shape[1] * frames, x.shape[2] // frames)


# ---- mel VAE


@dataclasses.dataclass
class MelVAEConfig:
    bands: int = 128
    frames_per_latent: int = 4
    dim: int = 384
    hidden: int = 1536
    blocks: int = 4
    latent: int = 64
    mel_mean: float = -7.0
    mel_std: float = 3.0
    latent_mean: float = 0.0  # set at export: the diffusion editor sees (z - mean) / std
    latent_std: float = 1.0


class MelVAE(nn.Module):
    """1-D VAE on log-mel: [B, T, bands] <-> latents [B, T/4, 64]."""

    def __init__(self, config: MelVAEConfig):
        super().__init__()
        self.config = c = config
        width = c.bands * c.frames_per_latent
        self.encoder = nn.ModuleDict({
            "embed": nn.Linear(width, c.dim),
            "blocks": nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks)),
            "norm": nn.LayerNorm(c.dim, eps=1e-6),
            "out": nn.Linear(c.dim, 2 * c.latent),
        })
        self.decoder = nn.ModuleDict({
            "embed": nn.Linear(c.latent, c.dim),
            "blocks": nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks)),
            "norm": nn.LayerNorm(c.dim, eps=1e-6),
            "out": nn.Linear(c.dim, width),
        })

    def encode(self, mel):
        """Log-mel -> mean and log-variance of the latents."""
        x = patch((mel - self.config.mel_mean) / self.config.mel_std, self.config.frames_per_latent)
        x = self.encoder["embed"](x)
        for block in self.encoder["blocks"]:
            x = block(x)
        mean, log_variance = self.encoder["out"](self.encoder["norm"](x)).chunk(2, -1)
        return mean, log_variance.clamp(-20, 4)

    def decode(self, latent):
        x = self.decoder["embed"](latent)
        for block in self.decoder["blocks"]:
            x = block(x)
        x = unpatch(self.decoder["out"](self.decoder["norm"](x)), self.config.frames_per_latent)
        return x * self.config.mel_std + self.config.mel_mean


# ---- vocoder


@dataclasses.dataclass
class VocoderConfig:
    rate: int = 44100
    bands: int = 128
    n_fft: int = 2048
    hop: int = 512
    dim: int = 384
    hidden: int = 1152
    blocks: int = 8
    mel_mean: float = -7.0
    mel_std: float = 3.0


class Vocoder(nn.Module):
    """Vocos' trunk (2306.00814) with a head that predicts, for each STFT bin of a frame, the
    log-magnitude and the phase's steps in time and in frequency, not the phase itself.

    A convolutional network gives equal frames for equal mel frames, so phases that it predicts
    directly make steady tones multiples of the frame rate (86 Hz): they buzz. Steps are local, can
    be learned with supervision, and `music/phases.py` sums them (as 2002.04321 does).

    log-mel [B, T, bands] -> log_magnitude [B, T, K], advance [B, T, K] and slope [B, T, K] complex,
    K = n_fft/2 + 1. With the phases P of a centred STFT whose frames are rotated to their middle
    (X[t, k] * (-1)^k), advance[t, k] is the expected exp(i (P[t, k] - P[t-1, k] - pi k hop /
    (n_fft/2))) and slope[t, k] that of exp(i (P[t, k+1] - P[t, k])); their absolute values, at
    most one, say how sure the network is.
    """

    def __init__(self, config: VocoderConfig):
        super().__init__()
        self.config = c = config
        self.embed = nn.Conv1d(c.bands, c.dim, 7, padding=3)
        self.norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.blocks = nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks))
        self.final_norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(c.dim, 5 * (c.n_fft // 2 + 1))
        self.skip = nn.Linear(c.bands, c.n_fft // 2 + 1)  # log-magnitudes straight from the mel

    def forward(self, mel):
        x = (mel - self.config.mel_mean) / self.config.mel_std
        x = self.norm(self.embed(x.transpose(1, 2)).transpose(1, 2))
        for block in self.blocks:
            x = block(x)
        parts = self.out(self.final_norm(x)).float().chunk(5, -1)
        log_magnitude = parts[0] + self.skip(mel).float()
        return log_magnitude, torch.complex(*parts[1:3]), torch.complex(*parts[3:5])


# ---- timbre classifier


@dataclasses.dataclass
class TimbreConfig:
    latent: int = 64
    dim: int = 192
    hidden: int = 576
    blocks: int = 4
    targets: int = 11


class Timbre(nn.Module):
    """Which instruments a stem sounds like: normalised latents [B, N, 64] -> logits [B, targets].

    The loudest of the last block's channels over time and their mean decide.
    """

    def __init__(self, config: TimbreConfig):
        super().__init__()
        c = config
        self.embed = nn.Linear(c.latent, c.dim)
        self.blocks = nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks))
        self.norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(2 * c.dim, c.targets)

    def forward(self, latents):
        x = self.embed(latents)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        return self.out(torch.cat([x.mean(1), x.amax(1)], -1))


# ---- harmony head


@dataclasses.dataclass
class HarmonyConfig:
    tones: int = 160
    onsets: int = 16
    dim: int = 128
    hidden: int = 256
    blocks: int = 4
    kernel: int = 31
    chords: int = 25


class Harmony(nn.Module):
    """A song's chord and beats: features [B, N, tones + onsets] of `music/harmony.py` -> logits of
    chords [B, N, 25], and of a beat and of a bar's first beat [B, N, 2]."""

    def __init__(self, config: HarmonyConfig):
        super().__init__()
        self.config = c = config
        self.tone_norm = nn.LayerNorm(c.tones, eps=1e-3)
        self.embed = nn.Linear(c.tones + c.onsets, c.dim)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(c.dim, c.hidden, c.kernel) for _ in range(c.blocks))
        self.norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(c.dim, c.chords + 2)

    def forward(self, features):
        tones, onsets = features.split([self.config.tones, self.config.onsets], -1)
        x = self.embed(torch.cat([self.tone_norm(tones), onsets], -1))
        for block in self.blocks:
            x = block(x)
        return self.out(self.norm(x)).split([self.config.chords, 2], -1)


# ---- stem editor


@dataclasses.dataclass
class StemEditorConfig:
    latent: int = 64
    dim: int = 384
    heads: int = 6
    blocks: int = 8
    text_dim: int = 256
    time_features: int = 256
    harmony: int = 0  # features of chords and beats; 27 in the music editor
    summary: int = 0  # latents that are remembered as one; 16 in the music editor, 0 for no memory


def timestep_features(t: torch.Tensor, size: int) -> torch.Tensor:
    """Cosines, then sines of 1000 t at `size / 2` rates from 1 down to 1/10000: [B] -> [B, size]."""
    half = size // 2
    rates = torch.exp(-math.log(10000.0) * torch.arange(half, dtype=torch.float32) / half)
    angles = 1000.0 * t.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], -1)


class MemoryAttention(nn.Module):
    """The path across chunks: attention from a chunk's tokens to summaries of earlier chunks.

    Starts as zero, and is zero for items without a memory.
    """

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(dim, eps=1e-6, elementwise_affine=False)
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, memory, mask):
        """x [B, T, C], memory [B, M, C], mask [B, M] true on what is remembered."""
        B, T, C = x.shape
        some = mask.any(1)
        q = self.q(self.norm(x)).view(B, T, self.heads, -1).transpose(1, 2)
        kv = self.kv(self.norm(memory)).view(B, memory.shape[1], 2, self.heads, -1)
        k, v = kv.permute(2, 0, 3, 1, 4)
        y = attend(q, k, v, (mask | ~some[:, None])[:, None, None, :])
        y = self.out(y.transpose(1, 2).reshape(B, T, C))
        return x + y * some[:, None, None].to(y.dtype)


def coarse(x: torch.Tensor, size: int) -> torch.Tensor:
    """The mean of each `size` latents in the place of all of them, the last ones' of fewer:
    [B, N, C] -> [B, N, C]."""
    means = F.avg_pool1d(x.transpose(1, 2), size, ceil_mode=True)
    return means.repeat_interleave(size, 2)[..., : x.shape[1]].transpose(1, 2)


class StemEditor(nn.Module):
    """Rectified-flow transformer: velocity of the stem's latents at time t (0 noise, 1 data).

    Inputs, all in normalised latents [B, N, 64]: the noisy stem, the mixture, and the part of the
    stem that is already known (zeros elsewhere) with its mask [B, N, 1]. The text is attended to
    token by token; the mean of its states modulates every block, together with the timestep.

    An editor with `harmony` also sees the mixture at two coarser scales and the song's chords and beats
    [B, N, 27], as InstructME does (2308.14360, sections 3.2 and 3.3). One with a memory is a dual-path
    chunk transformer: every second block attends to what was in its place in earlier chunks, of which
    `summary` latents are kept as their mean (after 2308.14360 section 3.2 and 1911.05507).
    """

    SCALES = (4, 16)

    def __init__(self, config: StemEditorConfig):
        super().__init__()
        self.config = c = config
        self.embed = nn.Linear(3 * c.latent + 1, c.dim)
        if c.harmony:
            self.song = nn.Linear(len(self.SCALES) * c.latent + c.harmony, c.dim)
            nn.init.zeros_(self.song.weight)
            nn.init.zeros_(self.song.bias)
        self.time1 = nn.Linear(c.time_features, c.dim)
        self.time2 = nn.Linear(c.dim, c.dim)
        self.topic = nn.Linear(c.text_dim, c.dim)
        self.modulation = nn.Linear(c.dim, 9 * c.dim)
        self.blocks = nn.ModuleList(
            Block(c.dim, c.text_dim, c.heads) for _ in range(c.blocks))
        self.memory = nn.ModuleList(
            MemoryAttention(c.dim, c.heads) for _ in range(c.blocks // 2 if c.summary else 0))
        self.norm = nn.LayerNorm(c.dim, eps=1e-6, elementwise_affine=False)
        self.final_table = nn.Parameter(torch.randn(2, c.dim) / c.dim**0.5)
        self.out = nn.Linear(c.dim, c.latent)
        nn.init.zeros_(self.topic.weight)
        nn.init.zeros_(self.topic.bias)

    def forward(self, noisy, t, mixture, known, known_mask, text, text_mask, harmony=None,
                memory=None, summaries=None):
        """`memory` is what earlier chunks left, a list of a [B, M, C] for each path, with its mask
        [B, M]; the list `summaries` takes this chunk's, [B, N / summary, C] each."""
        x = self.embed(torch.cat([noisy, mixture, known, known_mask], -1))
        if self.config.harmony:
            scales = [coarse(mixture, size) for size in self.SCALES]
            x = x + self.song(torch.cat([*scales, harmony], -1))
        time = self.time1(timestep_features(t, self.config.time_features))
        words = text_mask.unsqueeze(-1).to(text.dtype)
        mean = (text * words).sum(1) / words.sum(1)
        time = F.silu(self.time2(F.silu(time)) + self.topic(mean))  # [B, C]
        modulation = self.modulation(time).view(len(t), 9, -1)
        for index, block in enumerate(self.blocks):
            if self.memory and index % 2:
                if summaries is not None:
                    summaries.append(F.avg_pool1d(
                        x.float().transpose(1, 2), self.config.summary).transpose(1, 2))
                if memory is not None:
                    x = self.memory[index // 2](x, memory[0][index // 2], memory[1])
            x = block(x, text, text_mask, modulation)
        shift, scale = (self.final_table + time[:, None]).unsqueeze(2).unbind(1)
        return self.out(self.norm(x) * (1 + scale) + shift)
