"""The quality metrics, written from their definitions; `test_metrics.py` checks analytic cases.

Sounds are float arrays [samples] or [samples, channels]; for stereo, energies and inner products
run over both channels.
"""

import numpy as np
import pyloudnorm
from skimage.metrics import structural_similarity

from Models.training.music.features import Layout, filters

RATE = 44100
LAYOUT = Layout()
BANK = filters(LAYOUT).numpy()
#: Spectra are compared down to this much below the reference's strongest bin.
FLOOR_DB = -80.0


def db(ratio: float) -> float:
    """A ratio of energies in dB, limited to ±100 so that means stay finite."""
    return float(np.clip(10 * np.log10(max(ratio, 1e-30)), -100, 100))


def si_sdr(estimate: np.ndarray, reference: np.ndarray) -> float:
    """Scale-invariant SDR in dB (1811.02508, equation 5), without removing means.

    A silent estimate has no scale that helps; it counts as -100 dB."""
    estimate, reference = (np.asarray(x, np.float64).ravel() for x in (estimate, reference))
    energy = reference @ reference
    if energy == 0:
        raise ValueError("SI-SDR needs a reference that is not silent")
    target = (estimate @ reference) / energy * reference
    error = estimate - target
    return db((target @ target) / max(error @ error, 1e-30))


def mono(sound: np.ndarray) -> np.ndarray:
    return sound if sound.ndim == 1 else sound.mean(1)


def magnitudes(sound: np.ndarray, n_fft: int = LAYOUT.n_fft, hop: int = LAYOUT.hop) -> np.ndarray:
    """Magnitudes [frames, n_fft/2 + 1] of the mono sound, periodic Hann window, centred."""
    padded = np.pad(mono(sound), n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    return np.abs(np.fft.rfft(frames * window, axis=-1))


def decibels(magnitude: np.ndarray, top: float) -> np.ndarray:
    """dB relative to `top`, floored at FLOOR_DB."""
    return np.maximum(20 * np.log10(np.maximum(magnitude, 1e-12) / max(top, 1e-9)), FLOOR_DB)


def lsd(estimate: np.ndarray, reference: np.ndarray, bins: slice = slice(None)) -> float:
    """Log-spectral distance in dB: the mean over frames of the root mean square, over bins, of the
    difference of both spectra in dB, each floored at FLOOR_DB below the reference's maximum."""
    a, b = magnitudes(estimate), magnitudes(reference)
    difference = decibels(a, b.max())[:, bins] - decibels(b, b.max())[:, bins]
    return float(np.sqrt((difference**2).mean(1)).mean())


def log_mel_db(sound: np.ndarray, top: float | None = None) -> tuple[np.ndarray, float]:
    mel = magnitudes(sound) @ BANK.T
    top = float(mel.max()) if top is None else top
    return decibels(mel, top), top


def mel_ssim(estimate: np.ndarray, reference: np.ndarray) -> float:
    """SSIM (Gaussian window, sigma 1.5) of log-mels in dB, floored at FLOOR_DB below the
    reference's maximum; the data range is that floor's depth."""
    b, top = log_mel_db(reference)
    a, _ = log_mel_db(estimate, top)
    return float(structural_similarity(a, b, data_range=-FLOOR_DB, gaussian_weights=True,
                                       sigma=1.5, use_sample_covariance=False))


def loudness(sound: np.ndarray) -> float:
    """Integrated loudness in LUFS (BS.1770-4), at least -70."""
    if len(sound) < 0.4 * RATE or not np.any(sound):
        return -70.0
    return max(-70.0, float(pyloudnorm.Meter(RATE).integrated_loudness(sound)))


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Fréchet distance of two sets of embeddings [items, size], as Gaussians."""
    mean = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # The trace of (cov_a cov_b)^(1/2), by the symmetric product with the same eigenvalues.
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = np.linalg.eigvalsh(root @ cov_b @ root)
    return float(mean @ mean + np.trace(cov_a) + np.trace(cov_b)
                 - 2 * np.sqrt(np.maximum(middle, 0)).sum())


def matches(a: np.ndarray, b: np.ndarray, tolerance_seconds: float) -> int:
    """The largest number of pairs of two sorted lists of times within the tolerance."""
    i = j = count = 0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= tolerance_seconds:
            i, j, count = i + 1, j + 1, count + 1
        elif a[i] < b[j]:
            i += 1
        else:
            j += 1
    return count


def onset_f1(a: np.ndarray, b: np.ndarray, tolerance_seconds: float = 0.05) -> float:
    """F1 of two sorted lists of onset times; 0 when either is empty."""
    if not len(a) or not len(b):
        return 0.0
    return 2 * matches(a, b, tolerance_seconds) / (len(a) + len(b))


def beat_chroma(chroma: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """Chroma [12, frames] summed between beats (frame numbers) -> [12, beats + 1]."""
    edges = np.unique(np.concatenate([[0], np.clip(beats, 0, chroma.shape[1] - 1)]))
    return np.add.reduceat(chroma, edges, axis=1)


def chroma_cosine(a: np.ndarray, b: np.ndarray, beats: np.ndarray) -> float:
    """Mean cosine of beat-synchronous chroma over the beats in which the first sounds (its energy
    over a hundredth of its mean); 0 when it never does."""
    x, y = beat_chroma(a, beats), beat_chroma(b, beats)
    norm = np.linalg.norm(x, axis=0)
    sounding = norm > 0.01 * norm.mean()
    if not sounding.any():
        return 0.0
    cosine = (x * y).sum(0) / np.maximum(norm * np.linalg.norm(y, axis=0), 1e-9)
    return float(cosine[sounding].mean())
