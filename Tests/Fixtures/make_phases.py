"""Writes Tests/Fixtures/signal/phases.safetensors: `Models/training/music/phases.py` on random
steps of a 64-point STFT, which are sure in some bins and not in others.

    PYTHONPATH=. python Tests/Fixtures/make_phases.py    (from the repository's root)
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from Models.training.music.phases import FLOOR, vectors

T, K, TEMPERATURE = 12, 33, 0.3
random = np.random.default_rng(5)


def steps(shape):
    angle, length = random.uniform(-1, 1, shape), random.uniform(0.05, 1.1, shape)
    return (length * np.exp(1j * angle)).astype(np.complex64)


log_magnitude = random.uniform(-9, 3, (T, K)).astype(np.float32)
advance, slope = steps((T, K)), steps((T, K))
noise = random.standard_normal((T, 2, 2, K)).astype(np.float32)  # [frame][re, im][time, freq.][bin]
magnitude = np.maximum(np.exp(log_magnitude.astype(np.float64)), 1e-6)
units = vectors(magnitude, advance, slope, noise[:, 0] + 1j * noise[:, 1], TEMPERATURE)
size = np.clip(magnitude - FLOOR, 0, K - 1) * (1 - 2 * (np.arange(K) % 2))
spectrum = torch.view_as_real(torch.from_numpy(size * units)).float().numpy()
parts = [log_magnitude, advance.real, advance.imag, slope.real, slope.imag]
save_file({"steps": np.stack(parts, 1).astype(np.float32), "noise": noise, "spectrum": spectrum},
          Path(__file__).parent / "signal" / "phases.safetensors")
