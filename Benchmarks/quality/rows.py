"""The rows of the tables: where each takes its edited sound from."""

import json
import pathlib

import numpy as np
import soundfile

from .items import Item
from .masks import Masking
from .metrics import si_sdr
from .run import NO_EFFECT

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

    def __init__(self, codec):
        self.codec = codec

    def stamp(self, item: Item, operation: str) -> str | None:
        return self.codec.version

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
        lines = (folder / "runs.jsonl").read_text().splitlines()
        self.runs = {(row["id"], row["operation"]): row for row in map(json.loads, lines)}

    def path(self, item: Item, operation: str) -> pathlib.Path:
        return self.folder / item.id / f"{operation}.wav"

    def stamp(self, item: Item, operation: str) -> str | None:
        path = self.path(item, operation)
        return f"{path.stat().st_mtime_ns}" if path.exists() else None

    def sound(self, item: Item, operation: str) -> np.ndarray:
        return soundfile.read(self.path(item, operation), always_2d=True)[0]

    def result(self, item: Item, operation: str) -> np.ndarray:
        """For add: output minus input, the stem as a listener gets it."""
        out = self.sound(item, operation)
        return out - item.sound("rest") if operation == "add" else out

    def unfaithful_steps(self, item: Item) -> float:
        """For add: the largest difference between output and input plus saved stem, in 16-bit
        steps; rounding alone is half a step."""
        stem = soundfile.read(self.folder / item.id / "add.stem.wav", always_2d=True)[0]
        error = self.sound(item, "add") - np.clip(item.sound("rest") + stem, -1, 32767 / 32768)
        return float(np.abs(error).max() * 32768)

    def facts(self, operation: str) -> dict:
        """How many edits had no audible effect, as the program said, and how long one took."""
        runs = [row for (_, name), row in self.runs.items() if name == operation]
        return {"no effect": float(np.mean([row["exit"] == NO_EFFECT for row in runs])),
                "seconds": float(np.median([row["seconds"] for row in runs]))}

    def cycle(self, item: Item) -> float | None:
        """Add, then remove what was added: how much nearer to the song, in dB, the second step
        brings what the first made."""
        if not self.path(item, "cycle").exists():
            return None
        song, added = item.sound("rest"), self.sound(item, "add")
        return si_sdr(self.sound(item, "cycle"), song) - si_sdr(added, song)
