"""Drum kits: Hydrogen kits, kits put together from one-shots of several packages, computed kits."""

import pathlib
import random
import re
import xml.etree.ElementTree as xml

import numpy as np
import scipy.signal
import soundfile
import soxr

from ..work import ROOT
from .scores import Part
from .oscillators import RATE, log_uniform, noise_burst

DEV_KITS = ["Millo_MultiLayered2", "ElectricEmpireKit"]
VALIDATION_KITS = ["The Black Pearl 1.0", "HardElectro1"]
KIT_FOLDER = ROOT / "usr/share/hydrogen/data/drumkits"
#: Folders of one-shots for training, by package: their files are sorted by name (`DRUM_WORDS`).
ONE_SHOTS = [ROOT / "usr/share/sonic-pi/samples", ROOT / "usr/share/lmms/samples/drums"]

#: General MIDI percussion notes by words in a sound's name; the first match counts.
DRUM_WORDS = [
    (r"clap|snap", [39]), (r"cow", [56]), (r"stick|rim", [37]),
    (r"pedal|foot", [44]), (r"semi|open|oh\b", [46]), (r"hat|hh|cymbal_closed", [42]),
    (r"kick|\bbass(?!_)|drum_bass|bd\b|bd_", [35, 36]), (r"snare|sd|\bsn_", [38, 40]),
    (r"floor|low.*tom|tom.*(3|low|lo_)", [41, 43]), (r"tom.*(2|mid)|mid.*tom", [45, 47]),
    (r"tom", [48, 50]), (r"bell", [53]), (r"ride", [51, 59]), (r"splash", [55]), (r"chin", [52]),
    (r"crash|cymbal", [49, 57]), (r"tamb", [54]), (r"shak|marac", [70, 82]),
    (r"conga|tabla_tu", [62, 63, 64]), (r"bongo|tabla_n", [60, 61]),
]


def notes_of(name: str) -> list[int] | None:
    return next((notes for words, notes in DRUM_WORDS if re.search(words, name.lower())), None)


def mono(path: pathlib.Path) -> np.ndarray:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return soxr.resample(sound.mean(1), rate, RATE) if len(sound) > 32 else np.zeros(0, np.float32)


class DrumKit:
    """Velocity layers of mono samples under General MIDI notes: (greatest velocity, samples)."""

    def __init__(self, layers: dict[int, list[tuple[float, np.ndarray]]]):
        self.layers = layers

    @staticmethod
    def hydrogen(folder: pathlib.Path) -> "DrumKit":
        found: dict[int, list] = {}
        for instrument in xml.parse(folder / "drumkit.xml").iter("instrument"):
            notes = notes_of(instrument.findtext("name") or "")
            if notes is None or notes[0] in found:
                continue
            layers = []
            for layer in list(instrument.iter("layer")) or [instrument]:
                path = folder / (layer.findtext("filename") or "-")
                if path.exists():
                    sound = mono(path)
                    if len(sound):
                        layers.append((float(layer.findtext("max") or 1), sound))
            if layers:
                layers.sort(key=lambda layer: layer[0])
                for note in notes:
                    found[note] = layers
        return DrumKit(found)

    def render(self, part: Part, samples: int) -> np.ndarray:
        out = np.zeros(samples, np.float32)
        for start, _, pitch, velocity in part.notes:
            layers = self.layers.get(pitch)
            if layers is None:
                continue
            level = velocity / 127
            sound = next((sound for top, sound in layers if top >= level), layers[-1][1])
            at = int(start * RATE)
            length = min(len(sound), samples - at)
            if length > 0:
                out[at : at + length] += level * sound[:length]
        return out


def hydrogen_kits(split: str) -> dict[str, DrumKit]:
    """A split's Hydrogen kits by name."""
    every = sorted(path.parent for path in KIT_FOLDER.glob("*/drumkit.xml"))
    named = {"dev": DEV_KITS, "validation": VALIDATION_KITS}
    held = DEV_KITS + VALIDATION_KITS
    chosen = [path for path in every
              if (path.name in named[split] if split in named else path.name not in held)]
    return {path.name: DrumKit.hydrogen(path) for path in chosen}


def one_shots() -> list[DrumKit]:
    """Kits of one sound each, from packages of loose samples."""
    out = []
    for folder in ONE_SHOTS:
        for path in sorted(p for p in folder.iterdir() if p.suffix in (".flac", ".wav", ".ogg")):
            notes = notes_of(path.stem)
            if notes and "loop" not in path.stem:
                try:
                    sound = mono(path)
                except soundfile.LibsndfileError:  # one package has a damaged file
                    continue
                if 32 < len(sound) < 4 * RATE:
                    layers = [(1.0, sound * (0.5 / max(1e-4, np.abs(sound).max())))]
                    out.append(DrumKit({note: layers for note in notes}))
    return out


def mixed_kit(kits: list[DrumKit], rng: random.Random) -> DrumKit:
    """Each piece from another kit, a little retuned and at a level of its own."""
    layers = {}
    for _, notes in DRUM_WORDS:
        having = [kit for kit in kits if notes[0] in kit.layers]
        if having:
            gain = 10 ** (rng.uniform(-5, 5) / 20)
            factor = 2 ** (rng.gauss(0, 2.5) / 12)
            piece = [(top, gain * np.interp(np.arange(0, len(sound) - 1, factor),
                                            np.arange(len(sound)), sound).astype(np.float32))
                     for top, sound in rng.choice(having).layers[notes[0]]]
            layers.update(dict.fromkeys(notes, piece))
    return DrumKit(layers)


def computed_kit(rng: random.Random) -> DrumKit:
    """A drum machine drawn anew: swept sines, noise bands, and clusters of squares for metal."""
    generator = np.random.default_rng(rng.randrange(1 << 30))

    def fade(seconds: float, ring: float) -> tuple[np.ndarray, np.ndarray]:
        t = np.arange(int(seconds * RATE)) / RATE
        return t, np.exp(-6.9 * t / ring)

    def skin(hz: float, ring: float, sweep: float, noise: float) -> np.ndarray:
        t, shape = fade(min(1.2, ring), ring)
        phase = np.cumsum(hz * (1 + sweep * np.exp(-t / rng.uniform(0.01, 0.06)))) / RATE
        body = np.sin(2 * np.pi * phase) * shape
        rattle = noise_burst(generator, len(t), rng.uniform(300, 2500), rng.uniform(5000, 14000))
        return body + noise * rattle * np.exp(-6.9 * t / (ring * rng.uniform(0.4, 1.2)))

    def metal(ring: float, tone: float) -> np.ndarray:
        t, shape = fade(min(2.5, ring), ring)
        base = rng.uniform(250, 700)
        cluster = sum(scipy.signal.square(2 * np.pi * base * rng.uniform(1, 3.2) * t)
                      for _ in range(6))
        low = rng.uniform(3000, 7500)
        sound = tone * cluster / 3 + noise_burst(generator, len(t), low, 16000)
        bands = scipy.signal.butter(2, [low, 16000], "band", fs=RATE, output="sos")
        return scipy.signal.sosfilt(bands, sound) * shape

    def clap() -> np.ndarray:
        t, _ = fade(0.4, 0.3)
        shape = sum(np.where(t >= d, np.exp(-(t - d) / 0.006), 0) for d in (0, 0.011, 0.023))
        shape += 0.6 * np.where(t >= 0.03, np.exp(-(t - 0.03) / rng.uniform(0.03, 0.09)), 0)
        return shape * noise_burst(generator, len(t), 700, rng.uniform(2000, 6000))

    tone = rng.random()
    snare = skin(rng.uniform(150, 280), rng.uniform(0.1, 0.35), rng.uniform(0, 1.5),
                 rng.uniform(0.3, 1.2))
    tom = rng.uniform(80, 130)
    pieces = {
        35: skin(rng.uniform(38, 65), log_uniform(rng, 0.15, 0.9), rng.uniform(1, 8),
                 rng.uniform(0, 0.1)),
        38: snare, 37: skin(rng.uniform(400, 900), 0.06, 0.5, 0.4), 39: clap(),
        42: metal(log_uniform(rng, 0.04, 0.12), tone), 44: metal(0.09, tone),
        46: metal(log_uniform(rng, 0.3, 0.9), tone), 49: metal(rng.uniform(1.2, 2.5), tone),
        51: metal(rng.uniform(0.8, 2), tone + 0.3), 53: metal(0.6, 1.5), 55: metal(0.8, tone),
        41: skin(tom, 0.5, 0.6, 0.05), 45: skin(1.4 * tom, 0.45, 0.6, 0.05),
        48: skin(1.9 * tom, 0.4, 0.6, 0.05), 54: metal(0.15, 0.2), 70: metal(0.06, 0.0),
        56: skin(rng.uniform(500, 900), 0.25, 0, 0.02), 62: skin(330, 0.2, 0.2, 0.02),
        60: skin(480, 0.15, 0.2, 0.02),
    }
    layers = {}
    for _, notes in DRUM_WORDS:
        if notes[0] in pieces:
            sound = pieces[notes[0]]
            level = 0.5 * 10 ** (rng.uniform(-6, 0) / 20)
            if notes[0] in (42, 44, 46, 49, 51, 54, 55, 70):
                level *= 0.4
            piece = [(1.0, (level * sound / np.abs(sound).max()).astype(np.float32))]
            layers.update(dict.fromkeys(notes, piece))
    return DrumKit(layers)
