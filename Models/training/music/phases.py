"""From the vocoder's magnitudes and phase steps to samples.

Frame by frame the phases are those that fit best with the last frame's phases and the steps in time
(`advance`) and with each other and the steps in frequency (`slope`), each weighted by how sure the
network is of it: least squares over unit vectors v[k],

    sum_k a[k] |v[k] - p[k]|^2 + b[k] |v[k+1] - s[k] v[k]|^2,

where p[k] is the last frame's vector turned by advance[k] and s[k] = slope[k], both of length one.
a and b are products of two magnitudes (both frames', both bins') and the concentration of the von
Mises distribution whose mean length is |advance| or |slope|; b has a factor of 3, found on dev. The
system is tridiagonal and Hermitian. In the manner of Masuyama et al., "Phase reconstruction based
on recurrent phase unwrapping" (2002.05832), but with confidences and with noise: random right-hand
sides of matching variance draw a sample instead of the mean, so that what the network is not sure
of (drums, breath, hiss) is noise and not a tone; `temperature` scales it.
"""

import numba
import numpy as np
import torch

FLOOR = 2e-4  # magnitude that the mel clamp of 1e-5 corresponds to
SURE = 0.98  # mean lengths are capped here: a concentration of 26
DOUBT = 1e-3  # concentration of a random phase that keeps the system regular
SLOPES = 3.0  # weight of steps in frequency beside those in time


@numba.njit(cache=True, fastmath=True)
def concentration(length):
    """Of a von Mises distribution from its mean length, approximately."""
    r = min(length, SURE)
    return r * (2 - r * r) / (1 - r * r)


@numba.njit(cache=True)
def vectors(magnitude, advance, slope, noise, temperature):
    """magnitude [T, K], advance, slope [T, K] complex, noise [T, 2, K] complex with real and
    imaginary parts of unit variance -> unit vectors [T, K]."""
    T, K = advance.shape
    out = np.empty((T, K), np.complex64)
    main, upper, right = np.empty(K), np.empty(K, np.complex128), np.empty(K, np.complex128)
    turns = np.array([1, 1j, -1, -1j])  # a quarter hop turns bin k by a quarter of a turn, k times
    for t in range(T):
        last = magnitude[max(t - 1, 0)]
        for k in range(K):
            weight = magnitude[t, k] * last[k]
            start = noise[t, 0, k] / max(abs(noise[t, 0, k]), 1e-9)
            main[k] = DOUBT * weight
            right[k] = main[k] * start
            if t > 0:
                length = abs(advance[t, k])
                a = concentration(length)
                p = out[t - 1, k] * turns[k % 4] * advance[t, k] / max(length, 1e-9)
                main[k] += weight * a
                right[k] += weight * (a * p + temperature * np.sqrt(a) * noise[t, 0, k])
        for k in range(K - 1):
            weight = magnitude[t, k] * magnitude[t, k + 1]
            length = abs(slope[t, k])
            b = SLOPES * concentration(length)
            s = slope[t, k] / max(length, 1e-9)
            main[k] += weight * b
            main[k + 1] += weight * b
            upper[k] = -weight * b * s.conjugate()
            shift = weight * temperature * np.sqrt(b) * noise[t, 1, k]
            right[k + 1] += shift
            right[k] -= s.conjugate() * shift
        for k in range(1, K):
            factor = upper[k - 1].conjugate() / main[k - 1]
            main[k] -= (factor * upper[k - 1]).real
            right[k] -= factor * right[k - 1]
        v = right[K - 1] / main[K - 1]
        out[t, K - 1] = v / max(abs(v), 1e-12)
        for k in range(K - 2, -1, -1):
            v = (right[k] - upper[k] * v) / main[k]
            out[t, k] = v / max(abs(v), 1e-12)
    return out


def phases(log_magnitude, advance, slope, temperature: float = 0.3, seed: int = 0):
    """[B, T, K] each -> unit vectors [B, T, K], rotated back to the frames' starts."""
    B, T, K = advance.shape
    random = np.random.default_rng(seed)
    magnitude = log_magnitude.double().exp().clamp_min(1e-6).numpy()
    rows = []
    for b in range(B):
        noise = random.standard_normal((2, T, 2, K), np.float32)
        rows.append(vectors(magnitude[b], advance[b].numpy(), slope[b].numpy(),
                            noise[0] + 1j * noise[1], temperature))
    flip = 1 - 2 * (torch.arange(K) % 2)
    return torch.from_numpy(np.stack(rows)) * flip


def sound(log_magnitude, vector, hop: int) -> torch.Tensor:
    """log-magnitudes and unit vectors [B, T, K] -> samples [B, (T - 1) * hop]."""
    n_fft = 2 * (vector.shape[-1] - 1)
    # n_fft / 2 is the most that samples in -1...1 reach under a Hann window.
    spectrum = (log_magnitude.exp() - FLOOR).clamp(0, n_fft / 2) * vector
    return torch.istft(spectrum.transpose(1, 2), n_fft, hop, window=torch.hann_window(n_fft))
