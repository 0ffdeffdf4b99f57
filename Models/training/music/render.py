"""Renders parts to mono stems: soundfonts (tinysoundfont), FreePats (timidity), drum kits, and in
training synthesizers' presets and computed instruments.

Each split has banks (`BANKS`) and kits of its own, so that dev and validation are sound sources
that training never heard.
"""

import dataclasses
import math
import pathlib
import random
import re
import subprocess
import tempfile

import mido
import numpy as np
import soundfile
import soxr
import tinysoundfont

from ..work import ROOT
from .kits import computed_kit, hydrogen_kits, mixed_kit, one_shots
from .scores import PROGRAMS, Part
from .synths import Presets
from .virtual import Workshop

RATE = 44100
SOUNDS = ROOT / "usr/share/sounds"
BANKS = {
    "train": ["sf2/FluidR3_GM.sf2", "sf3/MuseScore_General_Full.sf3", "freepats"],
    "dev": ["sf2/A320U.sf2"],
    "validation": ["sf2/TimGM6mb.sf2"],
}
PACKAGES = ["fluid-soundfont-gm", "musescore-general-soundfont", "denemo-data",
            "timgm6mb-soundfont", "freepats", "hydrogen-drumkits", "freedoom",
            "openttd-openmsx", "planetblupi-music-midi", "sonic-pi-samples", "lmms-common"]


def is_kit(part: Part) -> bool:
    """Whether a part is played on the drums' channel: drums, and percussion without a pitch."""
    return part.instrument == "drums" or part.instrument == "percussion" and part.program == 0


class SoundFont:
    """An SF2 or SF3 bank; with `varied`, a program is also played by its variations (12-string
    guitar, funk guitar and so on, by the General Standard)."""

    def __init__(self, path: pathlib.Path, varied: bool):
        self.synth = tinysoundfont.Synth(samplerate=RATE)
        self.bank = self.synth.sfload(str(path))
        self.drum_presets = [
            number for number in range(128)
            if self.synth.sfpreset_name(self.bank, 128, number) and number not in (47, 48, 49, 56)
        ]
        self.numbers = {
            program: [number for number in range(128 if varied else 1)
                      if self.synth.sfpreset_name(self.bank, number, program)]
            for program in range(128)
        }

    def render(self, part: Part, samples: int, rng: random.Random) -> np.ndarray:
        """Mono samples (mean of the channels), or silence where the bank lacks the preset."""
        if is_kit(part):
            self.synth.program_select(0, self.bank, 128, rng.choice(self.drum_presets), True)
        elif numbers := self.numbers[part.program]:
            number = rng.choice(numbers) if len(numbers) > 1 else numbers[0]
            self.synth.program_select(0, self.bank, number, part.program)
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
        drums = is_kit(part)
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
        self.training = split == "train"
        self.banks = {
            name: FreePats() if name == "freepats" else SoundFont(SOUNDS / name, self.training)
            for name in BANKS[split]}
        self.kits = hydrogen_kits(split)
        self.workshop = Workshop()
        self.presets = Presets() if self.training else None
        self.pieces = [*self.kits.values(), *one_shots()] if self.training else []

    def render(self, part: Part, seconds: float, rng: random.Random) -> tuple[np.ndarray, str]:
        """A stem at peak 0.5 with the name of its source; silence when the source cannot play."""
        samples = int(seconds * RATE)
        played = self.drums(part, samples, rng) or self.computed(part, samples, rng)
        source, stem = played or self.bank(part, samples, rng)
        peak = np.abs(stem).max()
        return (stem * (0.5 / peak) if peak > 1e-4 else np.zeros_like(stem)), source

    def bank(self, part: Part, samples: int, rng: random.Random):
        """A stem of one bank; in training half of them of another size, and some of two sources."""
        source = rng.choice(sorted(self.banks))
        if not self.training:
            return source, self.banks[source].render(part, samples, rng)
        stem = self.resized(self.banks[source], part, samples, rng)
        if part.instrument in PROGRAMS and rng.random() < 0.2:
            second = dataclasses.replace(part, program=rng.choice(PROGRAMS[part.instrument]))
            other = self.resized(self.banks[rng.choice(sorted(self.banks))], second, samples, rng)
            stem = stem + rng.uniform(0.3, 1) * other
        return source, stem

    def resized(self, bank, part: Part, samples: int, rng: random.Random):
        """Now and then an instrument whose body is larger or smaller, at the same pitch and tempo:
        notes are played some semitones off, slower or faster, and the tape's speed sets it right."""
        shift = rng.choice([-6, -4, -3, -2, 2, 3, 4, 6]) if rng.random() < 0.5 else 0
        if not shift:
            return bank.render(part, samples, rng)
        speed = 2 ** (shift / 12)
        step = 0 if is_kit(part) else shift
        notes = [(start * speed, end * speed, min(127, max(0, pitch - step)), velocity)
                 for start, end, pitch, velocity in part.notes]
        taped = bank.render(dataclasses.replace(part, notes=notes), math.ceil(samples * speed), rng)
        stem = soxr.resample(taped, RATE, RATE / speed).astype(np.float32)
        return np.pad(stem, (0, max(0, samples - len(stem))))[:samples]

    def drums(self, part: Part, samples: int, rng: random.Random):
        """Half of the drum parts (more in training), by kits: (source, stem) or nothing. Percussion is
        played by banks, in training as often by mixed or computed kits."""
        if not is_kit(part) or rng.random() >= (0.75 if self.training else 0.5):
            return None
        if part.instrument == "percussion" and (not self.training or rng.random() < 0.33):
            return None
        if self.training and (part.instrument == "percussion" or rng.random() < 0.55):
            if rng.random() < 0.4:
                return "computed kit", computed_kit(rng).render(part, samples)
            return "mixed kit", mixed_kit(self.pieces, rng).render(part, samples)
        source = rng.choice(sorted(self.kits))
        return source, self.kits[source].render(part, samples)

    def computed(self, part: Part, samples: int, rng: random.Random):
        """Half of the pitched training parts, by synthesizers' presets or computed instruments:
        (source, stem) or nothing."""
        if not self.training or is_kit(part) or rng.random() > 0.55:
            return None
        designed = part.instrument in self.presets.presets and rng.random() < 0.5
        maker = self.presets if designed else self.workshop
        stem = maker.render(part, samples, rng)
        return ("synthesizer" if designed else "computed", stem) if stem.any() else None
