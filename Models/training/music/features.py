"""STFT and mel features as the runtime's `Signal` computes them (see docs: mel layouts)."""

import dataclasses

import numpy as np
import torch


@dataclasses.dataclass(frozen=True)
class Layout:
    """Mel layout: Slaney scale and norm, magnitude, natural log clamped at 1e-5, centred STFT."""

    rate: int = 44100
    n_fft: int = 2048
    hop: int = 512
    bands: int = 128


def hz_to_mel(hz):
    """Slaney's scale: linear below 1 kHz (3 mel each 200 Hz), then 27 steps a factor of 6.4."""
    hz = np.asarray(hz, np.float64)
    return np.where(hz < 1000, 3 * hz / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000)
                    / np.log(6.4))


def mel_to_hz(mel):
    mel = np.asarray(mel, np.float64)
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(np.log(6.4) * (mel - 15) / 27))


def filters(layout: Layout) -> torch.Tensor:
    """Triangular filters [bands, n_fft/2 + 1], each of unit area in Hz (Slaney)."""
    edges = mel_to_hz(np.linspace(0, hz_to_mel(layout.rate / 2), layout.bands + 2))
    hz = np.arange(layout.n_fft // 2 + 1) * layout.rate / layout.n_fft
    rise = (hz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hz) / np.diff(edges)[1:, None]
    bank = np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]
    return torch.tensor(bank, dtype=torch.float32)


def stft(sound: torch.Tensor, layout: Layout) -> torch.Tensor:
    """[..., samples] -> complex [..., frames, bins]."""
    window = torch.hann_window(layout.n_fft)
    flat = sound.reshape(-1, sound.shape[-1])
    spectrum = torch.stft(flat, layout.n_fft, layout.hop, window=window, return_complex=True)
    return spectrum.transpose(1, 2).reshape(*sound.shape[:-1], -1, layout.n_fft // 2 + 1)


def log_mel(spectrum: torch.Tensor, bank: torch.Tensor) -> torch.Tensor:
    """Complex [..., frames, bins] -> natural log of mel magnitudes [..., frames, bands]."""
    return (spectrum.abs() @ bank.T).clamp_min(1e-5).log()


def spread(bank: torch.Tensor) -> torch.Tensor:
    """Weights [bands, bins] that carry a mask on bands to bins: for each bin they sum to one.
    A bin between or below the filters' centres where every filter is zero takes its nearest band.
    """
    weights = bank / bank.sum(1, keepdim=True).clamp_min(1e-9)
    peak = bank.argmax(1).float()
    lone = bank.sum(0) == 0
    for bin_index in torch.nonzero(lone).flatten().tolist():
        weights[(peak - bin_index).abs().argmin(), bin_index] = 1
    return weights / weights.sum(0, keepdim=True)


def stereo(spectrum: torch.Tensor, bank: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Complex [..., 2, frames, bins] of left and right -> features [..., frames, bands, 3]: log-mel
    of the channels' mean power; balance (L - R) / (L + R) and coherence 2 Re<L, R> / (L + R) of
    the powers in a band (`weights` as of `spread`). Sound on both sides alike has balance 0 and
    coherence 1; silence has 0 and 0."""
    left, right = spectrum.unbind(-3)
    p_left, p_right = left.abs().square(), right.abs().square()
    level = (((p_left + p_right) / 2).sqrt() @ bank.T).clamp_min(1e-5).log()
    inner = 2 * (left.real * right.real + left.imag * right.imag) @ weights.T
    total = (p_left + p_right) @ weights.T + 1e-6
    return torch.stack([level, ((p_left - p_right) @ weights.T) / total, inner / total], -1)
