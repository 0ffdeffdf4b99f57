"""The data factory: renders songs as stems into one int16 array file a split.

    python -m Models.training.music.factory --split train --hours 8 --workers 2

Writes `songs/<split>/<worker>.i16` (raw mono stems at 44.1 kHz, one after the other) and
`<worker>.jsonl` with a line a song: `{"name", "samples", "stems": [{"instrument", "source",
"program", "offset"}], "beat", "beats_per_bar", "chords"}`, offsets in samples; the last three are
`scores.Harmony`, and missing where it is not known. Songs without two sounding stems are left out.
"""

import argparse
import dataclasses
import json
import multiprocessing
import random

import numpy as np

from ..work import WORK, fetch
from . import render, scores


def crop(parts: list[scores.Part], start: float, end: float) -> list[scores.Part]:
    """The notes that start inside [start, end), moved to zero."""
    out = []
    for part in parts:
        notes = [(a - start, min(b, end) - start, p, v) for a, b, p, v in part.notes
                 if start <= a < end]
        if len(notes) >= 3:
            out.append(scores.Part(part.instrument, part.program, notes))
    return out


def draw_song(rng: random.Random, split: str, grooves: list[str], tunes: list):
    """A name, parts, seconds and harmony: four in five songs from a groove, the rest from a MIDI
    tune."""
    if rng.random() < 0.8 or not tunes:
        groove = rng.choice(grooves)
        seconds = rng.uniform(30, 60)
        parts, harmony = scores.mma_song(rng, groove, seconds + 4)
        if harmony:
            bars = len(harmony.chords) * harmony.beats_per_bar * harmony.beat
            seconds = min(seconds, bars)
        return groove, crop(parts, 0, seconds), seconds, harmony
    path = rng.choice(tunes)
    try:
        parts = scores.midi_parts(path)
    except Exception:  # a MIDI file that mido refuses: the song is left out
        return path.stem, [], 0, None
    end = max((note[1] for part in parts for note in part.notes), default=0)
    seconds = min(end, rng.uniform(30, 60))
    start = rng.uniform(0, max(0, end - seconds))
    return path.stem, crop(parts, start, start + seconds), seconds, None


def work(split: str, worker: int, hours: float, seed: int) -> None:
    rng = random.Random(f"{split}-{worker}-{seed}")
    studio = render.Studio(split)
    grooves, tunes = scores.grooves(split), scores.tunes(split)
    folder = WORK / "songs" / split
    folder.mkdir(parents=True, exist_ok=True)
    total = offset = 0
    with open(folder / f"{worker}.i16", "wb") as sound, \
         open(folder / f"{worker}.jsonl", "w") as lines:
        while total < hours * 3600 * render.RATE:
            name, parts, seconds, harmony = draw_song(rng, split, grooves, tunes)
            stems, rows = [], []
            for part in scores.recast(rng, parts):
                stem, source = studio.render(part, seconds, rng)
                if np.sqrt(np.mean(stem**2)) > 1e-3:
                    rows.append({"instrument": part.instrument, "source": source,
                                 "program": part.program, "offset": offset})
                    stems.append(stem)
                    offset += len(stem)
            if len(stems) < 2:
                offset -= sum(len(stem) for stem in stems)
                continue
            for stem in stems:
                sound.write((stem * 32767).astype(np.int16).tobytes())
            row = {"name": name, "samples": len(stems[0]), "stems": rows}
            json.dump(row | (dataclasses.asdict(harmony) if harmony else {}), lines)
            lines.write("\n")
            sound.flush()
            lines.flush()
            total += len(stems[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=list(render.BANKS), required=True)
    parser.add_argument("--hours", type=float, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    fetch(render.PACKAGES)
    jobs = [multiprocessing.Process(
        target=work, args=(options.split, worker, options.hours / options.workers, options.seed))
        for worker in range(options.workers)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    if any(job.exitcode for job in jobs):
        raise SystemExit("a worker failed")


if __name__ == "__main__":
    main()
