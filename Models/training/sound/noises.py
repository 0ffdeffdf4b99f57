"""Noises without recordings, as separate stems: float32 [samples] at 44.1 kHz, of any level.

Each kind is drawn from wide ranges. `split` keeps the kinds of dev and validation apart from those of
training where a recipe has kinds at all: they take the other of two shapes of spectrum or envelope.
"""

import random

import numpy as np
from scipy.signal import fftconvolve

from ..music.songs import RATE


def shaped(samples: int, rng: random.Random, gain_db) -> np.ndarray:
    """Noise whose spectrum has the gain `gain_db(hz)`."""
    white = np.random.default_rng(rng.randrange(1 << 30)).standard_normal(samples)
    spectrum = np.fft.rfft(white.astype(np.float32))
    hz = np.maximum(10, np.fft.rfftfreq(samples, 1 / RATE))
    return np.fft.irfft(spectrum * 10 ** (gain_db(hz) / 20), samples).astype(np.float32)


def slow(samples: int, rng: random.Random, every_seconds: float, depth_db: float) -> np.ndarray:
    """A gain that wanders by that many dB (one deviation), smooth over `every_seconds`."""
    knots = max(2, round(samples / RATE / every_seconds)) + 1
    values = [rng.gauss(0, depth_db) for _ in range(knots)]
    curve = np.interp(np.linspace(0, knots - 1, samples), np.arange(knots), values)
    return (10 ** (curve / 20)).astype(np.float32)


def broadband(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A room's or machine's noise: a falling spectrum with bumps, nearly steady; sometimes rustling
    (many short grains)."""
    slope = rng.uniform(2, 8)  # dB an octave
    knots = [rng.gauss(0, 4) for _ in range(10)]
    bumps = [(rng.uniform(80, 6000), rng.uniform(0.02, 0.2), rng.uniform(4, 16))
             for _ in range(rng.choice([0, 0, 1, 2, 4]))]
    corner = rng.uniform(60, 600)  # flat below

    def gain(hz):
        octaves = np.log2(hz / 50)
        curve = -slope * np.maximum(0, np.log2(hz / corner))
        if split == "train":
            curve = curve + np.interp(octaves, np.arange(10), knots)
        else:  # one broad bow instead of a curve through points
            curve = curve - abs(knots[0]) * ((octaves - 4 - knots[1] / 4) / 2) ** 2 / 3
        for centre, width, height in bumps:
            curve = curve + height * np.exp(-(np.log2(hz / centre) / width) ** 2)
        return curve

    sound = shaped(samples, rng, gain)
    if rng.random() < 0.2:  # rustling
        grains = np.random.default_rng(rng.randrange(1 << 30))
        count = max(1, int(samples / RATE * rng.uniform(10, 300)))
        train = np.zeros(samples, np.float32)
        train[grains.integers(0, samples, count)] = grains.exponential(1, count)
        length = int(RATE * rng.uniform(0.003, 0.05))
        sound *= fftconvolve(train, np.exp(-5 * np.arange(length) / length))[:samples]
    return sound * slow(samples, rng, rng.uniform(0.2, 3), rng.choice([0, 1, 3]))


def hum(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Mains hum with harmonics, soft or buzzing; now and then a machine's tone."""
    mains = rng.random() < 0.85
    hz = rng.choice([50, 60]) * rng.uniform(0.995, 1.005) if mains else rng.uniform(70, 400)
    top = rng.uniform(200, 1500) if rng.random() < 0.6 else rng.uniform(1500, 8000)
    fall = rng.uniform(0.5, 2) if split == "train" else rng.uniform(0.3, 1.5)
    even = rng.choice([0.1, 1, 1])
    seconds = np.arange(samples) / RATE
    drift = 0 if mains else rng.uniform(-0.02, 0.02)
    phase = 2 * np.pi * hz * (seconds + drift * seconds**2 / 2)
    sound = np.zeros(samples, np.float32)
    for k in range(1, int(top / hz) + 1):
        if k > 1 and rng.random() < 0.15:
            continue
        level = k**-fall * 10 ** (rng.gauss(0, 5) / 20) * (even if k % 2 == 0 else 1)
        sound += np.float32(level) * np.sin(k * phase + rng.uniform(0, 6.3)).astype(np.float32)
    return sound * slow(samples, rng, 1, rng.choice([0, 0, 1.5]))


def hiss(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A tape's or preamplifier's steady hiss: flat or rising, often with little below 1 kHz."""
    rise = rng.uniform(-1, 4)
    low, steep = rng.uniform(100, 4000), rng.uniform(3, 18)
    top = rng.uniform(7000, 20000)
    bend = 1 if split == "train" else 0.5
    return shaped(samples, rng, lambda hz: (
        rise * bend * np.log2(hz / 1000) - steep * np.maximum(0, np.log2(low / hz))
        - 18 * np.maximum(0, np.log2(hz / top))))


def wind(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Wind at a microphone: rumble in gusts, whose brighter part comes with the stronger ones."""
    corner, steep = rng.uniform(40, 300), rng.uniform(8, 15)
    rumble = shaped(samples, rng, lambda hz: -steep * np.maximum(0, np.log2(hz / corner)))
    centre, sides = rng.uniform(200, 900), rng.uniform(4, 9)
    bright = shaped(samples, rng, lambda hz: -sides * np.abs(np.log2(hz / centre)))
    gust = slow(samples, rng, rng.uniform(0.15, 1.0), rng.uniform(3, 9))
    gust /= gust.max()
    if split != "train":  # gusts that swell and stop, not wander
        gust = np.maximum(0.05, gust) ** 1.5
    level = rng.uniform(0.02, 0.4) * rumble.std() / bright.std()
    return rumble * gust + np.float32(level) * bright * gust**2


def clicks(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Clicks and crackle: short pulses of either sign, some ringing, from single ones to a carpet."""
    draw = np.random.default_rng(rng.randrange(1 << 30))
    count = max(1, int(samples / RATE * 10 ** rng.uniform(0, 2.2)))
    sound = np.zeros(samples, np.float32)
    places = draw.integers(0, samples - 400, count)
    levels = draw.exponential(1, count) ** rng.uniform(0.7, 2) * draw.choice([-1, 1], count)
    for place, level in zip(places, levels):
        length = int(rng.uniform(2, 12) if rng.random() < 0.7 else rng.uniform(12, 200))
        at = np.arange(length)
        pulse = np.exp(-4 * at / length)
        if split != "train" or rng.random() < 0.5:
            pulse = pulse * np.cos(2 * np.pi * at * rng.uniform(0.02, 0.4))
        sound[place : place + length] += np.float32(level) * pulse.astype(np.float32)
    return sound


def room(rng: random.Random) -> tuple[np.ndarray, int]:
    """A room's impulse response at 44.1 kHz without its direct sound, and the sample where its late
    part begins: a few early reflections, then a tail that is darker the later it is."""
    decay = rng.uniform(0.25, 1.6)  # seconds to -60 dB
    samples = int(decay * RATE)
    draw = np.random.default_rng(rng.randrange(1 << 30))
    seconds = np.arange(samples) / RATE
    tail = draw.standard_normal(samples)
    highs = np.diff(tail, prepend=0) / 2
    lows = tail - highs
    tail = lows * np.exp(-6.9 * seconds / decay) + highs * np.exp(-6.9 * seconds / (0.6 * decay))
    late = int(0.03 * RATE)
    rise = np.clip((seconds - 0.005) / 0.03, 0, 1)
    response = tail * rise
    response *= 10 ** (rng.uniform(-9, 4) / 20) / np.sqrt((response**2).sum())
    for _ in range(rng.randint(2, 8)):
        response[int(rng.uniform(0.002, 0.03) * RATE)] += rng.uniform(-0.4, 0.4)
    return response.astype(np.float32), late


KINDS = {"noise": broadband, "hum": hum, "hiss": hiss, "wind": wind, "clicks": clicks}
