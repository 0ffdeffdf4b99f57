"""Computed instruments: every part that they play is an instrument drawn anew.

Soundfonts give few sources of each class; a network trained on three banks knows those banks. Here
strings, reeds, pipes and oscillators are sums of partials (plucked: decaying, stretched, with the
comb of a plucking point; blown, bowed and electronic: with envelopes, vibrato and a moving filter)
or pairs of FM operators, then amplifiers, cabinets and choruses, with all parameters random.
"""

import math
import random

import numpy as np

from .oscillators import Curve, FM, log_uniform, Plucked, RATE, Sustained
from .scores import Part


def drive(sound, rng, gain_db):
    """A soft or a hard clipper, now and then lopsided, after the sound's own peak is at 0 dB."""
    x = sound * (10 ** (gain_db / 20) / max(1e-6, np.abs(sound).max())) + rng.uniform(0, 0.3)
    y = np.tanh(x) if rng.random() < 0.6 else np.clip(x, -1, rng.uniform(0.6, 1))
    return y - y.mean()


def cabinet(sound, rng):
    """A loudspeaker: band limits and a rough response."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / RATE)
    gain = Curve(rng, 4, 20)(hz) / (1 + (hz / rng.uniform(3200, 7000)) ** 8)
    gain /= 1 + (rng.uniform(60, 120) / np.maximum(hz, 1)) ** 4
    return np.fft.irfft(spectrum * gain, len(sound))


def chorus(sound, rng, rate=None):
    """One or two modulated delays."""
    t = np.arange(len(sound))
    out = sound.copy()
    for _ in range(rng.choice([1, 2])):
        depth, delay = rng.uniform(20, 160), rng.uniform(300, 1200)
        hz = rate or log_uniform(rng, 0.2, 3)
        at = t - delay - depth * np.sin(2 * np.pi * hz * t / RATE + rng.uniform(0, 6))
        out += rng.uniform(0.3, 1) * np.interp(at, t, sound, left=0)
    return out


def tremolo(sound, rng):
    t = np.arange(len(sound)) / RATE
    return sound * (1 - rng.uniform(0.1, 0.6) * (0.5 + 0.5 * np.sin(
        2 * np.pi * rng.uniform(3, 8) * t)))


def echo(sound, rng):
    out, delay = sound.copy(), int(RATE * rng.uniform(0.12, 0.5))
    level = rng.uniform(0.15, 0.5)
    for turn in range(1, 4):
        if turn * delay < len(out):
            out[turn * delay:] += level**turn * sound[: -turn * delay]
    return out


# ---- classes


def saw(power=1.0):
    return lambda n: (n.astype(float), 1 / n**power)


def pulse(width):
    return lambda n: (n.astype(float), np.abs(np.sin(np.pi * n * width)) / n)


def odd(power, even):
    return lambda n: (n.astype(float), np.where(n % 2 == 1, 1.0, even) / n**power)


def drawbars(rng):
    feet = np.array([0.5, 1.5, 1, 2, 3, 4, 5, 6, 8])
    level = np.array([rng.choice([0, 0.1, 0.3, 0.6, 1]) for _ in feet])
    level[2] = max(level[2], 0.4)
    return lambda n: (feet, level)


def ranks(rng):
    """Pipes: flutes and principals at some of 16, 8, 4, 2 feet and mixtures."""
    feet = [1.0] + [f for f in (0.5, 2.0, 3.0, 4.0, 6.0, 8.0) if rng.random() < 0.5]
    power = rng.uniform(1.2, 2.5)
    pipes = [(f * k, rng.uniform(0.3, 1) / k**power) for f in feet for k in range(1, 7)]
    ratio, level = (np.array(x) for x in zip(*pipes))
    return lambda n: (ratio, level)


def bass(rng, program):
    if rng.random() < 0.55:
        voice = Plucked(rng, 4, log_uniform(rng, 1, 8), rng.uniform(0.8, 1.8), rng.uniform(0, 3e-4),
                        1, rng.random() < 0.7, rng.choice([1, 1, 0.3]))
    elif rng.random() < 0.7:
        spectrum = rng.choice([saw(), pulse(rng.uniform(0.1, 0.5)), odd(1, 0.0), saw(3.0)])
        voice = Sustained(rng, spectrum, rng.choice([1, 1, 2]), rng.uniform(2, 12), 0.005,
                          (log_uniform(rng, 0.1, 1), rng.uniform(0.2, 1)), 0.06,
                          log_uniform(rng, 150, 2500), rng.uniform(0, 4))
    else:
        voice = FM(rng, [1, 1, 2, 0.5, 3], (0.5, 5), rng.uniform(1, 6), rng.random(), 0.004, 0.08)
    effects = [lambda s: drive(s, rng, rng.uniform(-3, 18))] if rng.random() < 0.35 else []
    return voice, effects


def acoustic_guitar(rng, program):
    nylon = rng.random() < 0.4
    voice = Plucked(rng, 5, log_uniform(rng, 1.2, 6), rng.uniform(1.0, 1.7) if nylon else
                    rng.uniform(0.6, 1.3), rng.uniform(0, 2e-4), rng.choice([1, 1, 1, 2]), False)
    return voice, [lambda s: chorus(s, rng)] if rng.random() < 0.1 else []


def electric_guitar(rng, program, dirty=False):
    muted = rng.choice([1, 1, 1, 0.15]) if program != 28 else 0.15
    voice = Plucked(rng, 2, log_uniform(rng, 2, 10), rng.uniform(0.5, 1.2), rng.uniform(0, 2e-4), 1,
                    True, muted)
    voice.vibrato, voice.late = rng.choice([0, 0, 15]), 0.3
    effects = []
    if dirty:
        effects.append(lambda s: drive(s, rng, rng.uniform(18, 46)))
    elif rng.random() < 0.2:
        effects.append(lambda s: drive(s, rng, rng.uniform(0, 10)))
    if dirty or rng.random() < 0.6:
        effects.append(lambda s: cabinet(s, rng))
    for effect, chance in ((chorus, 0.2), (tremolo, 0.08), (echo, 0.15)):
        if rng.random() < chance:
            effects.append(lambda s, e=effect: e(s, rng))
    return voice, effects


def distorted_guitar(rng, program):
    return electric_guitar(rng, program, dirty=True)


def piano(rng, program):
    if program in (4, 5) or rng.random() < 0.15:
        voice = FM(rng, [1, 1, 2, 7, 14], (0.3, 3), log_uniform(rng, 1.5, 6), rng.random() * 0.4,
                   0.003, log_uniform(rng, 0.05, 0.3))
        effects = [lambda s: rng.choice([chorus, tremolo])(s, rng)] if rng.random() < 0.5 else []
        return voice, effects
    voice = Plucked(rng, 2.5, log_uniform(rng, 3, 12), rng.uniform(0.9, 1.7),
                    log_uniform(rng, 1e-4, 1.2e-3), rng.choice([1, 2, 2, 3]), False)
    voice.pluck = rng.uniform(0.1, 0.14)
    return voice, []


def strings(rng, program):
    if program == 45:
        return Plucked(rng, 6, log_uniform(rng, 0.2, 0.8), 1.2, 1e-4, 2, False), []
    ensemble = program >= 48 or rng.random() < 0.4
    voice = Sustained(rng, saw(rng.uniform(0.8, 1.2)), rng.choice([3, 4, 5]) if ensemble else 1,
                      rng.uniform(6, 16), log_uniform(rng, 0.03, 0.4), (0.5, rng.uniform(0.7, 1)),
                      log_uniform(rng, 0.08, 0.5), log_uniform(rng, 1500, 8000), 0.0,
                      rng.uniform(5, 35), rng.uniform(-50, -26), 7, 2.0)
    return voice, [lambda s: chorus(s, rng)] if ensemble and rng.random() < 0.3 else []


def organ(rng, program):
    draw = rng.random()
    if draw < 0.5:
        voice = Sustained(rng, drawbars(rng), 1, 0, 0.004, (1, 1), 0.02, 9000, 0, 0, -90, 1.5)
        effects = [lambda s: chorus(s, rng, rng.uniform(0.7, 7))] if rng.random() < 0.7 else []
        if rng.random() < 0.4:
            effects.insert(0, lambda s: drive(s, rng, rng.uniform(0, 16)))
    elif draw < 0.8:
        voice = Sustained(rng, ranks(rng), rng.choice([1, 2]), 4, log_uniform(rng, 0.01, 0.1),
                          (1, 1), log_uniform(rng, 0.05, 0.4), 9000, 0, 0, rng.uniform(-60, -30), 3)
        effects = []
    else:  # free reeds
        voice = Sustained(rng, pulse(rng.uniform(0.1, 0.4)), rng.choice([1, 2, 3]),
                          rng.uniform(3, 14), log_uniform(rng, 0.01, 0.08), (1, 1), 0.06,
                          log_uniform(rng, 2000, 9000), 0, 0, rng.uniform(-60, -35), 5)
        effects = []
    return voice, effects


def brass(rng, program):
    section = program >= 61 or rng.random() < 0.3
    voice = Sustained(rng, saw(rng.uniform(0.7, 1.1)), rng.choice([2, 3, 4]) if section else 1,
                      rng.uniform(4, 12), log_uniform(rng, 0.02, 0.1), (0.3, rng.uniform(0.6, 1)),
                      log_uniform(rng, 0.04, 0.2), log_uniform(rng, 700, 4000),
                      rng.uniform(-2.5, 1.5), rng.choice([0, 0, 12]), rng.uniform(-60, -35), 4, 3.0)
    return voice, []


def woodwind(rng, program):
    kind = "flute" if program >= 72 else "reed" if program in (71,) else rng.choice(
        ["sax", "reed", "double"])
    spectrum = {"flute": saw(rng.uniform(1.8, 3.2)), "reed": odd(rng.uniform(0.9, 1.5), 0.15),
                "sax": saw(rng.uniform(0.6, 1.1)), "double": saw(rng.uniform(0.2, 0.8))}[kind]
    breath = rng.uniform(-30, -12) if kind == "flute" else rng.uniform(-50, -28)
    voice = Sustained(rng, spectrum, 1, 0, log_uniform(rng, 0.015, 0.1),
                      (0.3, rng.uniform(0.7, 1)), log_uniform(rng, 0.03, 0.15),
                      log_uniform(rng, 1200, 7000), rng.uniform(-1, 0.5), rng.uniform(0, 35), breath,
                      7 if kind != "flute" else 3, 2.0)
    return voice, []


def choir(rng, program):
    """Several voices on a vowel: its formants are what the whole choir's sum passes through."""
    voice = Sustained(rng, saw(rng.uniform(0.9, 1.4)), rng.choice([3, 4, 5, 6]), rng.uniform(8, 25),
                      log_uniform(rng, 0.04, 0.4), (0.5, rng.uniform(0.7, 1)),
                      log_uniform(rng, 0.08, 0.5), log_uniform(rng, 1500, 6000), 0.0,
                      rng.uniform(5, 40), rng.uniform(-45, -24), 3, 2.0)
    vowel = rng.choice([(800, 1150, 2900), (350, 2000, 2800), (325, 700, 2700), (450, 800, 2830),
                        (600, 1700, 2600), (270, 2140, 2950)])
    size = rng.uniform(0.9, 1.2)

    def mouth(sound):
        hz = np.fft.rfftfreq(len(sound), 1 / RATE)
        gain = 0.03 + sum(10 ** (-fall / 20) / (1 + ((hz - size * formant) / width) ** 2)
                          for formant, fall, width in zip(vowel, (0, 5, 12), (90, 110, 180)))
        return np.fft.irfft(np.fft.rfft(sound) * gain, len(sound))

    return voice, [mouth] + ([lambda s: chorus(s, rng)] if rng.random() < 0.3 else [])


def synth(rng, program):
    pad = program >= 88
    spectrum = rng.choice([saw(), pulse(rng.uniform(0.05, 0.5)), odd(1, 0), odd(2, 0),
                           saw(rng.uniform(0.5, 2))])
    if rng.random() < 0.15:
        voice = FM(rng, [0.5, 1, 1.5, 2, 3, 3.5, 5], (0.5, 8), log_uniform(rng, 1, 20),
                   rng.random(), log_uniform(rng, 0.003, 0.6 if pad else 0.02), 0.3)
    else:
        voice = Sustained(rng, spectrum, rng.choice([1, 2, 3, 5] if not pad else [2, 3, 5]),
                          rng.uniform(2, 25), log_uniform(rng, 0.1, 1) if pad else
                          log_uniform(rng, 0.003, 0.05), (log_uniform(rng, 0.1, 1),
                          rng.uniform(0.3, 1)), log_uniform(rng, 0.2, 1) if pad else
                          log_uniform(rng, 0.03, 0.4), log_uniform(rng, 500, 12000),
                          rng.uniform(-2, 3), rng.choice([0, 0, 10]), -90, 1.5,
                          rng.choice([2.0, 4.0, 8.0]))
    effects = []
    for effect, chance in ((chorus, 0.35), (echo, 0.3), (tremolo, 0.05)):
        if rng.random() < chance:
            effects.append(lambda s, e=effect: e(s, rng))
    if rng.random() < 0.1:
        effects.append(lambda s: drive(s, rng, rng.uniform(0, 20)))
    return voice, effects


CLASSES = {"bass": bass, "acoustic guitar": acoustic_guitar, "electric guitar": electric_guitar,
           "piano": piano, "strings": strings, "organ": organ, "brass": brass,
           "woodwind": woodwind, "synth lead": synth, "synth pad": synth, "choir": choir,
           "distorted guitar": distorted_guitar}


class Workshop:
    """Plays a part on an instrument drawn for it; silence for classes that it cannot build."""

    def render(self, part: Part, samples: int, rng: random.Random) -> np.ndarray:
        if part.instrument not in CLASSES:
            return np.zeros(samples, np.float32)
        voice, effects = CLASSES[part.instrument](rng, part.program)
        out = np.zeros(samples)
        notes: dict[tuple, np.ndarray] = {}
        for start, end, pitch, velocity in part.notes:
            # Equal notes are computed once: pitch, quarter-octave lengths, steps of loudness.
            length = min(8.0, 2 ** (math.ceil(4 * math.log2(max(0.06, end - start))) / 4))
            key = (pitch, length, velocity // 12)
            if key not in notes:
                notes[key] = voice.note(pitch, length, min(1.0, (12 * key[2] + 8) / 127))
            at = int(start * RATE)
            sound = notes[key][: max(0, samples - at)]
            out[at : at + len(sound)] += sound
        for effect in effects:
            out = effect(out)
        return out.astype(np.float32)
