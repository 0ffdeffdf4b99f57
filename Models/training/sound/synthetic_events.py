"""Sound events without recordings: float32 [samples] at 44.1 kHz, of any level.

As in `noises.py`, each kind is drawn from wide ranges, and dev and validation take another shape of
spectrum, envelope or movement than training. Kinds in `SECONDS` last as long as what they were asked
for; the others go on, or repeat, to the end.
"""

import random

import numpy as np
from scipy.signal import fftconvolve, lfilter

from ..music.songs import RATE
from .noises import shaped, slow, wind


def generator(rng: random.Random) -> np.random.Generator:
    return np.random.default_rng(rng.randrange(1 << 30))


def band(samples: int, rng: random.Random, low: float, high: float, db: float = 18) -> np.ndarray:
    """Noise between two frequencies that falls by `db` an octave outside."""
    return shaped(samples, rng, lambda hz: -db * (np.maximum(0, np.log2(low / hz))
                                                  + np.maximum(0, np.log2(hz / high))))


def decay(samples: int, seconds: float) -> np.ndarray:
    """An envelope that is 60 dB down after so many seconds."""
    return np.exp(-6.9 * np.arange(samples) / RATE / seconds).astype(np.float32)


def added(out: np.ndarray, sound: np.ndarray, at: int) -> None:
    end = min(len(out), at + len(sound))
    if end > at:
        out[at:end] += sound[: end - at]


def times(samples: int, rng: random.Random, gap: float, spread: float) -> list[int]:
    """Where something happens about every `gap` seconds; `spread` 0 is as regular as a clock."""
    at, found = rng.uniform(0, gap), []
    while at * RATE < samples:
        found.append(int(at * RATE))
        at += gap * max(0.15, 1 + rng.gauss(0, spread))
    return found


def ringing(length: int, rng: random.Random, partials: list[tuple[float, float, float]]) -> np.ndarray:
    """Decaying sines of (Hz, level, seconds to -60 dB)."""
    seconds = np.arange(length) / RATE
    sound = np.zeros(length, np.float32)
    for hz, level, lasting in partials:
        if hz < RATE / 2:
            tone = np.sin(2 * np.pi * hz * seconds + rng.uniform(0, 6.3)).astype(np.float32)
            sound += np.float32(level) * tone * decay(length, lasting)
    return sound


def rain(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A hiss of drops far away, and single ones nearby; heavy rain has more of the first."""
    draw = generator(rng)
    low, high = rng.uniform(200, 1500), rng.uniform(3000, 12000)
    carpet = band(samples, rng, low, high, rng.uniform(3, 9))
    carpet /= carpet.std()
    count = int(samples / RATE * 10 ** rng.uniform(0.8, 2.8))
    drops = np.zeros(samples, np.float32)
    np.add.at(drops, draw.integers(0, samples, count), draw.exponential(1, count) ** 1.5)
    length = int(RATE * rng.uniform(0.002, 0.02))
    grain = band(length, rng, rng.uniform(800, 3000), rng.uniform(4000, 14000))
    if split != "train":  # drops that ring, as on leaves or tin
        grain = ringing(length, rng, [(rng.uniform(900, 5000), 1, length / RATE) for _ in range(3)])
    drops = fftconvolve(drops, grain * decay(length, length / RATE))[:samples]
    drops /= max(1e-6, drops.std())
    gain = slow(samples, rng, rng.uniform(0.5, 3), rng.choice([0, 1, 2]))
    return ((carpet + np.float32(10 ** rng.uniform(-1, 0.3)) * drops) * gain).astype(np.float32)


def water(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A stream: bubbles whose pitch rises while they fade, over a rush; or slow waves."""
    rush = band(samples, rng, rng.uniform(150, 500), rng.uniform(800, 4000), rng.uniform(4, 9))
    rush /= rush.std()
    if rng.random() < 0.25:
        swell = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(samples) / RATE / rng.uniform(4, 9)
                                                + rng.random()))
        return (rush * (0.08 + swell ** rng.uniform(1.5, 4))).astype(np.float32)
    bubbles = np.zeros(samples, np.float32)
    rise = rng.uniform(0.05, 0.5) if split == "train" else rng.uniform(0.5, 1.2)
    centre = rng.uniform(400, 1400)
    for at in times(samples, rng, 1 / rng.uniform(15, 90), 0.8):
        seconds = np.arange(int(RATE * rng.uniform(0.01, 0.06))) / RATE
        hz = centre * 2 ** rng.gauss(0, 0.7)
        phase = 2 * np.pi * hz * (seconds + rise * seconds**2 / seconds[-1])
        added(bubbles, rng.expovariate(1) * np.sin(phase) * decay(len(seconds), seconds[-1]), at)
    bubbles /= max(1e-6, bubbles.std())
    return bubbles + np.float32(rng.uniform(0.1, 1)) * rush


def fire(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Crackles of many lengths, in bursts, over a low roar."""
    roar = band(samples, rng, rng.uniform(40, 100), rng.uniform(150, 600), rng.uniform(6, 12))
    roar *= slow(samples, rng, rng.uniform(0.1, 0.6), 3)
    crackle = np.zeros(samples, np.float32)
    burst = slow(samples, rng, rng.uniform(0.2, 1), 6 if split == "train" else 2)
    burst /= burst.max()
    for at in times(samples, rng, 1 / rng.uniform(8, 70), 0.9):
        length = int(RATE * 10 ** rng.uniform(-3.2, -1.7))
        low = rng.uniform(500, 4000)
        pop = band(length, rng, low, low * rng.uniform(2, 4)) * decay(length, length / RATE)
        added(crackle, np.float32(rng.expovariate(1) ** 1.5 * burst[at]) * pop, at)
    return (crackle / max(1e-6, crackle.std())
            + np.float32(rng.uniform(0.15, 1.2)) * roar / roar.std())


def thunder(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Perhaps a crack, then rolls that come later, lower and longer."""
    out = np.zeros(samples, np.float32)
    if rng.random() < 0.6:
        length = min(samples, int(RATE * rng.uniform(0.15, 0.8)))
        crack = band(length, rng, 100, rng.uniform(2000, 9000), 9)
        added(out, crack / crack.std() * decay(length, length / RATE), 0)
    corner = rng.uniform(60, 250)
    for roll in range(rng.randint(2, 7)):
        at = int(samples * rng.uniform(0, 0.6) * (roll > 0))
        length = samples - at
        sound = shaped(length, rng, lambda hz: -10 * np.maximum(0, np.log2(hz / corner))
                       - 12 * np.maximum(0, np.log2(25 / hz)))
        attack = np.minimum(1, np.arange(length) / RATE / rng.uniform(0.02, 0.4))
        fall = decay(length, rng.uniform(0.4, 1) * length / RATE)
        if split != "train":  # rolls that rumble on evenly, then stop
            fall = np.clip(1 - np.arange(length) / length, 0, 1) ** 1.5
        added(out, sound / sound.std() * attack * fall * rng.uniform(0.3, 1.5), at)
        corner *= rng.uniform(0.7, 0.95)
    return out


def explosion(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A blow that starts bright and sinks, with debris after it."""
    length = samples / RATE
    blow = band(samples, rng, 30, rng.uniform(1500, 8000), 4) * decay(samples, length * 0.35)
    corner = rng.uniform(60, 160)
    body = shaped(samples, rng, lambda hz: -9 * np.maximum(0, np.log2(hz / corner)))
    body *= decay(samples, length * rng.uniform(0.6, 1))
    out = blow / blow.std() + np.float32(rng.uniform(0.6, 2)) * body / body.std()
    if rng.random() < 0.5:
        for _ in range(rng.randint(5, 40)):
            piece = int(RATE * rng.uniform(0.01, 0.08))
            bit = band(piece, rng, rng.uniform(300, 1500), 6000) * decay(piece, piece / RATE)
            added(out, bit / max(1e-6, float(bit.std())) * rng.uniform(0.05, 0.3),
                  int(samples * rng.uniform(0.15, 0.8)))
    limit = 2.0 if split == "train" else 0.7  # driven harder, as by a microphone too near
    return (np.tanh(out / limit) * limit).astype(np.float32)


def gun(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A crack of milliseconds and what the place answers."""
    crack = band(samples, rng, rng.uniform(150, 600), rng.uniform(5000, 15000), 6)
    crack *= decay(samples, rng.uniform(0.02, 0.12))
    tail = band(samples, rng, 80, rng.uniform(500, 3000), 6)
    tail *= decay(samples, rng.uniform(0.3, 1.0) * samples / RATE)
    if split != "train":
        echo = int(RATE * rng.uniform(0.05, 0.25))
        tail[echo:] += 0.5 * crack[: max(0, samples - echo)]
    return crack + np.float32(rng.uniform(0.03, 0.25)) * tail


def glass(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A blow, then shards that ring high and short, fewer and fewer."""
    blow = band(samples, rng, 1000, rng.uniform(6000, 16000)) * decay(samples, rng.uniform(0.03, 0.15))
    out = blow / blow.std()
    centre = rng.uniform(3000, 7000)
    for _ in range(rng.randint(15, 70)):
        length = int(RATE * rng.uniform(0.02, 0.25))
        shard = ringing(length, rng, [(centre * 2 ** rng.gauss(0, 0.5), rng.random(), length / RATE)
                                      for _ in range(rng.randint(1, 4))])
        place = rng.expovariate(4 if split == "train" else 2.5)
        added(out, shard * rng.uniform(0.2, 1.2), int(samples * min(0.95, place)))
    return out


def bell(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Strokes of one bell: partials of a church bell, or of a plate."""
    ratios = [0.5, 1, 1.2, 1.5, 2, 2.5, 2.67, 3, 4, 5.3]
    if split != "train" or rng.random() < 0.3:
        ratios = [1, 2.76, 5.4, 8.93, 13.3]
    hz = 10 ** rng.uniform(2.2, 3.3)
    lasting = rng.uniform(1, 6) * (400 / hz) ** 0.4
    partials = [(hz * ratio * rng.uniform(0.99, 1.01), rng.uniform(0.2, 1) / ratio**0.4,
                 lasting / ratio ** rng.uniform(0.3, 0.9)) for ratio in ratios]
    stroke = ringing(samples, rng, partials)
    out = stroke.copy()
    for at in times(samples, rng, rng.uniform(0.6, 3), 0.05)[1:]:
        added(out, stroke * rng.uniform(0.7, 1), at)
    return out


def phone(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Rings and pauses: two alternating notes, or in the other splits a hammer between two bells."""
    seconds = np.arange(samples) / RATE
    on, off = rng.uniform(0.4, 2), rng.uniform(0.3, 3)
    rate = rng.uniform(9, 25)
    first, ratio = rng.uniform(600, 2200), rng.uniform(1.05, 1.4)
    high = (seconds * rate) % 1 < 0.5
    if split == "train":
        phase = 2 * np.pi * np.cumsum(np.where(high, first * ratio, first)) / RATE
        sound = np.tanh(rng.uniform(0.5, 5) * np.sin(phase))
    else:
        sound = np.zeros(samples, np.float32)
        for hz in (first, first * ratio):
            blow = ringing(RATE // 3, rng, [(hz * k, 1 / k, 0.4 / k) for k in (1, 2.4, 4.1)])
            for at in times(samples, rng, 1 / rate, 0.01):
                added(sound, blow, at)
    return (sound * ((seconds + rng.uniform(0, on)) % (on + off) < on)).astype(np.float32)


def beep(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """One to five tones of the same pitch."""
    seconds = np.arange(samples) / RATE
    hz = 10 ** rng.uniform(2.5, 3.6)
    sound = np.sin(2 * np.pi * hz * seconds)
    if split != "train":
        sound = sound + rng.uniform(0.2, 1) * np.sin(6 * np.pi * hz * seconds)
    elif rng.random() < 0.4:
        sound = np.tanh(rng.uniform(2, 8) * sound)
    period = samples / rng.randint(1, 5)
    place = (np.arange(samples) % period) / period
    edge = rng.uniform(0.005, 0.05)
    gate = np.clip(place / edge, 0, 1) * np.clip((rng.uniform(0.4, 0.9) - place) / edge, 0, 1)
    return (sound * gate).astype(np.float32)


def alarm(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A buzzer or a row of beeps without end."""
    seconds = np.arange(samples) / RATE
    hz, rate = 10 ** rng.uniform(2.3, 3.55), rng.uniform(0.8, 6)
    step = rng.choice([1, 1, 1.2, 1.5]) if split == "train" else rng.uniform(0.6, 0.95)
    place = (seconds * rate) % 1
    phase = 2 * np.pi * np.cumsum(np.where(place < 0.5, hz, hz * step)) / RATE
    tone = np.tanh(rng.uniform(1, 10) * np.sin(phase))
    return (tone * (place < rng.choice([0.5, 0.7, 1]))).astype(np.float32)


def siren(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A pitch that wails or yelps, or jumps between two notes; it comes near or goes away."""
    seconds = np.arange(samples) / RATE
    low, ratio = rng.uniform(350, 800), rng.uniform(1.3, 2.6)
    place = seconds * rng.choice([rng.uniform(0.1, 0.4), rng.uniform(2, 5)]) + rng.random()
    sweep = 0.5 - 0.5 * np.cos(2 * np.pi * place)
    if split != "train":  # as a motor's: up in a curve, down in another
        sweep = np.where(place % 1 < 0.4, (place % 1 / 0.4) ** 0.5, 1 - (place % 1 - 0.4) / 0.6)
    if rng.random() < 0.3:
        sweep = lfilter([0.01], [1, -0.99], seconds * rng.uniform(0.7, 2) % 1 < 0.5)
    phase = 2 * np.pi * np.cumsum(low * ratio**sweep) / RATE
    sound = sum(k ** -rng.uniform(0.7, 2) * np.sin(k * phase) for k in range(1, rng.randint(3, 10)))
    passing = slow(samples, rng, 4, rng.choice([0, 4]))
    return (sound * passing).astype(np.float32)


def horn(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A vehicle's horn: one to three reedy notes in a chord."""
    seconds = np.arange(samples) / RATE
    hz = rng.uniform(200, 500)
    sound = np.zeros(samples)
    for ratio in [1, 1.26, 1.5][: rng.randint(1, 3)]:
        phase = 2 * np.pi * hz * ratio * rng.uniform(0.99, 1.01) * seconds
        fall = rng.uniform(0.4, 1.0)
        sound += sum(k**-fall * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, 20)
                     if split == "train" or k % 2)
    edge = RATE * rng.uniform(0.01, 0.06)
    at = np.arange(samples)
    return (sound * np.minimum(1, at / edge) * np.minimum(1, (samples - at) / edge)).astype(np.float32)


def clock(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Ticks and tocks, each a short ringing of the case."""
    blows = []
    for _ in range(2):
        base = rng.uniform(900, 4000)
        parts = [(base * rng.uniform(0.6, 3), rng.random(), rng.uniform(0.005, 0.05))
                 for _ in range(rng.randint(3, 8))]
        blows.append(ringing(RATE // 10, rng, parts))
    if split != "train":  # each tick is two blows, as of an anchor
        shift = int(RATE * rng.uniform(0.006, 0.02))
        blows = [blow + 0.5 * np.roll(blow, shift) for blow in blows]
    out = np.zeros(samples, np.float32)
    for i, at in enumerate(times(samples, rng, rng.choice([0.2, 0.25, 0.5, 1]), 0.005)):
        added(out, blows[i % 2] * rng.uniform(0.85, 1), at)
    return out


def struck(length: int, rng: random.Random, low: float, high: float) -> np.ndarray:
    """A dull blow on something with a few weak resonances."""
    noise = band(length, rng, low, high, 9) * decay(length, length / RATE)
    parts = [(rng.uniform(low, high), rng.random(), length / RATE / 2) for _ in range(4)]
    return noise / max(1e-6, float(noise.std())) + 2 * ringing(length, rng, parts)


def typing(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Keys down and up, in words."""
    out = np.zeros(samples, np.float32)
    low, high = rng.uniform(300, 1500), rng.uniform(4000, 11000)
    keys = [struck(int(RATE * rng.uniform(0.01, 0.05)), rng, low, high) for _ in range(8)]
    pause = 0.12 if split == "train" else 0.3
    silent = 0
    for at in times(samples, rng, 1 / rng.uniform(4, 11), 0.45):
        if rng.random() < pause:
            silent = rng.randint(1, 6)
        silent -= 1
        if silent < 0:
            key = rng.choice(keys) * rng.uniform(0.5, 1)
            added(out, key, at)
            added(out, key * rng.uniform(0.2, 0.6), at + int(RATE * rng.uniform(0.05, 0.12)))
    return out


def click(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A switch or a mouse button: one or two tiny blows."""
    low = rng.uniform(500, 2500)
    out = struck(samples, rng, low, low * rng.uniform(2, 5)) * decay(samples, rng.uniform(0.01, 0.05))
    if split != "train" or rng.random() < 0.4:
        added(out, out.copy() * rng.uniform(0.3, 1), int(samples * rng.uniform(0.3, 0.7)))
    return out


def steps(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Heel and sole, on a hard floor or on one that crunches."""
    out = np.zeros(samples, np.float32)
    low, high = rng.uniform(60, 300), rng.uniform(500, 4000)
    crunch = rng.random() < 0.4
    gap = rng.uniform(0.03, 0.1) if split == "train" else rng.uniform(0.1, 0.2)
    for at in times(samples, rng, rng.uniform(0.3, 0.8), 0.06):
        for part, level in ((0, 1.0), (1, rng.uniform(0.3, 0.8))):
            blow = struck(int(RATE * rng.uniform(0.03, 0.15)), rng, low, high * (1 + part))
            if crunch:
                draw = generator(rng)
                blow = blow * (draw.random(len(blow)) < 0.03) * 8
            added(out, blow * level * rng.uniform(0.8, 1), at + part * int(RATE * gap))
    return out


def applause(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Many people clapping, each in a rhythm and with hands of their own."""
    out = np.zeros(samples, np.float32)
    spread = 0.08 if split == "train" else 0.2
    for _ in range(rng.choice([1, 4, 15, 50])):
        length = int(RATE * rng.uniform(0.008, 0.04))
        low = rng.uniform(400, 1500)
        hands = band(length, rng, low, low * rng.uniform(1.5, 5)) * decay(length, length / RATE)
        hands *= rng.uniform(0.2, 1) / max(1e-6, float(hands.std()))
        for at in times(samples, rng, 1 / rng.uniform(2.5, 6), spread):
            added(out, hands * rng.uniform(0.6, 1), at)
    return out


def engine(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """Explosions of cylinders that are not quite alike, through an exhaust's resonances."""
    rate = rng.uniform(12, 120) * slow(samples, rng, rng.uniform(0.5, 3), rng.choice([0.1, 1, 2]))
    turns = np.cumsum(rate) / RATE
    fired = np.flatnonzero(np.diff(np.floor(turns), prepend=0) > 0)
    levels = [rng.uniform(0.6, 1) for _ in range(rng.choice([1, 2, 4, 4, 6]))]
    pulses = np.zeros(samples, np.float32)
    pulses[fired] = [levels[i % len(levels)] * rng.uniform(0.85, 1.1) for i in range(len(fired))]
    exhaust = ringing(RATE // 5, rng, [(rng.uniform(50, 2500), rng.uniform(0.2, 1),
                                        rng.uniform(0.02, 0.15)) for _ in range(8)])
    sound = fftconvolve(pulses, exhaust)[:samples]
    noise = band(samples, rng, 100, rng.uniform(800, 5000), 6)
    if split == "train":
        noise *= 0.3 + 0.7 * (1 - turns % 1).astype(np.float32)  # puffs with each explosion
    return (sound / max(1e-6, sound.std())
            + np.float32(rng.uniform(0.05, 0.6)) * noise / noise.std()).astype(np.float32)


def cat(samples: int, rng: random.Random, split: str) -> np.ndarray:
    """A meow: a pitch that rises and falls while the mouth opens and closes."""
    place = np.linspace(0, 1, samples)
    peak = rng.uniform(0.25, 0.5) if split == "train" else rng.uniform(0.5, 0.75)
    arch = np.interp(place, [0, peak, 1], [0, 1, rng.uniform(-0.3, 0.2)])
    hz = rng.uniform(350, 650) * 2 ** (rng.uniform(0.2, 0.7) * arch)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    mouth = rng.uniform(600, 900) + rng.uniform(700, 1500) * np.interp(place, [0, peak, 1], [0, 1, 0.2])
    sound = np.zeros(samples)
    for k in range(1, 16):
        away = np.log2(k * hz / mouth)
        sound += k**-0.5 * np.exp(-2 * away**2) * np.sin(k * phase)
    return (sound * np.sin(np.pi * place) ** 0.7).astype(np.float32)


KINDS = {function.__name__: function for function in (
    rain, wind, thunder, water, fire, cat, steps, bell, clock, siren, alarm, phone, horn, engine,
    applause, typing, beep, click, explosion, gun, glass)}
#: How long the kinds are that happen once, s.
SECONDS = {"thunder": (2, 7), "explosion": (0.8, 4), "gun": (0.3, 1.2), "glass": (0.4, 1.5),
           "bell": (1.5, 6), "beep": (0.1, 1.5), "click": (0.06, 0.2), "cat": (0.4, 1.3),
           "horn": (0.2, 1.5)}
