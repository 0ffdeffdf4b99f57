"""What computed instruments sound with: sums of partials and pairs of FM operators, note by note."""

import math
import random

import numba
import numpy as np

RATE = 44100
BLOCK = 64


@numba.njit(fastmath=True, cache=True)
def add_partials(out, hz, ratio, level, decay, phase, bend, cutoff, slope):
    """Adds the partials hz * ratio[k] of level[k] exp(-decay[k] t) to `out`. A block of 64 samples
    has its own pitch factor bend[b] and low-pass: gain 1 / (1 + (f / cutoff[b])^slope)."""
    blocks = len(out) // BLOCK
    for k in range(len(ratio)):
        if level[k] == 0.0:
            continue
        re, im = math.cos(phase[k]), math.sin(phase[k])
        gain, fade = 0.0, 1.0
        step = math.exp(-decay[k] * BLOCK / RATE)
        for b in range(blocks):
            f = hz * ratio[k] * bend[b]
            if f > 19000.0:
                break
            aim = level[k] * fade / (1.0 + (f / cutoff[b]) ** slope)
            if b == 0:
                gain = aim
            if aim < 1e-6 and gain < 1e-6:
                break
            rise = (aim - gain) / BLOCK
            angle = 2.0 * math.pi * f / RATE
            c, s = math.cos(angle), math.sin(angle)
            for i in range(b * BLOCK, (b + 1) * BLOCK):
                re, im = re * c - im * s, re * s + im * c
                gain += rise
                out[i] += gain * im
            fade *= step


@numba.njit(fastmath=True, cache=True)
def add_fm(out, hz, ratio, index, index_decay, floor, level, decay, bend):
    """One carrier with one modulator: index(t) = index (floor + (1 - floor) exp(-index_decay t))."""
    carrier = modulator = 0.0
    for b in range(len(out) // BLOCK):
        f = 2.0 * math.pi * hz * bend[b] / RATE
        for i in range(b * BLOCK, (b + 1) * BLOCK):
            t = i / RATE
            depth = index * (floor + (1.0 - floor) * math.exp(-index_decay * t))
            out[i] += level * math.exp(-decay * t) * math.sin(carrier + depth * math.sin(modulator))
            carrier += f
            modulator += f * ratio


def log_uniform(rng: random.Random, low: float, high: float) -> float:
    return low * (high / low) ** rng.random()


class Curve:
    """A smooth random gain over log frequency: a body, a cabinet, a mouthpiece."""

    def __init__(self, rng: random.Random, deviation_db: float, knots: int = 12):
        self.at = np.linspace(math.log(50), math.log(16000), knots)
        self.db = np.array([rng.gauss(0, deviation_db) for _ in range(knots)])

    def __call__(self, hz) -> np.ndarray:
        return 10 ** (np.interp(np.log(np.maximum(hz, 20)), self.at, self.db) / 20)


def noise_burst(generator, samples: int, low: float, high: float) -> np.ndarray:
    """Band-limited noise of unit deviation."""
    length = max(samples, 256)
    spectrum = np.fft.rfft(generator.standard_normal(length))
    hz = np.fft.rfftfreq(length, 1 / RATE)
    spectrum *= 1 / (1 + (hz / high) ** 4) / (1 + (low / np.maximum(hz, 1)) ** 4)
    sound = np.fft.irfft(spectrum, length)[:samples]
    return sound / max(1e-9, sound.std())


class Voice:
    """One note at a time; `tail` is how long it sounds after its end."""

    tail = 0.1

    def bend(self, blocks: int) -> np.ndarray:
        """Pitch factor of each block: vibrato that sets in late, and a scoop at the start."""
        t = np.arange(blocks) * BLOCK / RATE
        cents = self.vibrato * np.clip((t - self.late) / 0.3, 0, 1) * np.sin(
            2 * np.pi * self.rate * t + self.rng.uniform(0, 6))
        return 2 ** ((cents - self.scoop * np.exp(-t / 0.04)) / 1200)

    def __init__(self, rng: random.Random):
        self.rng = rng
        self.generator = np.random.default_rng(rng.randrange(1 << 30))
        self.vibrato = self.late = self.scoop = 0.0
        self.rate = rng.uniform(4.5, 6.8)
        self.tuning = 2 ** (rng.gauss(0, 6) / 1200)


class Plucked(Voice):
    """Plucked and struck strings, and with high inharmonicity bars: guitars, piano, harp, bass."""

    def __init__(self, rng, body_db, ring, tilt, stretch, courses, pickup, mute=1.0):
        super().__init__(rng)
        self.body = Curve(rng, body_db)
        self.pluck = rng.uniform(0.06, 0.45)
        self.pickup = rng.uniform(0.05, 0.3) if pickup else None
        self.tilt, self.stretch = tilt, stretch
        self.ring = ring * mute
        self.damping = log_uniform(rng, 0.05, 0.6) / mute
        self.cutoff = log_uniform(rng, 1500, 12000) * mute**0.5
        self.courses = [2 ** (rng.gauss(0, 2) / 1200) for _ in range(courses)]
        self.noise = 10 ** (rng.uniform(-46, -22) / 20)
        self.tail = log_uniform(rng, 0.04, 0.4)

    def note(self, pitch: int, seconds: float, velocity: float) -> np.ndarray:
        hz = 440 * 2 ** ((pitch - 69) / 12) * self.tuning
        samples = int((seconds + self.tail) * RATE) // BLOCK * BLOCK + BLOCK
        out = np.zeros(samples)
        n = np.arange(1, min(70, int(18000 / hz)) + 1)
        level = np.abs(np.sin(np.pi * n * self.pluck)) / n**self.tilt * self.body(n * hz)
        if self.pickup:
            level = level * np.abs(np.sin(np.pi * n * self.pickup))
        decay = 6.9 / self.ring * (hz / 150) ** 0.6 * (1 + self.damping * n * (hz / 150) ** 0.3)
        cutoff = np.full(samples // BLOCK, self.cutoff * (0.35 + velocity))
        for course in self.courses:
            add_partials(out, hz * course, n * np.sqrt(1 + self.stretch * n**2), level, decay,
                         self.generator.uniform(0, 6.28, len(n)), self.bend(len(cutoff)), cutoff, 2.0)
        click = min(samples, int(0.02 * RATE))
        out[:click] += (self.noise * np.abs(out).max() * np.exp(-np.arange(click) / (0.004 * RATE))
                        * noise_burst(self.generator, click, 300, 6000))
        end = int(seconds * RATE)
        out[end:] *= np.exp(-np.arange(samples - end) / (self.tail * RATE / 5))
        return out * velocity


class Sustained(Voice):
    """Blown, bowed and electronic tones: a spectrum, voices in unison, an envelope, a filter."""

    def __init__(self, rng, spectrum, voices=1, detune=0.0, attack=0.01, fall=(0.3, 0.8),
                 release=0.08, cutoff=8000.0, sweep=0.0, vibrato=0.0, breath=-90.0, body_db=4.0,
                 slope=4.0):
        super().__init__(rng)
        self.spectrum, self.body = spectrum, Curve(rng, body_db)
        self.voices = [2 ** (rng.gauss(0, detune) / 1200) for _ in range(voices)]
        self.attack, self.fall, self.tail = attack, fall, release
        self.cutoff, self.sweep, self.slope = cutoff, sweep, slope
        self.sweep_time = log_uniform(rng, 0.05, 0.6)
        self.vibrato, self.late = vibrato, rng.uniform(0, 0.5)
        self.scoop = rng.uniform(0, 40) if vibrato else 0.0
        self.breath = 10 ** (breath / 20)
        self.breath_band = log_uniform(rng, 1500, 9000)
        self.keyed = rng.random()  # how far the filter follows the pitch

    def note(self, pitch: int, seconds: float, velocity: float) -> np.ndarray:
        hz = 440 * 2 ** ((pitch - 69) / 12) * self.tuning
        samples = int((seconds + self.tail) * RATE) // BLOCK * BLOCK + BLOCK
        out = np.zeros(samples)
        n = np.arange(1, min(64, int(18000 / hz)) + 1)
        ratio, level = self.spectrum(n)
        level = level * self.body(ratio * hz)
        t = np.arange(samples // BLOCK) * BLOCK / RATE
        base = self.cutoff * (hz / 300) ** self.keyed * (0.5 + velocity)
        cutoff = base * 2 ** (self.sweep * np.exp(-t / self.sweep_time))
        for voice in self.voices:
            add_partials(out, hz * voice, ratio, level, np.zeros(len(ratio)),
                         self.generator.uniform(0, 6.28, len(ratio)), self.bend(len(t)), cutoff,
                         self.slope)
        if self.breath > 1e-3:
            out += (self.breath * out.std()
                    * noise_burst(self.generator, samples, 400, self.breath_band))
        at = np.arange(samples) / RATE
        hold = self.fall[1] + (1 - self.fall[1]) * np.exp(-at / self.fall[0])
        shape = np.clip(at / self.attack, 0, 1) ** 0.7 * hold
        shape[int(seconds * RATE):] *= np.exp(
            -np.arange(samples - int(seconds * RATE)) / (self.tail * RATE / 4))
        return out * shape * velocity


class FM(Voice):
    """One or two FM pairs: electric pianos, bells, basses, brass."""

    def __init__(self, rng, ratios, index, ring, floor, attack, release):
        super().__init__(rng)
        self.pairs = [(rng.choice(ratios), log_uniform(rng, *index), log_uniform(rng, 1, 12),
                       rng.uniform(0.3, 1)) for _ in range(rng.choice([1, 2]))]
        self.ring, self.floor, self.attack, self.tail = ring, floor, attack, release

    def note(self, pitch: int, seconds: float, velocity: float) -> np.ndarray:
        hz = 440 * 2 ** ((pitch - 69) / 12) * self.tuning
        samples = int((seconds + self.tail) * RATE) // BLOCK * BLOCK + BLOCK
        out = np.zeros(samples)
        bend = self.bend(samples // BLOCK)
        for ratio, index, index_decay, level in self.pairs:
            index *= (0.3 + velocity) * min(1.0, (400 / hz) ** 0.5)
            add_fm(out, hz, ratio, index, index_decay, self.floor, level, 6.9 / self.ring, bend)
        end = int(seconds * RATE)
        out[end:] *= np.exp(-np.arange(samples - end) / (self.tail * RATE / 5))
        rise = int(self.attack * RATE) + 1
        out[:rise] *= np.linspace(0, 1, min(rise, samples))[: len(out[:rise])]
        return out * velocity


# ---- effects on a whole part
