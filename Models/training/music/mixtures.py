"""Training items drawn from the factory's songs: a target stem, the rest, and what to call it."""

import dataclasses
import random

import numpy as np

from .mastering import mastered
from .recordings import Recordings
from .scores import UNIONS, names_of
from .songs import RATE, Singing, Songs

TARGETS = ["drums", "bass", "guitar", "acoustic guitar", "electric guitar", "distorted guitar",
           "piano", "strings", "organ", "brass", "woodwind", "synth", "synth lead", "synth pad",
           "percussion", "choir"]
#: What the released stem editor and timbre classifier know.
MADE = ["drums", "bass", "guitar", "acoustic guitar", "electric guitar", "piano", "strings", "organ",
        "brass", "woodwind", "synth"]
VOCALS = "vocals"
MIDDLE = ("drums", "bass", VOCALS)  # where they mostly stand in records
RECORD = "record"  # the stem that is real instrumental music as it was released


@dataclasses.dataclass
class Mixture:
    """`stems` and their sum have shape [2, samples] (or [samples] of a mixer without stereo);
    `targets` says which stems belong to each name that is present. A record's instruments are not
    known: beside one, only vocals can be asked for."""

    stems: dict[str, np.ndarray]
    targets: dict[str, list[str]]


@dataclasses.dataclass
class Item:
    """`stem` and `rest` are float32 [samples], or [2, samples] of a stereo mixer, whose sum is the
    mixture; an absent target has a silent stem. `operation` is set where only that one can be asked
    for."""

    target: str
    stem: np.ndarray
    rest: np.ndarray
    stem_to_rest_db: float
    operation: str | None = None


def resampled(sound: np.ndarray, factor: float) -> np.ndarray:
    """Plays `sound` [..., samples] at another speed by linear interpolation, looping at its end."""
    count = sound.shape[-1]
    at = (np.arange(count) * factor) % (count - 1)
    index = at.astype(np.int64)
    part = (at - index).astype(np.float32)
    return sound[..., index] * (1 - part) + sound[..., index + 1] * part


def equalised(sound: np.ndarray, rng: random.Random, peak_db: float = 6) -> np.ndarray:
    """A smooth random curve over log frequency, by one FFT of the whole crop."""
    spectrum = np.fft.rfft(sound)
    knots = np.array([rng.uniform(-peak_db, peak_db) for _ in range(6)])
    hz = np.linspace(0, RATE / 2, spectrum.shape[-1])
    curve = np.interp(np.log2(np.maximum(hz, 30)), np.linspace(np.log2(40), np.log2(18000), 6),
                      knots)
    return np.fft.irfft(spectrum * 10 ** (curve / 20), sound.shape[-1]).astype(np.float32)


def driven(sound: np.ndarray, gain_db: float) -> np.ndarray:
    gain = 10 ** (gain_db / 20) / max(1e-4, float(np.abs(sound).max()))
    return np.tanh(gain * sound) / gain


def reverberated(sound: np.ndarray, rng: random.Random) -> np.ndarray:
    """Adds decaying noise as a room's impulse response, by FFT over the crop (circular)."""
    length = int(RATE * rng.uniform(0.2, 1.2))
    generator = np.random.default_rng(rng.randrange(1 << 30))
    tail = generator.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail *= rng.uniform(0.1, 0.5) / np.sqrt((tail**2).sum())
    tail[0] += 1
    count = sound.shape[-1]
    spectrum = np.fft.rfft(sound) * np.fft.rfft(tail, count)
    return np.fft.irfft(spectrum, count).astype(np.float32)


def augmented(stem: np.ndarray, rng: random.Random) -> np.ndarray:
    if rng.random() < 0.12:
        stem = driven(stem, rng.uniform(0, 18))
    # Unseen sound banks lie 5 to 12 dB a band from those of training.
    if rng.random() < 0.7:
        stem = equalised(stem, rng, rng.choice((5, 8, 12)))
    if rng.random() < 0.2:
        stem = reverberated(stem, rng)
    return stem * np.float32(10 ** (rng.uniform(-6, 6) / 20))


def placed(stem: np.ndarray, rng: random.Random, middle: float = 0.3) -> np.ndarray:
    """[samples] -> [2, samples]: panned at constant power, that share of stems to the middle, and now
    and then made wide by a side signal: the stem again, a little later."""
    draw = rng.random()
    place = 0.5 if draw < middle else rng.triangular(0, 1) if draw < 0.8 else rng.random()
    left, right = (2**0.5 * f(place * np.pi / 2) for f in (np.cos, np.sin))
    if rng.random() < 0.35:
        late = np.zeros_like(stem)
        delay = int(RATE * rng.uniform(0.003, 0.03))
        late[delay:] = rng.uniform(0.15, 0.8) * stem[:-delay]
        return np.stack([left * (stem + late), right * (stem - late)]).astype(np.float32)
    return np.stack([left * stem, right * stem]).astype(np.float32)


class Mixer:
    """Draws items from a split; `augment` is for training only. With `stereo`, items have two
    channels; that share of them is really stereo, the others have the same sound on both sides."""

    def __init__(self, split: str, seconds: float, seed: int, augment: bool,
                 stereo: float | None = None):
        self.stereo = stereo
        self.songs = Songs(split)
        self.samples = int(seconds * RATE)
        self.rng = random.Random(seed)
        self.augment = augment

    def crop(self) -> dict[str, np.ndarray]:
        """Sounding stems of a random crop; in training now and then varied in speed."""
        rng = self.rng
        index = rng.randrange(len(self.songs))
        last = max(1, self.songs.songs[index][1]["samples"] - self.samples)
        stems = dict(self.songs.stems(index, rng.randrange(last), self.samples))
        stems = {name: stem for name, stem in stems.items() if (stem**2).mean() > 1e-5}
        if self.augment:
            factor = 2 ** (rng.uniform(-4, 4) / 12) if rng.random() < 0.6 else 1.0
            for name in stems:
                own = 1.0 if name == "drums" and rng.random() < 0.5 else factor
                if own != 1.0:
                    stems[name] = resampled(stems[name], own)
        return stems

    def chosen(self) -> dict[str, np.ndarray]:
        """At least two stems; in training also mixed across songs."""
        rng = self.rng
        while True:
            stems = self.crop()
            if self.augment and rng.random() < 0.35:
                other = self.crop()
                for name in list(other):
                    if rng.random() < 0.5:
                        stems[name] = other[name]
            if len(stems) < 2:
                continue
            if self.augment:
                while len(stems) > 3 and rng.random() < 0.35:
                    stems.pop(rng.choice(sorted(stems)))
            return stems

    def stems(self) -> dict[str, np.ndarray]:
        """Chosen stems, in training each augmented on its own, in stereo if asked for."""
        rng, stems = self.rng, self.chosen()
        if self.augment:
            stems = {name: augmented(stem, rng) for name, stem in stems.items()}
        if self.stereo is not None:
            wide = rng.random() < self.stereo
            stems = {name: placed(stem, rng, 0.7 if name in MIDDLE else 0.3) if wide
                     else np.stack([stem, stem]) for name, stem in stems.items()}
        return stems

    def targets(self, stems, wanted: list[str] = MADE) -> dict[str, list[str]]:
        """The stems of each name: its own, or those that answer to it."""
        found: dict[str, list[str]] = {}
        for stem in stems:
            for name in names_of(stem):
                if name in wanted:
                    found.setdefault(name, []).append(stem)
        return found

    def mixture(self, alone: float = 0.06) -> Mixture:
        """All stems of a mixture at levels of their own; that share of mixtures is one stem alone."""
        rng = self.rng
        while True:
            stems = self.stems()
            # A slowed stem may begin after the crop's end.
            stems = {name: sound for name, sound in stems.items() if (sound**2).mean() > 1e-6}
            if not stems:
                continue
            if rng.random() < alone:
                name = rng.choice(sorted(stems))
                stems = {name: stems[name]}
            # By energy, not by peak: drums of the same peak are 10 dB weaker than strings.
            stems = {name: sound * np.float32(10 ** (rng.uniform(-7, 7) / 20)
                                              / np.sqrt((sound**2).mean()))
                     for name, sound in stems.items()}
            if self.augment and rng.random() < 0.4:
                stems = mastered(stems, rng)
            peak = float(np.abs(sum(stems.values())).max())
            names = self.targets(stems)
            if peak < 1e-3 or not names and RECORD not in stems:
                continue
            scale = np.float32(10 ** (rng.uniform(-18, -3) / 20) / peak)
            return Mixture({name: sound * scale for name, sound in stems.items()}, names)

    def item(self, targets: list[str] = MADE, absent: float = 0.08,
             level_db: tuple[float, float] = (-12, 3)) -> Item:
        rng = self.rng
        while True:
            stems = self.stems()
            names = self.targets(stems, targets)
            missing = [name for name in targets if name not in names]
            if missing and rng.random() < absent:
                rest = sum(stems.values())
                return Item(rng.choice(missing), np.zeros_like(rest), rest, -np.inf)
            names = {k: v for k, v in names.items() if len(v) < len(stems)}
            if not names:
                continue
            # Nearly every song has drums and bass: the others are drawn more often.
            target = rng.choices(sorted(names), [1 if name in ("drums", "bass") else 2
                                                 for name in sorted(names)])[0]
            stem = sum(stems[name] for name in names[target])
            rest = sum(sound for name, sound in stems.items() if name not in names[target])
            energy = float((stem**2).mean()), float((rest**2).mean())
            if min(energy) < 1e-6:
                continue
            level = rng.uniform(*level_db)
            stem = stem * np.float32(10 ** (level / 20) * (energy[1] / energy[0]) ** 0.5)
            scale = np.float32(10 ** (rng.uniform(-18, -3) / 20) / np.abs(stem + rest).max())
            return Item(target, stem * scale, rest * scale, level)


class SingingMixer(Mixer):
    """Songs of the factory with and without a voice over them; in training also records."""

    VOICE_SHARE, RECORD_SHARE = 0.3, 0.15
    wanted = [*TARGETS, VOCALS]

    def __init__(self, split: str, *arguments, **options):
        super().__init__(split, *arguments, **options)
        self.singing = Singing(split, self.rng)
        self.records = Recordings(split, self.rng) if self.augment else None

    def chosen(self) -> dict[str, np.ndarray]:
        rng, stems, share = self.rng, super().chosen(), self.VOICE_SHARE
        if self.records and rng.random() < self.RECORD_SHARE:
            stems, share = {RECORD: self.records.crop(self.samples)}, 0.75
        if rng.random() < share:
            voice = self.singing.crop(self.samples)
            stems[VOCALS] = reverberated(voice, rng) if self.augment and rng.random() < 0.5 else voice
        return stems

    def targets(self, stems, wanted=None) -> dict[str, list[str]]:
        return super().targets(stems, wanted or self.wanted)


class Replay:
    """Draws from `make()`, each result about `reuse` times: mixing costs as much as a training
    step. The first results are used once, until there are enough to draw from."""

    def __init__(self, make, rng: random.Random, reuse: int, keep: int):
        self.make, self.rng, self.reuse, self.keep = make, rng, reuse, keep
        self.kept: list = []

    def draw(self, count: int) -> list:
        warm = len(self.kept) >= 16 * count
        new = [self.make() for _ in range(max(1, count // self.reuse) if warm else count)]
        old = self.rng.sample(self.kept, count - len(new))
        self.kept = (self.kept + new)[-self.keep :]
        return new + old
