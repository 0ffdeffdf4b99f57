"""A user's own songs: a folder for each, with a sound file for each stem.

    stems/my song/drums.wav
    stems/my song/bass.flac
    stems/my song/electric guitar.wav
    stems/my song/vocals.wav            (no instrument that is known: heard, never asked for)

Files are named after instruments (`mixtures.TARGETS`; `Electric_Guitar 2.wav` is an electric
guitar, too). They are mono or stereo, of any rate and format that libsndfile reads.
"""

import dataclasses
import math
import random
import re
from pathlib import Path

import numpy as np
import soundfile
import soxr

from .mixtures import TARGETS, Mixer
from .scores import names_of
from .songs import RATE

#: Files with other endings are no stems.
ENDINGS = {".wav", ".flac", ".aif", ".aiff", ".aifc", ".ogg", ".oga", ".opus", ".mp3", ".caf",
           ".w64", ".m4a", ".aac", ".wma"}
LENGTHS = 0.1  # s by which the stems of a song may differ in length: encoders pad
SHORTEST = 12.0  # s of a song
HELD = 0.2  # of each song, where there are few of them
FEW = 4
SOUNDS = 1e-5  # mean power over which a stem is there


class BadStems(Exception):
    """What is wrong with a folder of stems, and where, in one line."""


@dataclasses.dataclass
class Part:
    """A stretch of a song, of `samples` at 44.1 kHz from `start`; files by instrument."""

    folder: Path
    files: dict[str, list[Path]]
    start: int
    samples: int


def instrument(path: Path) -> str:
    """`Electric_Guitar-2.wav` -> `electric guitar`."""
    name = re.sub(r"[\s_-]+", " ", path.stem.lower())
    return re.sub(r" ?\d*$", "", name).strip() or name


def seconds(path: Path) -> float:
    """A stem's length, from its header."""
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise BadStems(f"{path} cannot be read ({error.error_string}); convert it to WAV or FLAC")
    if info.channels > 2:
        raise BadStems(f"{path} has {info.channels} channels; stems are mono or stereo")
    return info.duration


def song(folder: Path) -> Part:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if len(files) < 2:
        count = "one stem" if files else "no stems"
        raise BadStems(f"{folder} holds {count}; it takes two or more to make a mixture")
    lengths = {path: seconds(path) for path in files}
    short, long = min(files, key=lengths.get), max(files, key=lengths.get)
    if lengths[long] - lengths[short] > LENGTHS:
        raise BadStems(f"the stems of {folder} differ in length: {short.name} has "
                       f"{lengths[short]:.2f} s, {long.name} {lengths[long]:.2f} s")
    if lengths[short] < SHORTEST:
        raise BadStems(f"{folder} lasts {lengths[short]:.1f} s; {SHORTEST:.0f} s are the least")
    named: dict[str, list[Path]] = {}
    for path in files:
        named.setdefault(instrument(path), []).append(path)
    return Part(folder, named, 0, int(lengths[short] * RATE))


def found(folder: Path) -> list[Part]:
    """All songs of a folder, in order of their names.

    Raises BadStems for the first thing that is wrong."""
    if not folder.is_dir():
        raise BadStems(f"{folder} is no folder; it should hold one for each song, with its stems")
    songs = [song(path) for path in sorted(folder.iterdir())
             if path.is_dir() and not path.name.startswith(".")]
    if not songs:
        raise BadStems(f"{folder} holds no folders; each song has one, with its stems in it")
    if not targets(songs):
        raise BadStems(f"no stem in {folder} is named after an instrument: {', '.join(TARGETS)}")
    return songs


def targets(songs: list[Part]) -> list[str]:
    """What the songs' stems can be asked for by."""
    names = {name for part in songs for name in part.files}
    names |= {union for name in names for union in names_of(name)}
    return [name for name in TARGETS if name in names]


def split(songs: list[Part], crop: int) -> tuple[list[Part], list[Part]]:
    """What is trained on and what is held out: every fourth song, or of a few songs their ends, of
    `crop` samples at least."""
    if len(songs) >= FEW:
        return ([part for index, part in enumerate(songs) if index % FEW != FEW - 1],
                songs[FEW - 1 :: FEW])
    train, held = [], []
    for part in songs:
        last = max(crop, int(HELD * part.samples))
        train.append(dataclasses.replace(part, samples=part.samples - last))
        held.append(dataclasses.replace(part, start=part.samples - last, samples=last))
    return train, held


def read(path: Path, start: int, samples: int) -> np.ndarray:
    """A crop at 44.1 kHz, [2, samples]; zeros past the file's end."""
    with soundfile.SoundFile(path) as file:
        ratio = file.samplerate / RATE
        file.seek(min(file.frames, round(start * ratio)))
        sound = file.read(math.ceil(samples * ratio), dtype="float32", always_2d=True)
    if ratio != 1 and len(sound):
        sound = soxr.resample(sound, file.samplerate, RATE)
    crop = np.zeros((2, samples), np.float32)
    crop[:, : min(len(sound), samples)] = sound[:samples].T  # a mono stem is on both sides
    return crop


class OwnSongs:
    """Parts of songs, read as `songs.Songs` are: stems of two channels, or of one with `mono`."""

    def __init__(self, parts: list[Part], mono: bool = False):
        self.songs = [(part, {"samples": part.samples}) for part in parts]
        self.mono = mono

    def __len__(self) -> int:
        return len(self.songs)

    def stems(self, index: int, start: int, samples: int) -> list[tuple[str, np.ndarray]]:
        part = self.songs[index][0]
        out = []
        for name, files in part.files.items():
            sound = sum(read(path, part.start + start, samples) for path in files)
            out.append((name, sound.mean(0) if self.mono else sound))
        return out

    def windows(self, samples: int, most: int) -> list[dict[str, np.ndarray]]:
        """The sounding stems of places, spread evenly, at most so many: where a stem that can be
        asked for sounds beside another. Each mixture's loudest sample is 0.35, as at run time."""
        places = [(index, start) for index, (part, _) in enumerate(self.songs)
                  for start in range(0, max(1, part.samples - samples + 1), samples)]
        windows = []
        for at in np.unique(np.linspace(0, len(places) - 1, most).round().astype(int)):
            stems = {name: sound for name, sound in self.stems(*places[at], samples)
                     if (sound**2).mean() > SOUNDS}
            if len(stems) > 1 and any(name in TARGETS for name in stems):
                scale = np.float32(0.35 / max(1e-4, np.abs(sum(stems.values())).max()))
                windows.append({name: sound * scale for name, sound in stems.items()})
        return windows


class OwnMixer(Mixer):
    """Draws training mixtures of a user's songs. Stereo stems keep their places."""

    def __init__(self, songs: OwnSongs, samples: int, seed: int):
        self.songs, self.samples, self.rng = songs, samples, random.Random(seed)
        self.augment, self.stereo = True, None
