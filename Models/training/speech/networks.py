"""The speech models' networks. All sequences are channel-last, [B, T, C]."""

import dataclasses
import typing

import torch
import torch.nn.functional as F
from torch import nn

from ..networks import MLP, ConvNeXtBlock, SelfAttention, attend

# ---- aligner


@dataclasses.dataclass
class AlignerConfig:
    rate: int = 16000
    n_fft: int = 512
    hop: int = 160
    bands: int = 80
    stride: int = 2  # mel frames an output frame: 20 ms
    dim: int = 192
    hidden: int = 576
    heads: int = 4
    blocks: int = 3  # of convolutions, before and after the attention
    phones: int = 0  # classes with silence, which is class 0
    mel_mean: float = -7.0
    mel_std: float = 3.0


class Aligner(nn.Module):
    """Log-mel [B, T, bands] -> logits of phonemes [B, T / stride, phones]."""

    def __init__(self, config: AlignerConfig):
        super().__init__()
        self.config = c = config
        self.embed = nn.Conv1d(c.bands, c.dim, 5, stride=c.stride, padding=2)
        self.before = nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks))
        self.norm1 = nn.LayerNorm(c.dim, eps=1e-6)
        self.attention = SelfAttention(c.dim, c.heads)
        self.norm2 = nn.LayerNorm(c.dim, eps=1e-6)
        self.mlp = MLP(c.dim, c.hidden)
        self.after = nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks))
        self.final_norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(c.dim, c.phones)

    def forward(self, mel):
        x = (mel - self.config.mel_mean) / self.config.mel_std
        x = self.embed(x.transpose(1, 2)).transpose(1, 2)
        for block in self.before:
            x = block(x)
        x = x + self.attention(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        for block in self.after:
            x = block(x)
        return self.out(self.final_norm(x))


# ---- durations


@dataclasses.dataclass
class TempoConfig:
    dim: int = 128
    hidden: int = 384
    blocks: int = 4
    phones: int = 0  # classes with the pause, which is class 0
    floor: float = 0.01  # added to seconds before their logarithm


class Tempo(nn.Module):
    """How long phonemes and pauses last in a gap, from those that are heard around it.

    classes [B, L] of phonemes, with a pause (0) at every border of words; heard [B, L], the seconds
    that each is heard; known [B, L], true where that is all of it; clause [B, L], true on pauses
    after a word with punctuation -> log(seconds + floor) that each lasts unheard, [B, L].
    """

    def __init__(self, config: TempoConfig):
        super().__init__()
        self.config = c = config
        self.embed = nn.Embedding(c.phones, c.dim)
        self.given = nn.Linear(3, c.dim)
        self.blocks = nn.ModuleList(ConvNeXtBlock(c.dim, c.hidden) for _ in range(c.blocks))
        self.norm = nn.LayerNorm(c.dim, eps=1e-6)
        self.out = nn.Linear(c.dim, 1)

    def forward(self, classes, heard, known, clause):
        given = torch.stack([(heard + self.config.floor).log() + 3, known.float(), clause.float()], -1)
        x = self.embed(classes) + self.given(given)
        for block in self.blocks:
            x = block(x)
        return self.out(self.norm(x))[..., 0] - 3


# ---- painter


@dataclasses.dataclass
class PainterConfig:
    rate: int = 44100
    n_fft: int = 2048
    hop: int = 512
    bands: int = 128
    frames: int = 344  # context with the gap: 4 s
    dim: int = 256
    heads: int = 4
    latents: int = 64
    blocks: int = 3
    frequencies: int = 48  # of the Fourier features of times
    phones: int = 0  # with "no phoneme", which is 0
    mel_mean: float = -7.0
    mel_std: float = 3.0


class PerceiverAttention(nn.Module):
    """Perceiver IO's attention and MLP with residuals (2107.14795; as `PerceiverLayer` of
    transformers 5.24): queries [B, N, C] from themselves or from inputs [B, M, C]."""

    def __init__(self, dim: int, heads: int, cross: bool):
        super().__init__()
        self.heads = heads
        self.layernorm1 = nn.LayerNorm(dim)
        self.layernorm2 = nn.LayerNorm(dim) if cross else None
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.dense = nn.Linear(dim, dim)
        self.layernorm = nn.LayerNorm(dim)
        self.dense1 = nn.Linear(dim, 4 * dim)
        self.dense2 = nn.Linear(4 * dim, dim)

    def forward(self, x, inputs=None, mask=None):
        """`mask`: boolean [B, M], true on inputs that count."""
        B, N, C = x.shape
        y = self.layernorm1(x)
        source = y if inputs is None else self.layernorm2(inputs)

        def split(z):
            return z.view(B, z.shape[1], self.heads, -1).transpose(1, 2)

        y = attend(split(self.query(y)), split(self.key(source)), split(self.value(source)),
                   None if mask is None else mask[:, None, None, :])
        x = x + self.dense(y.transpose(1, 2).reshape(B, N, C))
        return x + self.dense2(F.gelu(self.dense1(self.layernorm(x))))


#: Of the echo: how far apart places in a phoneme may lie (1 is its length), and the weight of the
#: voice's mean in frames.
ECHO_WIDTH, ECHO_PRIOR = 0.2, 1.0
#: The straight line counts e-fold less with each of so many frames from what is heard.
LINE_FRAMES = 4.0


def interpolated(mel: torch.Tensor, gap: torch.Tensor) -> torch.Tensor:
    """Log-mel [B, T, bands] with each band drawn straight across gaps [B, T]; a gap at an end keeps
    the value of its other side."""
    T = mel.shape[1]
    at = torch.arange(T)
    before = torch.where(gap, -1, at).cummax(1).values
    after = torch.where(gap, T, at).flip(1).cummin(1).values.flip(1)
    before, after = torch.where(before < 0, after, before), torch.where(after >= T, before, after)
    part = ((at - before) / (after - before).clamp_min(1))[..., None]

    def taken(index):
        return mel.gather(1, index.clamp(0, T - 1)[..., None].expand_as(mel))

    return taken(before) * (1 - part) + taken(after) * part


def distance(gap: torch.Tensor) -> torch.Tensor:
    """How many frames each of gap [B, T] lies from the nearest that is heard; 0 outside of gaps."""
    T = gap.shape[1]
    at = torch.arange(T)
    before = at - torch.where(gap, -T, at).cummax(1).values
    after = torch.where(gap, 2 * T, at).flip(1).cummin(1).values.flip(1) - at
    return torch.minimum(before, after).float()


class Said(typing.NamedTuple):
    """What is said in frames [B, N]: the phoneme (0 between phonemes), and the frames since its start
    and until its end."""

    phone: torch.Tensor
    since: torch.Tensor
    until: torch.Tensor

    @property
    def part(self) -> torch.Tensor:
        """0 at the phoneme's start, 1 at its end."""
        return self.since / (self.since + self.until).clamp_min(1e-3)

    @property
    def reach(self) -> torch.Tensor:
        """[B, N, 2]: frames since its start and until its end, in tens."""
        return torch.stack([self.since, self.until], -1) / 10

def said(frames, phones, times, phone_mask) -> Said:
    """frames [B, N], phonemes [B, L] with times [B, L, 2] in frames, in their order."""
    at = frames.float()[..., None] + 0.5  # [B, N, 1] against [B, 1, L]
    start, end = times[..., 0], times[..., 1]
    inside = (start[:, None] <= at) & (at < end[:, None]) & phone_mask[:, None]
    index, found = inside.float().argmax(-1), inside.any(-1)
    def pick(values):
        return values.gather(1, index) * found

    return Said(pick(phones), (at[..., 0] - pick(start)) * found, pick(end) - at[..., 0] * found)


class Memory(typing.NamedTuple):
    """What is known of the voice: the frames of its recording, around the window as far as there are.
    mel [B, M, bands] (as the painter's), heard [B, M] 1 or 0 (in a gap, or no frame at all), guide
    [B, M, bands]."""

    mel: torch.Tensor
    heard: torch.Tensor
    said: Said
    guide: torch.Tensor

    def mean(self, mel):
        """The mean [B, 1, bands] of the heard frames in which something is spoken; of all that are
        heard where there are none."""
        voice = self.heard * (self.said.phone > 0)
        voice = torch.where(voice.sum(1, keepdim=True) > 0, voice, self.heard)[..., None]
        return (voice * mel).sum(1, keepdim=True) / voice.sum(1, keepdim=True).clamp_min(1)


def echoed(mel, memory: Memory, mean, asked: Said):
    """What the speaker's other frames of the asked phonemes are like, and the guide's, [B, Q, bands]:
    the mean of the heard frames of the same phoneme (mel as scaled), weighted by how near they lie
    within it, with the voice's mean as `ECHO_PRIOR` frames more."""
    same = asked.phone[..., None] == memory.said.phone[:, None]
    away = asked.part[..., None] - memory.said.part[:, None]
    weight = same * torch.exp(-0.5 * (away / ECHO_WIDTH) ** 2) * memory.heard[:, None]  # [B, Q, M]
    total = weight.sum(-1, keepdim=True) + ECHO_PRIOR
    return (weight @ mel + ECHO_PRIOR * mean) / total, weight @ memory.guide / total


#: Deviation of the Gaussian that smooths the learned difference, frames and bands, and its taps on
#: each side.
SMOOTH, SMOOTH_TAPS = 6.0, 15


def smoothed(x):
    """[B, N, C] along N by a Gaussian; the ends are held."""
    taps = torch.arange(-SMOOTH_TAPS, SMOOTH_TAPS + 1)
    weight = torch.exp(-0.5 * (taps / SMOOTH) ** 2)
    weight = (weight / weight.sum()).to(x.dtype)
    B, N, C = x.shape
    held = F.pad(x.transpose(1, 2), (SMOOTH_TAPS, SMOOTH_TAPS), mode="replicate")
    return F.conv1d(held.reshape(B * C, 1, -1), weight[None, None]).view(B, C, N).transpose(1, 2)


class Painter(nn.Module):
    """SpeechPainter (2202.07273): a Perceiver IO that reads masked log-mel frames and phonemes and
    is asked for frames of the gap.

    mel [B, T, bands] (values inside the gap are ignored), gap [B, T] true inside it, phones [B, L]
    with times [B, L, 2] (start and end in frames), phone_mask [B, L]; guide [B, T, bands], the
    same phonemes in a synthesizer's voice (`guide.py`: log-mel relative to its mean, zeros where
    nothing is said); queries [B, Q] frame numbers; memory: the recording's frames, those of the window
    among them -> log-mel [B, Q, bands].

    Where it differs from the paper, because training is short: frames and queries know which phoneme
    the aligner (or the duration estimate) puts there, and how far in; the decoder reads the inputs
    beside the latents, so that a query finds the speaker's other frames of its phoneme; queries then
    attend to each other; sounds are seen relative to the voice's mean spectrum; and what is learned
    is the difference from a guess: near the gap's ends a straight line across it, farther in the
    echo of the speaker's other frames of the phoneme in the whole recording, with what the guide has
    here and not in those other frames. The guide also tells frames and queries how they should sound.
    The difference is smooth in time and frequency: what L1 teaches is to blur what is uncertain, and
    the fine structure that makes words clear is the guide's.
    """

    def __init__(self, config: PainterConfig):
        super().__init__()
        self.config = c = config
        time = 2 * c.frequencies + 1
        self.frame = nn.Linear(c.bands + 1 + time + 2, c.dim)
        self.phone = nn.Embedding(c.phones, c.dim)
        self.phone_times = nn.Linear(2 * time, c.dim)
        self.phone_under = nn.Embedding(c.phones, c.dim)
        self.guided = nn.Linear(c.bands, c.dim)
        self.latents = nn.Parameter(0.02 * torch.randn(c.latents, c.dim))
        self.encoder = PerceiverAttention(c.dim, c.heads, cross=True)
        self.blocks = nn.ModuleList(
            PerceiverAttention(c.dim, c.heads, cross=False) for _ in range(c.blocks))
        self.query = nn.Linear(2 * c.bands + 1 + time + 2, c.dim)
        self.decoder = PerceiverAttention(c.dim, c.heads, cross=True)
        self.refiner = PerceiverAttention(c.dim, c.heads, cross=False)
        self.norm = nn.LayerNorm(c.dim)
        self.out = nn.Linear(c.dim, c.bands)
        for zeros in (self.guided.weight, self.guided.bias, self.out.weight, self.out.bias):
            nn.init.zeros_(zeros)

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        """Time and its sines and cosines at frequencies from one to half the frames' number of
        turns over the context: [...] -> [..., 2 F + 1]."""
        c = self.config
        position = frames.float() / c.frames * 2 - 1
        turns = torch.logspace(0, torch.log2(torch.tensor(c.frames / 2)).item(), c.frequencies,
                               base=2.0)
        angles = torch.pi * position[..., None] * turns
        return torch.cat([position[..., None], angles.sin(), angles.cos()], -1)

    def forward(self, mel, gap, phones, times, phone_mask, guide, queries, memory: Memory):
        c = self.config
        B, T, _ = mel.shape
        keep = (~gap).float()[..., None]
        mel = (mel - c.mel_mean) / c.mel_std
        known = (memory.mel - c.mel_mean) / c.mel_std
        line = interpolated(mel, gap)
        every = torch.arange(T).expand(B, -1)
        window = said(every, phones, times, phone_mask)
        mean = memory.mean(known)
        frames = self.frame(torch.cat([(line - mean) * keep, keep, self.features(every),
                                       window.reach], -1))
        guide = guide / c.mel_std
        frames = frames + self.phone_under(window.phone) + self.guided(guide)
        words = self.phone(phones) + self.phone_times(self.features(times).flatten(2))
        inputs = torch.cat([frames, words], 1)
        mask = torch.cat([torch.ones(B, T, dtype=torch.bool), phone_mask], 1)
        latents = self.encoder(self.latents.expand(B, -1, -1), inputs, mask)
        for block in self.blocks:
            latents = block(latents)

        def asked(values):
            return values.gather(1, queries[..., None].expand(-1, -1, values.shape[-1]))

        near = asked(line)
        there = said(queries, phones, times, phone_mask)
        echo, usual = echoed(known, memory, mean, there)
        y = self.query(torch.cat([near - mean, echo - mean, asked(keep), self.features(queries),
                                  there.reach], -1))
        y = y + self.phone_under(there.phone) + self.guided(asked(guide))
        every = torch.ones(B, c.latents, dtype=torch.bool)
        y = self.decoder(y, torch.cat([latents, inputs], 1), torch.cat([every, mask], 1))
        y = self.refiner(y)
        share = torch.exp(-distance(gap) / LINE_FRAMES).gather(1, queries)[..., None]
        guess = share * near + (1 - share) * (echo + asked(guide) - usual / c.mel_std)
        change = smoothed(smoothed(self.out(self.norm(y))).transpose(1, 2)).transpose(1, 2)
        return (guess + change) * c.mel_std + c.mel_mean


class Discriminator(nn.Module):
    """Patches of log-mel as real or filled, and the features in between: [B, T, bands] -> logits
    and a list of feature maps. Training only."""

    def __init__(self, config: PainterConfig, width: int = 24):
        super().__init__()
        self.config = config
        sizes = [(1, width, (2, 1)), (width, 2 * width, 2), (2 * width, 4 * width, 2),
                 (4 * width, 4 * width, 1)]  # strides over bands first
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.spectral_norm(nn.Conv2d(a, b, 5, stride, padding=2))
            for a, b, stride in sizes)
        self.out = nn.utils.parametrizations.spectral_norm(nn.Conv2d(4 * width, 1, 3, padding=1))

    def forward(self, mel):
        x = ((mel - self.config.mel_mean) / self.config.mel_std).transpose(1, 2)[:, None]
        maps = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            maps.append(x)
        return self.out(x), maps
