"""What a mastering does to a mixture, done to its stems, so that they still sum to it.

A curve is linear. A compressor, a limiter and a clipper multiply the mixture by a gain that changes
with time, and so each stem by the same one.
"""

import random

import numba
import numpy as np

from .songs import RATE

BLOCK = 64  # samples for which a compressor takes one level


@numba.njit(cache=True)
def followed(wanted, attack, release):
    """Gain reduction in dB by block, as fast as the compressor reacts; shares of the way by block."""
    out, now = np.empty_like(wanted), 0.0
    for b in range(len(wanted)):
        now += (attack if wanted[b] > now else release) * (wanted[b] - now)
        out[b] = now
    return out


def compression(mixture: np.ndarray, rng: random.Random) -> np.ndarray:
    """Gains [samples] of a bus compressor, or of a limiter, over [..., samples]."""
    samples = mixture.shape[-1]
    power = (mixture.reshape(-1, samples) ** 2).mean(0)
    blocks = np.pad(power, (0, -samples % BLOCK)).reshape(-1, BLOCK).mean(1)
    level = 10 * np.log10(blocks + 1e-9)
    threshold = np.quantile(level, rng.uniform(0.3, 0.9))
    wanted = np.maximum(level - threshold, 0) * (1 - 1 / rng.choice([2, 3, 4, 8, 20]))
    attack, release = (1 - np.exp(-BLOCK / (RATE * seconds)) for seconds in
                       (rng.uniform(0.001, 0.03), rng.uniform(0.04, 0.4)))
    reduction = followed(wanted, attack, release)
    at = (np.arange(len(reduction)) + 0.5) * BLOCK
    return (10 ** (-np.interp(np.arange(samples), at, reduction) / 20)).astype(np.float32)


def clipping(mixture: np.ndarray, rng: random.Random) -> np.ndarray:
    """Gains of a soft clipper, driven up to 9 dB over the mixture's peak."""
    x = mixture * np.float32(10 ** (rng.uniform(-3, 9) / 20) / max(1e-6, np.abs(mixture).max()))
    small = np.abs(x) < 1e-3
    return np.where(small, 1, np.tanh(x) / np.where(small, 1, x)).astype(np.float32)


def mastered(stems: dict[str, np.ndarray], rng: random.Random) -> dict[str, np.ndarray]:
    """Stems [..., samples] after a compressor, a clipper or both."""
    draw = rng.random()
    if draw < 0.75:
        gains = compression(sum(stems.values()), rng)
        stems = {name: sound * gains for name, sound in stems.items()}
    if draw > 0.5:
        gains = clipping(sum(stems.values()), rng)
        stems = {name: sound * gains for name, sound in stems.items()}
    return stems
