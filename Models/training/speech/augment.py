"""What happens to speech between a mouth and a file: room, noise, limited band, codec, level.

Everything works on float32 [samples] at a rate in Hz and keeps length and time (to a millisecond).
"""

import io
import random

import numpy as np
import soundfile
from scipy.signal import butter, fftconvolve, sosfiltfilt


def coloured_noise(samples: int, slope_db: float, seed: int) -> np.ndarray:
    """Noise of unit RMS whose spectrum falls by `slope_db` an octave."""
    white = np.random.default_rng(seed).standard_normal(samples).astype(np.float32)
    spectrum = np.fft.rfft(white)
    bins = np.maximum(1, np.arange(len(spectrum)))
    noise = np.fft.irfft(spectrum * bins ** (-slope_db / 6.02), samples)
    return (noise / max(1e-9, noise.std())).astype(np.float32)


def noisy(sound: np.ndarray, rate: int, rng: random.Random) -> np.ndarray:
    """Steady noise, sometimes with mains hum, 5 to 45 dB under the speech."""
    noise = coloured_noise(len(sound), rng.choice([0, 3, 3, 6]), rng.randrange(2**31))
    if rng.random() < 0.25:
        hz, seconds = rng.choice([50, 60]), np.arange(len(sound), dtype=np.float32) / rate
        hum = sum(np.sin(2 * np.pi * hz * k * seconds) / k for k in (1, 2, 3, 5))
        noise = noise + np.float32(rng.uniform(0.3, 2)) * hum.astype(np.float32)
    level = np.sqrt(np.mean(sound**2)) * 10 ** (-rng.uniform(5, 45) / 20)
    return sound + np.float32(level / max(1e-9, noise.std())) * noise


def in_room(sound: np.ndarray, rate: int, rng: random.Random) -> np.ndarray:
    """Direct sound, a few early reflections and an exponential tail of 0.1 to 0.8 s to -60 dB."""
    decay = rng.uniform(0.1, 0.8)
    samples = int(decay * rate)
    seconds = np.arange(samples) / rate
    tail = np.random.default_rng(rng.randrange(2**31)).standard_normal(samples)
    tail *= 10 ** (-3 * seconds / decay) * (seconds > 0.01)
    response = tail * 10 ** (-rng.uniform(3, 20) / 20) / np.sqrt((tail**2).sum() + 1e-9)
    for _ in range(rng.randint(2, 6)):
        response[int(rng.uniform(0.001, 0.02) * rate)] += rng.uniform(-0.4, 0.4)
    response[0] = 1
    return fftconvolve(sound, response.astype(np.float32))[: len(sound)].astype(np.float32)


def band_limited(sound: np.ndarray, rate: int, rng: random.Random) -> np.ndarray:
    """A low-pass at 3.4 to 12 kHz and sometimes a telephone's high-pass, without delay."""
    top = min(0.45 * rate, rng.choice([3400, 4000, 5500, 7000, 8000, 11000, 12000]))
    sound = sosfiltfilt(butter(6, top, "low", fs=rate, output="sos"), sound)
    if rng.random() < 0.3:
        sound = sosfiltfilt(butter(2, rng.uniform(80, 300), "high", fs=rate, output="sos"), sound)
    return sound.astype(np.float32)


def coded(sound: np.ndarray, rate: int, rng: random.Random) -> np.ndarray:
    """Through Ogg Vorbis at a low quality, or mu-law of 8 bits: both keep the time."""
    if rng.random() < 0.5:
        peak = max(1e-6, float(np.abs(sound).max()))
        bent = np.sign(sound) * np.log1p(255 * np.abs(sound) / peak) / np.log(256)
        bent = np.round(bent * 127) / 127
        return (np.sign(bent) * peak * np.expm1(np.abs(bent) * np.log(256)) / 255).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="OGG", subtype="VORBIS",
                    compression_level=rng.uniform(0.5, 1))
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return np.pad(decoded, (0, max(0, len(sound) - len(decoded))))[: len(sound)]


def augmented(sound: np.ndarray, rate: int, rng: random.Random) -> np.ndarray:
    """A random chain of the above, then a level: peaks of -30 to -0.2 dBFS."""
    chance = {in_room: 0.3, noisy: 0.5, band_limited: 0.2, coded: 0.15}
    for change, probability in chance.items():
        if rng.random() < probability:
            sound = change(sound, rate, rng)
    peak = max(1e-6, float(np.abs(sound).max()))
    return sound * np.float32(10 ** (rng.uniform(-30, -0.2) / 20) / peak)
