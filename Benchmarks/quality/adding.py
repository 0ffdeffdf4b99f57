"""Does an added stem fit its song? Chroma and onsets against the song, and against other songs.

Every stem is compared with its own song and with the songs of all other items. The figure is
(own - others) / (true own - true others), where the true stems are those that the songs had: a stem
that ignores its song gets 0, one that fits as the true stem does gets 1.
"""

import dataclasses
import pathlib

import librosa
import numpy as np

from .items import Item
from .metrics import RATE, chroma_cosine, loudness, mono, onset_f1, si_sdr

HOP = 512


@dataclasses.dataclass
class Sketch:
    """What of a sound is compared: chroma [12, frames], onset times in seconds."""

    chroma: np.ndarray
    onsets: np.ndarray


def sketch(sound: np.ndarray) -> Sketch:
    flat = np.float32(mono(sound))
    level = float(np.sqrt((flat**2).mean()))
    if level < 1e-5:
        return Sketch(np.zeros((12, len(flat) // HOP + 1)), np.zeros(0))
    flat = flat / level
    chroma = librosa.feature.chroma_cqt(y=flat, sr=RATE, hop_length=HOP, norm=None, tuning=0.0)
    onsets = librosa.onset.onset_detect(y=flat, sr=RATE, hop_length=HOP, units="time")
    return Sketch(chroma, onsets)


def kept_sketch(path: pathlib.Path, stamp: str, make) -> Sketch:
    """The sketch of `make()`, or the one kept at `path` if it bears the stamp."""
    if path.exists():
        with np.load(path) as found:
            if str(found["stamp"]) == stamp:
                return Sketch(found["chroma"], found["onsets"])
    made = sketch(make())
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, stamp=stamp, chroma=np.float32(made.chroma), onsets=made.onsets)
    return made


def beats(sound: np.ndarray) -> np.ndarray:
    """Frame numbers of the song's beats; every half second where none is found."""
    flat = np.float32(mono(sound))
    found = librosa.beat.beat_track(y=flat, sr=RATE, hop_length=HOP)[1]
    return found if len(found) >= 4 else np.arange(0, len(flat) // HOP, RATE // 2 // HOP)


@dataclasses.dataclass
class Song:
    """An item's song without the stem."""

    sketch: Sketch
    beats: np.ndarray
    loudness: float


def song(item: Item, cache: pathlib.Path) -> Song:
    sound = item.sound("rest")
    own = kept_sketch(cache / "songs" / f"{item.id}.npz", "1", lambda: sound)
    return Song(own, beats(sound), loudness(sound))


def fits(stems: list[Sketch], songs: list[Song]) -> tuple[np.ndarray, np.ndarray]:
    """Chroma cosine and onset F1 of each stem (row) with each song (column)."""
    chroma = np.array([[chroma_cosine(a.chroma, b.sketch.chroma, b.beats) for b in songs]
                       for a in stems])
    onsets = np.array([[onset_f1(a.onsets, b.sketch.onsets) for b in songs] for a in stems])
    return chroma, onsets


def own_and_others(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row's score with its own song, and the mean of its scores with the others."""
    own = np.diagonal(scores)
    return own, (scores.sum(1) - own) / (scores.shape[1] - 1)


def normalised(ours: np.ndarray, true: np.ndarray) -> float:
    """(own - others) / (true own - true others), from square matrices of scores."""
    a, b = own_and_others(ours)
    c, d = own_and_others(true)
    return float((a - b).mean() / (c - d).mean())


def interval(ours: np.ndarray, true: np.ndarray, draws: int = 1000) -> tuple[float, float]:
    """The middle 90% of `normalised` over items drawn anew with replacement."""
    a, b = own_and_others(ours)
    c, d = own_and_others(true)
    picks = np.random.default_rng(0).integers(0, len(a), (draws, len(a)))
    values = (a - b)[picks].mean(1) / (c - d)[picks].mean(1)
    return float(np.percentile(values, 5)), float(np.percentile(values, 95))


def level(stem: np.ndarray, about: Song) -> float:
    """The stem's loudness relative to the song's, in LU."""
    return loudness(stem) - about.loudness


def likeness(stem: np.ndarray, item: Item) -> float:
    """SI-SDR in dB of the stem to the song: high when it copies the song."""
    return si_sdr(stem, item.sound("rest"))
