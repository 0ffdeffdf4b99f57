"""Mixtures of voice, music, noises and sound events, in stems."""

import random

import numpy as np
from scipy.signal import fftconvolve

from ..music.mixtures import Item, Mixture, equalised, placed, resampled
from ..music.songs import RATE, Songs
from . import noises
from .events import CLASSES, Events
from .recordings import Recordings, Voices

KINDS = ["hum", "hiss", "wind", "clicks"]
#: Wind is a noise and an event alike; clicks as an event are too near to clicks as a fault.
EVENTS = [name for name in CLASSES if name not in ("wind", "click")]
#: What can be made for a scene.
MADE = [*EVENTS, "wind"]
#: "noise" is all that is neither voice nor music; its kinds and events can be asked for by name.
TARGETS = ["voice", "music", "noise", *KINDS, "reverb", *EVENTS]
#: A stem further under the mixture than this is not there, whatever was drawn.
FAINT_DB = -28.0


def rms(sound: np.ndarray) -> float:
    return float(np.sqrt((sound**2).mean()))


def levelled(sound: np.ndarray, db: float) -> np.ndarray:
    """The sound at an RMS of `db` over 1."""
    return sound * np.float32(10 ** (db / 20) / max(1e-9, rms(sound)))


def spread(sound: np.ndarray, width: float) -> np.ndarray:
    """[samples] -> [2, samples]: two sides that share all but `width` of their power. The other part
    is the same sound at another time, which for noise is as good as another one."""
    other = np.roll(sound, len(sound) // 2 + RATE // 7)
    kept, own = np.float32((1 - width) ** 0.5), np.float32(width**0.5)
    return np.stack([kept * sound + own * other, kept * sound - own * other])


def lowpassed(sound: np.ndarray, hz: float) -> np.ndarray:
    """[2, samples] without what is over `hz`, steeply (the last twentieth fades)."""
    spectrum = np.fft.rfft(sound)
    bins = np.fft.rfftfreq(sound.shape[-1], 1 / RATE)
    gain = np.clip((hz - bins) / (0.05 * hz), 0, 1).astype(np.float32)
    return np.fft.irfft(spectrum * gain, sound.shape[-1]).astype(np.float32)


class SoundMixer:
    """Draws mixtures of a split. In training, `varied`: levels, bands and rooms vary widely; else a
    mixture is a voice over one other thing at 0 to 10 dB."""

    def __init__(self, split: str, seconds: float, seed: int, human: bool = False):
        self.split = split
        self.samples = int(seconds * RATE)
        self.rng = rng = random.Random(seed)
        self.voices = Voices(split, rng, human)
        self.noises = Recordings("noises", split, rng)
        self.music = Recordings("music", split, rng)
        self.songs = Songs(split)
        self.events = Events(split, rng)

    # ---- stems, [2, samples] each, at an RMS of 1

    def noise(self, kind: str) -> np.ndarray:
        rng, training = self.rng, self.split == "train"
        if kind == "noise" and rng.random() < 0.5:
            sound = self.noises.crop(self.samples)
            if training and rng.random() < 0.4:
                sound = resampled(sound, 2 ** rng.uniform(-1, 1))
            if rng.random() < 0.3:
                sound = levelled(sound, 0) + levelled(self.noises.crop(self.samples),
                                                      rng.uniform(-10, 0))
            sound = equalised(sound, rng) if training else sound
        elif kind == "wind" and kind in self.events.pieces and rng.random() < 0.5:
            sound = self.events.recorded(kind, self.samples)
        else:
            sound = noises.KINDS[kind](self.samples, rng, self.split)
        width = 0 if kind == "hum" or rng.random() < 0.5 else rng.uniform(0, 0.5)
        return levelled(spread(sound, width), 0)

    def event(self, name: str) -> np.ndarray:
        """An event at an RMS of 1 where it sounds: anywhere between the sides, or on both."""
        sound = self.events.draw(name, self.samples)
        if self.rng.random() < 0.5:
            return spread(sound, 0 if self.rng.random() < 0.7 else 0.3)
        return placed(sound, self.rng)

    def song(self) -> np.ndarray:
        rng = self.rng
        while True:
            if rng.random() < 0.5 or not len(self.songs):
                sound = self.music.crop(self.samples, repeated=False)
            else:
                sound = self.songs.mixture(self.samples, rng)
            if rms(sound) > 3e-3:
                break
        if self.split == "train" and rng.random() < 0.4:
            sound = equalised(sound, rng)
        return levelled(spread(sound, rng.choice([0, 0.2, 0.4])), 0)

    def talker(self) -> tuple[np.ndarray, float]:
        """A voice, and where its band ends, Hz."""
        rng = self.rng
        while True:
            voice, top = self.voices.crop(self.samples)
            if rms(voice) > 0.1:
                break
        if self.split == "train" and rng.random() < 0.4:
            voice = equalised(voice, rng, 4)
        central = self.split != "train" or rng.random() < 0.8
        stereo = np.stack([voice, voice]) if central else placed(voice, rng)
        return levelled(stereo, 0), top

    def tail(self, voice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The voice in a room: its first 30 ms with the direct sound, and all that comes later."""
        early, later = [], []
        response, late = noises.room(self.rng)
        for side in range(2):
            if side:  # a room sounds different at each ear, though its decay is the same
                response = np.roll(response, self.rng.randrange(10, 60)) * np.float32(0.95)
            early.append(voice[side] + fftconvolve(voice[side], response[:late])[: self.samples])
            shifted = np.concatenate([np.zeros(late, np.float32), response[late:]])
            later.append(fftconvolve(voice[side], shifted)[: self.samples])
        return np.stack(early).astype(np.float32), np.stack(later).astype(np.float32)

    # ---- mixtures

    def draw(self) -> dict[str, np.ndarray]:
        """Stems by name at levels of their own; what is asked for as "voice" is "voice" and "reverb",
        as "noise" all of its kinds."""
        rng = self.rng
        stems: dict[str, np.ndarray] = {}
        top = RATE / 2
        scene = rng.random() < 0.5
        if scene:
            for name in rng.sample(EVENTS, rng.choices([1, 2, 3], [0.45, 0.35, 0.2])[0]):
                stems[name] = self.event(name) * np.float32(10 ** (rng.uniform(-15, 5) / 20))
        if rng.random() < (0.45 if scene else 0.92):
            stems["voice"], top = self.talker()
            if rng.random() < 0.3:
                stems["voice"], stems["reverb"] = self.tail(stems["voice"])
        if rng.random() < (0.2 if scene else 0.42) or not stems and rng.random() < 0.5:
            stems["music"] = levelled(self.song(), rng.uniform(-18, 5))
        count = rng.choices([0, 1, 2, 3], [0.24, 0.46, 0.22, 0.08])[0]
        count = max(count, 0 if stems else 1)
        for kind in rng.sample(["noise", "noise", *KINDS], count):
            if kind not in stems:
                low, high = (-25, 5) if kind in ("clicks", "hiss") else (-18, 5)
                stems[kind] = levelled(self.noise(kind), rng.uniform(low, high))
        if rng.random() < (0.5 if top < 12000 else 0.15):
            # All through one narrow channel, or else a narrow band would tell voices from the rest.
            hz = top * rng.uniform(0.85, 1) if top < 12000 else rng.choice([4e3, 5.5e3, 8e3, 11e3])
            stems = {name: lowpassed(sound, hz) for name, sound in stems.items()}
        if rng.random() < 0.35:
            stems = {name: np.stack([sound[0], sound[0]]) for name, sound in stems.items()}
        return stems

    def mixture(self) -> Mixture:
        while True:
            stems = self.draw()
            total = sum(stems.values())
            faint = rms(total) * 10 ** (FAINT_DB / 20)
            stems = {name: sound for name, sound in stems.items() if rms(sound) > faint}
            if stems and rms(total) > 1e-3:
                break
        names = {name: [name] for name in stems}
        if "voice" in names and "reverb" in names:
            names["voice"] = ["voice", "reverb"]
        noisy = [name for name in ("noise", *KINDS, *EVENTS) if name in stems]
        if noisy:
            names["noise"] = noisy
        peak = float(np.abs(sum(stems.values())).max())
        scale = np.float32(10 ** (self.rng.uniform(-18, -2) / 20) / peak)
        return Mixture({name: sound * scale for name, sound in stems.items()}, names)

    def pair(self, other: str, level_db: tuple[float, float] = (0, 10)) -> Mixture:
        """A voice that is so much louder than the one thing beside it ("reverb": its own tail, as
        loud as the room makes it)."""
        voice, _ = self.talker()
        if other == "reverb":
            voice, sound = self.tail(voice)
        else:
            sound = self.song() if other == "music" else self.noise(other)
            sound = levelled(sound, -self.rng.uniform(*level_db))
        scale = np.float32(10 ** (self.rng.uniform(-12, -3) / 20) / np.abs(voice + sound).max())
        return Mixture({"voice": voice * scale, other: sound * scale},
                       {"voice": ["voice"], other: [other]})

    def scene(self, name: str, level_db: tuple[float, float] = (-5, 5)) -> Mixture:
        """An event that is so much louder than what it happens in: a voice, a noise or another event."""
        rng = self.rng
        while True:
            sound = self.event(name)
            draw = rng.random()
            rest = (self.talker()[0] if draw < 0.4 else self.noise("noise") if draw < 0.6
                    else self.event(rng.choice([x for x in self.events.names if x != name])))
            if min(rms(sound), rms(rest)) > 1e-2:
                break
        rest = rest * np.float32(10 ** (-rng.uniform(*level_db) / 20) * rms(sound) / rms(rest))
        scale = np.float32(10 ** (rng.uniform(-12, -3) / 20) / np.abs(sound + rest).max())
        return Mixture({name: sound * scale, "rest": rest * scale}, {name: [name]})

    def item(self, absent: float = 0) -> Item:
        """An event to add, and the scene it is added to, both in one channel: voices, music, noises
        and other events, or nothing but a faint noise."""
        rng = self.rng
        names = [name for name in MADE if name in self.events.names]
        while True:
            name = rng.choice(names)
            event = self.event(name).mean(0)
            rest = [self.noise("noise").mean(0) * np.float32(10 ** (-rng.uniform(0, 40) / 20))]
            if rng.random() < 0.4:
                rest.append(self.talker()[0].mean(0))
            if rng.random() < 0.25:
                rest.append(self.song().mean(0))
            for other in rng.sample(names, rng.choice([0, 0, 1, 2])):
                if other != name:
                    rest.append(self.event(other).mean(0))
            scene = sum(rest)
            if min(rms(event), rms(scene)) > 1e-3:
                break
        level = rng.uniform(-15, 3)
        event = event * np.float32(10 ** (level / 20) * rms(scene) / rms(event))
        scale = np.float32(10 ** (rng.uniform(-18, -3) / 20) / np.abs(event + scene).max())
        return Item(name, event * scale, scene * scale, level)
