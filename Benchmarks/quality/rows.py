"""The rows of the tables: where each takes its edited sound from."""

import pathlib

import numpy as np
import soundfile

from .items import Item
from .masks import Masking

OPERATIONS = ("extract", "remove")


class DoNothing:
    name = "do nothing"

    def stamp(self, item: Item, operation: str) -> str | None:
        return "1"

    def result(self, item: Item, operation: str) -> np.ndarray:
        return item.sound("mixture")


class Oracle:
    """The best real mask in [0, 1], from the true stem."""

    def __init__(self, bins: bool):
        self.bins, self.masking = bins, Masking()
        bands = self.masking.layout.bands
        self.name = "oracle mask, every bin" if bins else f"oracle mask, {bands} bands"

    def stamp(self, item: Item, operation: str) -> str | None:
        return "1"

    def result(self, item: Item, operation: str) -> np.ndarray:
        mixture = item.sound("mixture")
        found = self.masking.oracle(mixture, item.sound("stem"), self.bins)
        return found if operation == "extract" else mixture - found


class Codec:
    """The true answer through VAE and vocoder: what a latent editor could reach at best."""

    name = "codec round-trip of the true answer"

    def __init__(self, codec, stamp: str):
        self.codec, self.version = codec, stamp

    def stamp(self, item: Item, operation: str) -> str | None:
        return self.version

    def result(self, item: Item, operation: str) -> np.ndarray:
        return self.codec(item.sound("rest" if operation == "remove" else "stem"))


class TrueStem:
    """For add: the stem that the song had."""

    name = "true stem"

    def stamp(self, item: Item, operation: str) -> str | None:
        return "1"

    def result(self, item: Item, operation: str) -> np.ndarray:
        return item.sound("stem")


class CopiedMixture:
    """For add: the song itself as the stem, which must not look good."""

    name = "copy of the song"

    def stamp(self, item: Item, operation: str) -> str | None:
        return "1"

    def result(self, item: Item, operation: str) -> np.ndarray:
        return item.sound("rest")


class Edited:
    """What a run of the program (or of the training networks) wrote."""

    def __init__(self, folder: pathlib.Path):
        self.folder, self.name = folder, folder.name

    def path(self, item: Item, operation: str) -> pathlib.Path:
        return self.folder / item.id / f"{operation}.wav"

    def stamp(self, item: Item, operation: str) -> str | None:
        path = self.path(item, operation)
        return f"{path.stat().st_mtime_ns}" if path.exists() else None

    def result(self, item: Item, operation: str) -> np.ndarray:
        """For add: output minus input, the stem as a listener gets it."""
        out = soundfile.read(self.path(item, operation), always_2d=True)[0]
        return out - item.sound("rest") if operation == "add" else out
