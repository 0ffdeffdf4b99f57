"""Judges a mask network's checkpoint on the dev items, and rules that tame an unsure mask.

    python -m Benchmarks.quality.mask_dev --run mask [--items DIR] [--rules] [--every 2]

Prints SI-SDR improvements in dB over doing nothing, of the extracted stem and of the remainder
(mixture minus extracted), by instrument; with `--rules` also what becomes of them when the mask is
scaled, bent or gated. Rules are chosen here, on dev, and only reported on validation.
"""

import argparse
import dataclasses
import json
import pathlib

import numpy as np
import torch

from Models.training.music.scores import others_than
from Models.training.work import WORK

from .items import COUNTS, load
from .masks import MaskEngine
from .metrics import si_sdr

BARS = ("drums", "bass", "guitar")


def confidence(mask: torch.Tensor, energy: torch.Tensor) -> torch.Tensor:
    """The share of the extracted energy that a calibrated mask expects to be right, 0 … 1."""
    return (mask**2 * energy).sum() / (mask * energy).sum().clamp_min(1e-12)


@dataclasses.dataclass
class Found:
    """What the network says of a stem in a mixture; a rule makes a mask [channels, frames, bands] of
    it. `others` are the logits of all other instruments."""

    logits: torch.Tensor
    others: torch.Tensor
    presence: float
    energy: torch.Tensor


def gate(low: float, high: float):
    def rule(found: Found) -> torch.Tensor:
        mask = found.logits.sigmoid()
        return mask * ((confidence(mask, found.energy) - low) / (high - low)).clamp(0, 1)
    return rule


def share(found: Found, part: float, scale: float = 1) -> torch.Tensor:
    """The mask led by `part` towards its share where all instruments' masks sum to more than one."""
    mask = (scale * found.logits).sigmoid()
    total = mask + (scale * found.others).sigmoid().sum(0)
    return mask * (1 - part + part / total.clamp_min(1))


RULES = {
    "mask": lambda found: found.logits.sigmoid(),
    "0.9 mask": lambda found: 0.9 * found.logits.sigmoid(),
    "mask^1.5": lambda found: found.logits.sigmoid() ** 1.5,
    "logit * 0.7": lambda found: (0.7 * found.logits).sigmoid(),
    "logit * 0.85": lambda found: (0.85 * found.logits).sigmoid(),
    "logit * 1.2": lambda found: (1.2 * found.logits).sigmoid(),
    "presence * mask": lambda found: torch.sigmoid(torch.tensor(found.presence))
    * found.logits.sigmoid(),
    "gate 0.2-0.5": gate(0.2, 0.5),
    "gate 0.3-0.6": gate(0.3, 0.6),
    "share": lambda found: share(found, 1),
    "three quarters share": lambda found: share(found, 0.75),
    "half share": lambda found: share(found, 0.5),
    "share of logit * 0.85": lambda found: share(found, 1, 0.85),
    "share of logit * 0.7": lambda found: share(found, 1, 0.7),
    "share of logit * 1.2": lambda found: share(found, 1, 1.2),
}


def judge(engine: MaskEngine, item, rules: dict, chunk_frames: int) -> dict:
    mixture, stem, rest = (item.sound(name) for name in ("mixture", "stem", "rest"))
    names = [item.target, *others_than(item.target)]
    spectrum, logits, presence, energy = engine.analyse(mixture, names, chunk_frames=chunk_frames)
    seen = Found(logits[0], logits[1:], presence[0], energy)
    before = si_sdr(mixture, stem), si_sdr(mixture, rest)
    out = {"target": item.target, "presence": seen.presence,
           "confidence": float(confidence(seen.logits.sigmoid(), energy)), "rules": {}}
    for name, rule in rules.items():
        found = engine.apply(spectrum, rule(seen), len(mixture))
        out["rules"][name] = (si_sdr(found, stem) - before[0],
                              si_sdr(mixture - found, rest) - before[1])
    found = engine.oracle(mixture, stem, bins=False)
    out["oracle"] = si_sdr(found, stem) - before[0], si_sdr(mixture - found, rest) - before[1]
    return out


def line(name: str, results: list[dict], values: list[tuple[float, float]]) -> str:
    extract, remove = np.array(values).T
    oracle = np.array([result["oracle"] for result in results]).mean(0)
    return (f"| {name} | {len(values)} | {extract.mean():.2f} | {np.median(extract):.2f} | "
            f"{remove.mean():.2f} | {np.median(remove):.2f} | {100 * (remove < 0).mean():.0f}% | "
            f"{oracle[0]:.1f} / {oracle[1]:.1f} | "
            f"{np.mean([result['presence'] for result in results]):.1f} | "
            f"{np.mean([result['confidence'] for result in results]):.2f} |")


def by_instrument(results: list[dict]) -> str:
    lines = ["| target | items | extract mean | median | remove mean | median | remove worse than "
             "nothing | oracle extract / remove | presence logit | confidence |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    groups = {target: [r for r in results if r["target"] == target] for target in COUNTS}
    groups["drums, bass, guitar"] = [r for r in results if r["target"] in BARS]
    groups["all"] = results
    for name, group in groups.items():
        if group:
            lines.append(line(name, group, [r["rules"]["mask"] for r in group]))
    return "\n".join(lines)


def by_rule(results: list[dict]) -> str:
    lines = ["| rule | extract d/b/g | extract all | remove d/b/g | remove all | "
             "worst instrument, remove mean | remove worse than nothing |",
             "|---|---|---|---|---|---|---|"]
    targets = np.array([result["target"] for result in results])
    bars = np.isin(targets, BARS)
    for name in results[0]["rules"]:
        extract, remove = np.array([result["rules"][name] for result in results]).T
        worst = min((remove[targets == target].mean(), target) for target in set(targets))
        lines.append(f"| {name} | {extract[bars].mean():.2f} | {extract.mean():.2f} | "
                     f"{remove[bars].mean():.2f} | {remove.mean():.2f} | "
                     f"{worst[1]} {worst[0]:.2f} | {100 * (remove < 0).mean():.0f}% |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", default="mask", help="name of the training run's folder")
    parser.add_argument("--model", type=pathlib.Path, help="a model package instead of a run")
    parser.add_argument("--items", type=pathlib.Path, default=WORK / "eval" / "dev")
    parser.add_argument("--rules", action="store_true", help="try all rules on the mask")
    parser.add_argument("--every", type=int, default=1, help="use one item in so many")
    parser.add_argument("--chunk-frames", type=int, default=256)
    parser.add_argument("--json", type=pathlib.Path, help="write every item's values here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    engine = (MaskEngine(options.model) if options.model
              else MaskEngine(WORK / "runs", options.run))
    rules = RULES if options.rules else {"mask": RULES["mask"]}
    results = [judge(engine, item, rules, options.chunk_frames)
               for item in load(options.items)[:: options.every]]
    print(f"{engine.network.trained}; SI-SDRi in dB\n")
    print(by_instrument(results))
    if options.rules:
        print("\n" + by_rule(results))
    if options.json:
        options.json.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
