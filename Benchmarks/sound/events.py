"""Judges sound events through the program: added to scenes, and dropped from them.

    python -m Benchmarks.sound.events [--items 64] [--split validation] [--operations add drop]

Events and scenes are of a split that no training heard. The judge is a forest of trees on statistics of
the log-mel, fitted anew on the train split's events and synthesis (minutes); its thresholds let 5% of
dev's other events pass. It says what it is worth first: how often it detects true events of the split,
and other events than those that are there. Then, for `add`, how often the asked event is detected in
what was added; for `drop`, the SI-SDR improvement of the rest in dB, how often the event is detected in
what was taken out, and no longer in what is left. Needs the sources of Models/training/sound and
`$AEDIT_WORK`.
"""

import argparse
import pathlib
import tempfile

import numpy as np
import soundfile
from sklearn.ensemble import ExtraTreesClassifier

from Benchmarks.quality.metrics import BANK, RATE, magnitudes, si_sdr
from Models.training.sound.mixtures import MADE, SoundMixer

from .run import edited

SECONDS = 6
FITTED, TUNED = 120, 24  # of each event
FALSE_RATE = 0.05
#: What is asked for where a class's name alone is not taken for a sound.
SAID = {"steps": "footsteps", "water": "running water", "phone": "ringing phone",
        "insects": "crickets", "door": "slamming door", "gun": "gunshot", "glass": "breaking glass",
        "hammer": "hammering"}


def statistics(sound: np.ndarray) -> np.ndarray:
    """Of the log-mel's frames that sound: mean, deviation, extremes, and how it moves in time."""
    sound = sound / max(1e-9, np.abs(sound).max())
    mel = np.log(np.maximum(magnitudes(sound) @ BANK.T, 1e-4))[:, ::2]
    level = mel.mean(1)
    loud = mel[level > level.max() - 4]
    steps = np.abs(np.diff(mel, axis=0))
    moving = np.abs(np.fft.rfft(level - level.mean()))[1:60] / len(level)
    return np.concatenate([loud.mean(0), loud.std(0), mel.std(0), steps.mean(0), np.log(moving + 1e-4),
                           [len(loud) / len(mel)]])


class Judge:
    def __init__(self):
        train, dev = (SoundMixer(split, SECONDS, 3) for split in ("train", "dev"))
        names = [name for name in MADE for _ in range(FITTED)]
        self.model = ExtraTreesClassifier(600, min_samples_leaf=2, random_state=0)
        self.model.fit([statistics(train.event(name).mean(0)) for name in names], names)
        self.classes = list(self.model.classes_)
        truth = [name for name in MADE if name in dev.events.names for _ in range(TUNED)]
        found = self.probabilities([dev.event(name).mean(0) for name in truth])
        self.limits = {
            name: float(np.quantile(found[np.array(truth) != name, self.classes.index(name)],
                                    1 - FALSE_RATE)) for name in self.classes}

    def probabilities(self, sounds: list[np.ndarray]) -> np.ndarray:
        return self.model.predict_proba([statistics(sound) for sound in sounds])

    def detects(self, sound: np.ndarray, name: str) -> bool:
        if np.sqrt((sound**2).mean()) < 1e-5:
            return False
        return bool(self.probabilities([sound])[0, self.classes.index(name)] > self.limits[name])


def said(name: str) -> str:
    return SAID.get(name, name)


def changed(sound: np.ndarray, instruction: str, folder: pathlib.Path) -> np.ndarray:
    soundfile.write(folder / "in.wav", sound, RATE, "FLOAT")
    return edited(folder / "in.wav", instruction)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=64)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--operations", nargs="*", default=["add", "drop"])
    flags = parser.parse_args()
    judge = Judge()
    mixer = SoundMixer(flags.split, SECONDS, 4)
    items = [mixer.item() for _ in range(flags.items)]
    others = [items[(index + 1) % len(items)] for index in range(len(items))]
    true = np.mean([judge.detects(item.stem, item.target) for item in items])
    false = np.mean([judge.detects(other.stem, item.target) for item, other in zip(items, others)
                     if other.target != item.target])
    print(f"the judge detects {true:.0%} of {len(items)} true events of {flags.split}, and {false:.0%} "
          "of what are other events")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if "add" in flags.operations:
            found, levels = [], []
            for item in items:
                scene = item.rest.astype(np.float64)
                stem = changed(scene, f"add {said(item.target)}", folder) - scene
                found.append(judge.detects(stem, item.target))
                levels.append(10 * np.log10((stem**2).mean() / (scene**2).mean() + 1e-9))
            print(f"add: the asked event is detected in {np.mean(found):.0%} of what was added, which is "
                  f"{np.mean(levels):.1f} dB to the scene")
        if "drop" in flags.operations:
            rows = []
            for item in items:
                event, scene = (x.astype(np.float64) for x in (item.stem, item.rest))
                left = changed(event + scene, f"drop the {said(item.target)}", folder)
                taken = event + scene - left
                rows.append([si_sdr(left, scene) - si_sdr(event + scene, scene),
                             judge.detects(taken, item.target),
                             judge.detects(event + scene, item.target),
                             judge.detects(left, item.target), not taken.any()])
            gain, taken, before, after, nothing = np.mean(rows, 0)
            print(f"drop: the rest gains {gain:.2f} dB (median {np.median([r[0] for r in rows]):.2f}); "
                  f"the event is detected in {taken:.0%} of what was taken out, in {before:.0%} of the "
                  f"inputs and {after:.0%} of the outputs; nothing was done to {nothing:.0%}")


if __name__ == "__main__":
    main()
