"""Noises and music from game packages, and the voices of the speech corpus.

    python -m Models.training.sound.recordings

decodes noises and music to mono int16 of 44.1 kHz under `$AEDIT_WORK/sound/{noises,music}/<split>/`; a
package belongs to one split. Voices are read from `$AEDIT_WORK/speech`, which
`Models.training.speech.corpus` builds.
"""

import fnmatch
import io
import json
import pathlib
import random
import zipfile
from collections.abc import Iterator

import numpy as np
import soxr

from ..music.recordings import decoded
from ..music.songs import RATE
from ..work import ROOT, WORK, fetch

SHARE = ROOT / "usr" / "share"
#: Split -> package -> folder and names of what is used. Licences: GPL-2+ if nothing else is said.
NOISES = {
    "train": {"0ad-data": ("games/0ad/mods/public/public.zip", "ambient/building/*.ogg"
                           " dayscape/*.ogg ambient/water/*.ogg weather/*.ogg"),  # CC-BY-SA-3.0
              "sonic-pi-samples": ("sonic-pi/samples", "vinyl_hiss.flac ambi_lunar_land.flac"
                                   " ambi_swoosh.flac loop_3d_printer.flac ambi_sauna.flac")},  # CC0
    "dev": {"hedgewars-data": ("games/hedgewars/Data/Sounds", "steam.ogg plane.ogg drillgun.ogg"
                               " bee.ogg flamethrower.ogg blowtorch.ogg minigun.ogg rcplane.ogg"
                               " jetpackboost.ogg ufo.ogg steps.ogg")},  # GFDL-1.3
    "validation": {"wesnoth-1.16-data": ("games/wesnoth/1.16/data/core/sounds/ambient", "*.ogg")},
}
MUSIC = {
    "train": {"wesnoth-1.16-music": ("games/wesnoth/1.16/data/core/music", "*.ogg")},
    "dev": {"extremetuxracer-data": ("games/etr/music", "*.ogg")},
    "validation": {"planetblupi-music-ogg": ("planetblupi/music", "*.ogg")},  # GPL-3+
}
#: Synthetic voices are drawn this much less often than human ones.
SYNTHETIC = ("espeak", "festival", "flite")
SYNTHETIC_WEIGHT = 0.3
#: Minutes of narrow-band voices count less beside those that reach over 10 kHz.
WIDE_WEIGHT = 3.0


def found(place: str, names: str) -> Iterator[tuple[str, pathlib.Path | io.BytesIO]]:
    """Stem and file of what has one of the names, below a folder or in an archive. Names may have
    folders before them."""
    def wanted(path: pathlib.PurePath) -> bool:
        return any(fnmatch.fnmatch("/".join(path.parts[-1 - name.count("/") :]), name)
                   for name in names.split())

    if (SHARE / place).is_file():
        with zipfile.ZipFile(SHARE / place) as archive:
            for path in map(pathlib.PurePosixPath, sorted(archive.namelist())):
                if wanted(path):
                    yield path.stem, io.BytesIO(archive.read(str(path)))
    else:
        yield from ((path.stem, path) for path in sorted((SHARE / place).rglob("*"))
                    if wanted(path))


def unlabelled(source: tuple[str, str]) -> Iterator[tuple[dict, np.ndarray]]:
    for name, file in found(*source):
        yield {"name": name}, decoded(file)


def build(kind: str, sources: dict, pieces=unlabelled) -> None:
    """Stores what `pieces` makes of each package's entry: fields of its line, int16 samples."""
    for split, packages in sources.items():
        fetch(list(packages))
        folder = WORK / "sound" / kind / split
        folder.mkdir(parents=True, exist_ok=True)
        for package, source in packages.items():
            lines, offset = [], 0
            with open(folder / f"{package}.part", "wb") as out:
                for fields, sound in pieces(source):
                    out.write(sound.tobytes())
                    lines.append(json.dumps(fields | {"offset": offset, "samples": len(sound)}))
                    offset += len(sound)
            (folder / f"{package}.part").rename(folder / f"{package}.i16")
            (folder / f"{package}.jsonl").write_text("\n".join(lines) + "\n")
            print(kind, split, package, len(lines), round(offset / RATE / 60, 1), "min", flush=True)


class Recordings:
    """Random crops of the pieces of a kind and split, float32 [samples]; short pieces are repeated,
    each time faded into the next."""

    def __init__(self, kind: str, split: str, rng: random.Random):
        self.rng = rng
        self.pieces = []
        for path in sorted((WORK / "sound" / kind / split).glob("*.jsonl")):
            sound = np.memmap(path.with_suffix(".i16"), np.int16, "r")
            self.pieces += [(sound, json.loads(line)) for line in path.read_text().splitlines()]
        if not self.pieces:
            raise SystemExit(f"no {kind} of {split}: run Models.training.sound.recordings")

    def crop(self, samples: int, repeated: bool = True) -> np.ndarray:
        while True:
            sound, piece = self.rng.choice(self.pieces)
            length = piece["samples"]
            if length < RATE // 2 or not repeated and length <= samples:
                continue
            whole = sound[piece["offset"] : piece["offset"] + length]
            if length > samples:
                start = self.rng.randrange(length - samples)
                found = whole[start : start + samples].astype(np.float32) / 32768
            else:
                found = looped(whole.astype(np.float32) / 32768, samples, self.rng)
            if (found**2).mean() > 1e-7:
                return found


def looped(sound: np.ndarray, samples: int, rng: random.Random) -> np.ndarray:
    fade = min(len(sound) // 4, RATE // 10)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    sound = sound.copy()
    sound[:fade] *= ramp
    sound[-fade:] *= ramp[::-1]
    out = np.zeros(samples + len(sound), np.float32)
    at = -rng.randrange(len(sound) - fade)
    while at < samples:
        begin = max(0, at)
        out[begin : at + len(sound)] += sound[begin - at :]
        at += len(sound) - fade
    return out[:samples]


class Voices:
    """One talker at a time: utterances of a speaker one after the other, with pauses."""

    def __init__(self, split: str, rng: random.Random, human: bool = False):
        self.rng = rng
        self.speakers: dict[str, list] = {}
        weights: dict[str, float] = {}
        for path in sorted((WORK / "speech" / split).glob("*.jsonl")):
            synthetic = path.stem.startswith(SYNTHETIC)
            if synthetic and human:
                continue
            sound = np.memmap(path.with_suffix(".i16"), np.int16, "r")
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                name = f"{path.stem} {row['speaker']}"
                self.speakers.setdefault(name, []).append((sound, row))
                weights[name] = (SYNTHETIC_WEIGHT if synthetic else 1.0) * (
                    WIDE_WEIGHT if row["rate"] > 22050 else 1.0)
        if not self.speakers:
            raise SystemExit(f"no voices of {split}: run Models.training.speech.corpus")
        # By the square root: a speaker of many lines is heard more, but not alone.
        self.names = sorted(self.speakers)
        self.weights = [weights[name] * len(self.speakers[name]) ** 0.5 for name in self.names]

    def crop(self, samples: int) -> tuple[np.ndarray, float]:
        """float32 [samples] and where its band ends, Hz."""
        rng = self.rng
        lines = self.speakers[rng.choices(self.names, self.weights)[0]]
        out = np.zeros(samples, np.float32)
        at = -rng.randrange(2 * RATE)
        top = RATE / 2
        while at < samples:
            sound, row = rng.choice(lines)
            own = sound[row["offset"] : row["offset"] + row["samples"]].astype(np.float32) / 32768
            own = soxr.resample(own, row["rate"], RATE) if row["rate"] != RATE else own
            own /= max(1e-3, float(np.sqrt((own**2).mean())))
            begin, end = max(0, at), min(samples, at + len(own))
            if end > begin:
                out[begin:end] += own[begin - at : end - at]
                top = min(top, row["rate"] / 2)
            at += len(own) + int(RATE * rng.triangular(0.05, 1.2, 0.2))
        return out, top


def main() -> None:
    build("noises", NOISES)
    build("music", MUSIC)


if __name__ == "__main__":
    main()
