"""How well the mask network tells that an instrument is not there, on the dev or validation items.

    python -m Benchmarks.quality.absent --items DIR [--run mask | --model DIR] [--keep 0.95]

Every item is asked for its target and for all parts that it lacks, by shares as the program does. A part is
taken for absent when its presence is under `presence_threshold`, or what is found lies more than `least_lu`
under the mixture. For each part the highest `least_lu` (LU, in steps of a half) is sought that keeps a
share `--keep` of the removals of what is there; printed are that level, the share of absent parts that it
leaves alone, and the same without one. With `--given` (a package's `model.json`) its levels are judged
instead of sought: they are chosen on dev, and reported on validation.
"""

import argparse
import json
import pathlib

import numpy as np
import torch

from Models.training.music.scores import PARTS, members, others_than
from Models.training.work import WORK

from .items import load
from .mask_dev import Found, share
from .masks import MaskEngine
from .metrics import loudness, mono


def asked(engine: MaskEngine, item) -> list[tuple[str, bool, float, float]]:
    """For each part that is asked for: name, whether it is there, presence, LU to the mixture."""
    mixture = item.sound("mixture")
    there = {*members(item.target), *item.others}
    names = list(dict.fromkeys([item.target, *PARTS]))
    spectrum, logits, presence, energy = engine.analyse(mixture, names)
    whole, rows = loudness(mixture), []
    for index, name in enumerate(names):
        if there.intersection(members(name)) and name != item.target:
            continue  # how loud it is, is not known
        others = [names.index(other) for other in others_than(name)]
        mask = share(Found(logits[index], logits[others], presence[index], energy), 1)
        found = engine.apply(spectrum, mask, len(mixture))
        rows.append((name, name == item.target, 1 / (1 + float(np.exp(-presence[index]))),
                     loudness(found) - whole))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=pathlib.Path, required=True)
    parser.add_argument("--run", default="mask")
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--keep", type=float, default=0.95)
    parser.add_argument("--given", type=pathlib.Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    engine = (MaskEngine(options.model) if options.model
              else MaskEngine(WORK / "runs", options.run))
    given = json.loads(options.given.read_text())["defaults"]["least_lu"] if options.given else None
    rows = [row for item in load(options.items)[:: options.every] for row in asked(engine, item)]
    print("| part | there | absent | least LU | kept | left alone | left alone by presence alone |")
    print("|---|---|---|---|---|---|---|")
    chosen, total = {}, []
    for name in sorted({row[0] for row in rows}):
        there, absent = (np.array([row[2:] for row in rows if row[0] == name and row[1] == side])
                         .reshape(-1, 2) for side in (True, False))
        if not len(absent):
            continue

        def kept(values: np.ndarray, least: float) -> float:
            return float(((values[:, 0] >= 0.5) & (values[:, 1] >= least)).mean())

        least = -60.0
        if given is not None:
            least = given.get(name, least)
        elif len(there):
            goal = min(options.keep, kept(there, -60))
            least = max((level for level in np.arange(-60, -5, 0.5) if kept(there, level) >= goal))
        chosen[name] = float(least)
        total += [not ok for ok in (absent[:, 0] >= 0.5) & (absent[:, 1] >= least)]
        share_kept = f"{kept(there, least):.0%}" if len(there) else "-"
        print(f"| {name} | {len(there)} | {len(absent)} | {least:.1f} | {share_kept} | "
              f"{1 - kept(absent, least):.0%} | {(absent[:, 0] < 0.5).mean():.0%} |")
    print(f"\nleft alone, all absent parts: {np.mean(total):.0%}")
    print(json.dumps(chosen))


if __name__ == "__main__":
    main()
