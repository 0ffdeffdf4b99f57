"""Renders parts to mono stems: soundfonts (tinysoundfont), FreePats (timidity), drum kits.

Each split has banks and kits of its own (`BANKS`, `KITS`), so that dev and validation are sound
sources that training never heard.
"""

import pathlib
import random
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml

import mido
import numpy as np
import soundfile
import soxr
import tinysoundfont

from ..work import ROOT
from .scores import Part

RATE = 44100
SOUNDS = ROOT / "usr/share/sounds"
BANKS = {
    "train": ["sf2/FluidR3_GM.sf2", "sf3/MuseScore_General_Full.sf3", "freepats"],
    "dev": ["sf2/A320U.sf2"],
    "validation": ["sf2/TimGM6mb.sf2"],
}
DEV_KITS = ["Millo_MultiLayered2", "ElectricEmpireKit"]
VALIDATION_KITS = ["The Black Pearl 1.0", "HardElectro1"]
KIT_FOLDER = ROOT / "usr/share/hydrogen/data/drumkits"
PACKAGES = ["fluid-soundfont-gm", "musescore-general-soundfont", "denemo-data",
            "timgm6mb-soundfont", "freepats", "hydrogen-drumkits", "freedoom",
            "openttd-openmsx", "planetblupi-music-midi"]

#: General MIDI percussion notes by words in a kit's instrument names; the first match counts.
DRUM_WORDS = [
    (r"clap", [39]), (r"cow", [56]), (r"stick|rim", [37]), (r"kick|bass|bd", [35, 36]),
    (r"snare|sd", [38, 40]), (r"pedal|foot", [44]), (r"semi|open|oh\b", [46]),
    (r"hat|hh", [42]), (r"floor|low.*tom|tom.*(3|low)", [41, 43]),
    (r"tom.*(2|mid)|mid.*tom", [45, 47]), (r"tom", [48, 50]), (r"bell", [53]),
    (r"ride", [51, 59]), (r"splash", [55]), (r"chin", [52]), (r"crash|cymbal", [49, 57]),
    (r"tamb", [54]), (r"shak|marac", [70, 82]), (r"conga", [62, 63, 64]), (r"bongo", [60, 61]),
]


def kits(split: str) -> list[pathlib.Path]:
    """Folders of a split's drum kits."""
    every = sorted(path.parent for path in KIT_FOLDER.glob("*/drumkit.xml"))
    named = {"dev": DEV_KITS, "validation": VALIDATION_KITS}
    if split in named:
        return [path for path in every if path.name in named[split]]
    return [path for path in every if path.name not in DEV_KITS + VALIDATION_KITS]


class DrumKit:
    """A Hydrogen drum kit: velocity layers of mono samples under General MIDI notes."""

    def __init__(self, folder: pathlib.Path):
        self.layers: dict[int, list[tuple[float, np.ndarray]]] = {}
        for instrument in xml.parse(folder / "drumkit.xml").iter("instrument"):
            name = (instrument.findtext("name") or "").lower()
            notes = next((notes for words, notes in DRUM_WORDS if re.search(words, name)), None)
            if notes is None or notes[0] in self.layers:
                continue
            layers = []
            for layer in list(instrument.iter("layer")) or [instrument]:
                path = folder / (layer.findtext("filename") or "-")
                if path.exists():
                    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
                    if len(sound) > 32:
                        sound = soxr.resample(sound.mean(1), rate, RATE)
                        layers.append((float(layer.findtext("max") or 1), sound))
            if layers:
                layers.sort(key=lambda layer: layer[0])
                for note in notes:
                    self.layers[note] = layers

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


class SoundFont:
    """An SF2 or SF3 bank."""

    def __init__(self, path: pathlib.Path):
        self.synth = tinysoundfont.Synth(samplerate=RATE)
        self.bank = self.synth.sfload(str(path))
        self.drum_presets = [
            number for number in range(128)
            if self.synth.sfpreset_name(self.bank, 128, number) and number not in (47, 48, 49, 56)
        ]

    def render(self, part: Part, samples: int, rng: random.Random) -> np.ndarray:
        """Mono samples (mean of the channels), or silence where the bank lacks the preset."""
        if part.instrument == "drums":
            self.synth.program_select(0, self.bank, 128, rng.choice(self.drum_presets), True)
        elif self.synth.sfpreset_name(self.bank, 0, part.program):
            self.synth.program_select(0, self.bank, 0, part.program)
        else:
            return np.zeros(samples, np.float32)
        events = []
        for start, end, pitch, velocity in part.notes:
            events += [(int(start * RATE), 1, pitch, velocity), (int(end * RATE), 0, pitch, 0)]
        pieces, at = [], 0
        for time, on, pitch, velocity in sorted(events):
            if time >= samples:
                break
            if time > at:
                pieces.append(np.array(self.synth.generate(time - at)).view(np.float32))
                at = time
            if on:
                self.synth.noteon(0, pitch, velocity)
            else:
                self.synth.noteoff(0, pitch)
        pieces.append(np.array(self.synth.generate(samples - at)).view(np.float32))
        self.synth.sounds_off(0)
        return np.concatenate(pieces).reshape(-1, 2).mean(1)


class FreePats:
    """The FreePats GUS patches, played by timidity."""

    def __init__(self):
        text = (ROOT / "etc/timidity/freepats.cfg").read_text()
        folder = ROOT / "usr/share/midi/freepats"
        self.config = ROOT.parent / "freepats.cfg"
        self.config.write_text(re.sub(r"^dir .*$", f"dir {folder}", text, flags=re.M))
        tones = text[text.index("bank 0"):]
        self.programs = {int(number) for number in re.findall(r"^\s*(\d+)\s+Tone_000", tones, re.M)}

    def render(self, part: Part, samples: int, rng: random.Random) -> np.ndarray:
        drums = part.instrument == "drums"
        if not drums and part.program not in self.programs:
            return np.zeros(samples, np.float32)
        channel = 9 if drums else 0
        track = mido.MidiTrack([mido.Message("program_change", channel=channel,
                                             program=0 if drums else part.program)])
        events = []
        for start, end, pitch, velocity in part.notes:
            events += [(start, "note_on", pitch, velocity), (end, "note_off", pitch, 0)]
        now = 0.0
        for time, kind, pitch, velocity in sorted(events):
            ticks = round((time - now) * 960)
            now += ticks / 960
            track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity,
                                      time=max(0, ticks)))
        midi = mido.MidiFile(ticks_per_beat=480)  # at MIDI's default of 120 bpm: 960 ticks/s
        midi.tracks.append(track)
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "part.mid"
            midi.save(source)
            target = source.with_suffix(".wav")
            subprocess.run(["timidity", "-c", self.config, "-Ow", "-s", str(RATE), "-o", target,
                            "-EFreverb=d", source], check=True, capture_output=True)
            sound = soundfile.read(target, dtype="float32", always_2d=True)[0].mean(1)
        return np.pad(sound, (0, max(0, samples - len(sound))))[:samples]


class Studio:
    """All of a split's sound sources, loaded once."""

    def __init__(self, split: str):
        self.banks = {name: FreePats() if name == "freepats" else SoundFont(SOUNDS / name)
                      for name in BANKS[split]}
        self.kits = {folder.name: DrumKit(folder) for folder in kits(split)}

    def render(self, part: Part, seconds: float, rng: random.Random) -> tuple[np.ndarray, str]:
        """A stem at peak 0.5 with the name of its source; silence when the source cannot play."""
        samples = int(seconds * RATE)
        if part.instrument == "drums" and self.kits and rng.random() < 0.5:
            source = rng.choice(sorted(self.kits))
            stem = self.kits[source].render(part, samples)
        else:
            source = rng.choice(sorted(self.banks))
            stem = self.banks[source].render(part, samples, rng)
        peak = np.abs(stem).max()
        return (stem * (0.5 / peak) if peak > 1e-4 else np.zeros_like(stem)), source
