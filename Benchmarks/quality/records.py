"""Writes test items of real records whose guitar is known: how far training is from them. Dev only.

    python -m Benchmarks.quality.records --out $AEDIT_WORK/eval/records
    python -m Benchmarks.quality.mask_dev --items $AEDIT_WORK/eval/records --rules

The four metal songs of Frets on Fire by muldjord (CC-BY-SA-3.0, Debian's fretsonfire-songs-muldjord)
come as the guitar and the rest, whose sum is the record. Ten seconds of every twenty are an item as
`items.py` has them, where both sound, at the record's own level. Nothing is trained on them.
"""

import argparse
import json
import pathlib

import numpy as np
import soundfile

from Models.training.work import ROOT, fetch

from .items import SECONDS, sounding

PACKAGE = "fretsonfire-songs-muldjord"
TARGET = "guitar"
EVERY = 20  # seconds between items


def parts(folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray, int]:
    """A song's guitar and rest, [samples, channels] of one length, and their rate."""
    (guitar, rate), (rest, same) = (soundfile.read(folder / f"{name}.ogg", always_2d=True)
                                    for name in ("guitar", "song"))
    assert rate == same
    length = min(len(guitar), len(rest))
    return guitar[:length], rest[:length], rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    fetch([PACKAGE])
    rows = []
    for path in sorted((ROOT / "usr/share/games/fretsonfire/data/songs").glob("muldjord/*/guitar.ogg")):
        folder = path.parent
        guitar, rest, rate = parts(folder)
        for start in range(0, len(guitar) - SECONDS * rate, EVERY * rate):
            crop = slice(start, start + SECONDS * rate)
            whole = {"stem": guitar[crop], "rest": rest[crop]}
            if not all(sounding(sound.mean(1)) for sound in whole.values()):
                continue
            scale = 0.9 / max(1.0, float(np.abs(guitar[crop] + rest[crop]).max()))
            whole = {name: np.rint(sound * scale * 32767).astype(np.int32)
                     for name, sound in whole.items()}
            whole["mixture"] = whole["stem"] + whole["rest"]
            row = {"id": f"{folder.name}-{start // rate:03}", "target": TARGET, "song": folder.name,
                   "start_seconds": start / rate, "others": [], "channels": guitar.shape[1],
                   "level_db": float(10 * np.log10((guitar[crop]**2).sum() / (rest[crop]**2).sum()))}
            (options.out / row["id"]).mkdir(parents=True, exist_ok=True)
            for name, sound in whole.items():
                soundfile.write(options.out / row["id"] / f"{name}.wav", sound.astype(np.int16), rate,
                                "PCM_16")
            rows.append(row)
    (options.out / "items.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(f"{len(rows)} items in {options.out}; the guitar lies "
          f"{np.mean([row['level_db'] for row in rows]):.1f} dB to the rest")


if __name__ == "__main__":
    main()
