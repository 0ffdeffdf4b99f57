"""Expected values of `Metrics` from pyloudnorm, scikit-image, librosa and numpy.

The signals are formulas that Tests/MetricsTests/MetricsTests.swift repeats.
Needs: pip install numpy pyloudnorm scikit-image librosa
"""

import json
import warnings
from pathlib import Path

import librosa
import numpy as np
import pyloudnorm
from skimage.metrics import structural_similarity

RATE = 44100


def noise(count: int, seed: int) -> np.ndarray:
    """SplitMix64, uniform in -1 ..< 1."""
    with np.errstate(over="ignore"):
        state = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(
            0x9E3779B97F4A7C15)
        z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))).view(np.int64) >> np.int64(11)) / 4503599627370496


def stereo(rate: int, seconds: float) -> np.ndarray:
    """[samples, 2]: two tones that swell, and a little noise; a quiet last third."""
    count = int(rate * seconds)
    t = np.arange(count) / rate
    left = 0.4 * np.sin(2 * np.pi * 220 * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 1.5 * t))
    right = 0.3 * np.sin(2 * np.pi * 1760 * t) + 0.05 * noise(count, 3)
    x = np.stack([left, right], 1)
    x[count * 2 // 3:] *= 0.02
    return x.astype(np.float32)


def si_sdr(estimate, reference):
    e, r = estimate.astype(np.float64).ravel(), reference.astype(np.float64).ravel()
    target = (e @ r) / (r @ r) * r
    return 10 * np.log10((target @ target) / ((e - target) @ (e - target)))


def lsd(a, b):
    values = []
    for c in range(a.shape[1]):
        powers = [
            np.maximum(np.abs(librosa.stft(x[:, c], n_fft=2048, pad_mode="reflect") / 1024) ** 2,
                       1e-10) for x in (a, b)]
        d = 10 * np.log10(powers[0]) - 10 * np.log10(powers[1])
        values.append(np.sqrt((d ** 2).mean(0)))
    return np.concatenate(values).mean()


def ssim(a, b):
    mels = [
        librosa.feature.melspectrogram(
            y=x.mean(1), sr=RATE, n_fft=2048, hop_length=512, n_mels=128, power=1,
            pad_mode="reflect") for x in (a, b)]
    mels = [20 * np.log10(np.maximum(m, 1e-7)) for m in mels]
    peak = mels[1].max()
    pictures = [np.clip((m - peak + 80) / 80, 0, 1) for m in mels]
    return structural_similarity(
        *pictures, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)


def main():
    warnings.simplefilter("ignore")
    x = stereo(RATE, 3)
    y = (x * 0.7 + 0.05 * np.stack([noise(len(x), 8), noise(len(x), 9)], 1)).astype(np.float32)
    expected = {
        "siSDR": si_sdr(y, x), "logSpectralDistance": lsd(y, x), "logMelSSIM": ssim(y, x)}
    for rate in (16000, 44100, 48000, 96000):
        signal = stereo(rate, 5).astype(np.float64)
        for name in ("DeMan", "K-weighting"):
            meter = pyloudnorm.Meter(rate, filter_class=name)
            expected[f"loudness.{rate}.{name}"] = meter.integrated_loudness(signal)
    path = Path(__file__).parent / "metrics" / "expected.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({k: float(v) for k, v in expected.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
