"""Trains the phoneme aligner, judges it, and writes the corpus' phoneme times with it.

    python -m Models.training.speech.aligner --run aligner --minutes 60
    python -m Models.training.speech.aligner --run aligner --export aligner.safetensors
    python -m Models.training.speech.aligner --run aligner --judge aligner.safetensors
    python -m Models.training.speech.aligner --run aligner --align aligner.safetensors

The loss is the sum over all paths (`alignment.path_loss`), and the cross-entropy of frames that are
known: where a source knows its phonemes' times, which keeps posteriors as long as the phonemes are;
and silence outside of words whose times are known, or where it is quiet for long.
"""

import dataclasses
import json
import random

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from ..loop import Run, options
from ..music.features import Layout, filters, log_mel, stft
from .alignment import flat_start, path_loss, viterbi
from .augment import augmented
from .data import FOLDER, Drawer, Speech
from .networks import Aligner, AlignerConfig
from .phonemes import Phonemes

#: Shares of kinds of sources in training, by the start of their names; "" is what is left.
SHARES = {"queen": 0.4, "asterisk": 0.1, "tuxpaint": 0.1, "espeak": 0.2, "": 0.2}
LONGEST = 8.0  # seconds
UNKNOWN = -100
LOUD_DB = 25  # what lies less under the loud frames is surely a word
QUIET_DB, QUIET_FRAMES = 40, 10  # what is surely no word, where nobody knows the times


class Features:
    def __init__(self, config: AlignerConfig):
        self.layout = Layout(config.rate, config.n_fft, config.hop, config.bands)
        self.bank = filters(self.layout)
        self.seconds = config.hop * config.stride / config.rate  # of an output frame

    def mel(self, sounds: list[np.ndarray]) -> torch.Tensor:
        """Log-mel [B, T, bands] of sounds, padded with silence to the longest."""
        longest = max(map(len, sounds))
        batch = torch.stack([F.pad(torch.from_numpy(sound), (0, longest - len(sound)))
                             for sound in sounds])
        return log_mel(stft(batch, self.layout), self.bank)

    def labels(self, entry, sound: np.ndarray, frames: int) -> torch.Tensor:
        """The class of each output frame; UNKNOWN where the source does not know and it is not
        quiet for long in the clean sound."""

        def span(start: float, end: float) -> slice:
            return slice(round(start / self.seconds), round(end / self.seconds))

        if entry.phone_times is not None:
            classes = torch.zeros(frames, dtype=torch.long)
            for phones, times in zip(entry.phones, entry.phone_times):
                for phone, (start, end) in zip(phones, times):
                    classes[span(start, end)] = phone
            return classes
        if "word_times" in entry.row:
            classes = torch.zeros(frames, dtype=torch.long)
            for times in filter(None, entry.row["word_times"]):
                classes[span(*times)] = UNKNOWN
            return classes
        classes = torch.full((frames,), UNKNOWN)
        for start, end in quiet(sound, round(self.seconds * self.layout.rate)):
            classes[start:end] = 0
        classes[len(sound) // round(self.seconds * self.layout.rate) + 1 :] = 0
        return classes


def loud(sound: np.ndarray, hop: int, frames: int) -> torch.Tensor:
    """Which of `frames` frames of `hop` samples are surely speech, if the sound is clean speech."""
    power = np.square(sound[: len(sound) // hop * hop]).reshape(-1, hop).mean(1)[:frames]
    found = torch.zeros(frames, dtype=torch.bool)
    if len(power):
        limit = np.quantile(power, 0.9) * 10 ** (-LOUD_DB / 10) + 1e-8
        found[: len(power)] = torch.from_numpy(power > limit)
    return found


def quiet(sound: np.ndarray, hop: int) -> list[tuple[int, int]]:
    """Runs of at least QUIET_FRAMES frames of `hop` samples whose level lies QUIET_DB under speech."""
    power = np.square(sound[: len(sound) // hop * hop]).reshape(-1, hop).mean(1)
    if not len(power):
        return []
    low = power < np.quantile(power, 0.9) * 10 ** (-QUIET_DB / 10) + 1e-10
    edges = np.flatnonzero(np.diff(np.r_[0, low.astype(np.int8), 0]))
    return [(start, end) for start, end in zip(edges[::2], edges[1::2])
            if end - start >= QUIET_FRAMES]


def found(module: Aligner, features: Features, sound: np.ndarray, words) -> list:
    """For each word the (start, end) in seconds of its phonemes."""
    with torch.no_grad():
        logits = module(features.mel([sound]))[0]
    spans = viterbi(logits.float().log_softmax(-1).numpy(), words)
    limit = len(sound) / features.layout.rate

    def seconds(frame: int) -> float:  # a frame is centred on its time
        return round(min(max(0.0, (frame - 0.5) * features.seconds), limit), 4)

    return [[(seconds(a), seconds(b)) for a, b in word] for word in spans]


def errors(module: Aligner, features: Features, speech: Speech, entries) -> np.ndarray:
    """Errors of words' starts and ends in ms, [words, 2], where the truth is known."""
    rows = []
    for entry in entries:
        truth = entry.row.get("word_times") or [
            (times[0][0], times[-1][1]) for times in entry.row.get("phone_times", [])]
        if not truth:
            continue
        words = found(module, features, speech.sound(entry, features.layout.rate), entry.phones)
        rows += [(abs(word[0][0] - true[0]), abs(word[-1][1] - true[1]))
                 for word, true in zip(words, truth) if true]
    return 1000 * np.array(rows)


def loaded(path: str) -> Aligner:
    module = Aligner(AlignerConfig(phones=len(Phonemes())))
    module.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return module.eval()


def judge(module: Aligner, features: Features) -> None:
    print("| split | source | words | median | mean | 90% | over 100 ms |\n|---|---|---|---|---|---|---|")
    for split in ("dev", "validation"):
        speech = Speech(split)
        for source in sorted({entry.source for entry in speech.entries}):
            entries = [entry for entry in speech.entries if entry.source == source][:150]
            values = errors(module, features, speech, entries).reshape(-1)
            if len(values):
                print(f"| {split} | {source} | {len(values) // 2} | {np.median(values):.0f} | "
                      f"{values.mean():.0f} | {np.quantile(values, 0.9):.0f} | "
                      f"{(values > 100).mean():.0%} |", flush=True)


def align(module: Aligner, features: Features) -> None:
    """Writes `<source>.times` beside each source that knows no phoneme times: lines of an
    utterance's offset and times. Utterances shorter than their text are left out."""
    for split in ("train", "dev", "validation"):
        for path in sorted((FOLDER / split).glob("*.i16")):
            speech = Speech(split, [path.stem])
            if any(entry.phone_times for entry in speech.entries):
                continue
            part = path.with_suffix(".part")
            with open(part, "w") as out:
                for entry in speech.entries:
                    try:
                        sound = speech.sound(entry, features.layout.rate)
                        times = found(module, features, sound, entry.phones)
                    except ValueError:
                        continue
                    print(json.dumps([entry.row["offset"], times]), file=out)
            part.rename(path.with_suffix(".times"))
            print(split, path.stem, flush=True)


def main() -> None:
    parser = options(__doc__.splitlines()[0], 60)
    parser.add_argument("--judge", help="print word-time errors of exported weights")
    parser.add_argument("--align", help="write the corpus' phoneme times with exported weights")
    flags = parser.parse_args()
    config = AlignerConfig(phones=len(Phonemes()))
    features = Features(config)
    torch.set_num_threads(flags.threads)
    if flags.judge:
        return judge(loaded(flags.judge), features)
    if flags.align:
        return align(loaded(flags.align), features)
    run = Run(Aligner(config), flags, beside=lambda module: dataclasses.asdict(config) | {
        "symbols": Phonemes().symbols})
    speech = Speech("train")
    drawer = Drawer(speech, SHARES, run.step, LONGEST)
    rng = random.Random(run.step + 1)
    dev = Speech("dev")
    timed = [entry for entry in dev.entries if "word_times" in entry.row][:30]
    spoken = [entry for entry in dev.entries if entry.source == "queen"
              and 1 < entry.seconds < LONGEST][::12]

    seconds, counts = np.full(config.phones, 1e-3), np.full(config.phones, 1e-3 / 0.08)
    for entry in speech.entries:
        for phones, times in zip(entry.phones, entry.row.get("phone_times") and entry.phone_times or []):
            for phone, (start, end) in zip(phones, times):
                seconds[phone] += end - start
                counts[phone] += 1
    durations = seconds / counts
    prior = torch.full((config.phones,), 1 / config.phones)

    def guess(entry, spoken):
        """The places of an entry's phonemes, in frames."""
        times = entry.row.get("word_times")
        if entry.phone_times:
            times = [(word[0][0], word[-1][1]) for word in entry.phone_times]
        if not times or not all(times):
            return flat_start(entry.phones, durations, spoken)
        return flat_start(entry.phones, durations, spoken, [
            (start / features.seconds, end / features.seconds) for start, end in times])

    def losses(module):
        entries = drawer.draw(flags.batch)
        clean = [speech.sound(entry, config.rate) for entry in entries]
        sounds = [augmented(sound, config.rate, rng) for sound in clean]
        logits = module(features.mel(sounds)).float()
        labels = torch.stack([features.labels(entry, sound, logits.shape[1])
                              for entry, sound in zip(entries, clean)])
        with torch.autocast("cpu", enabled=False):
            hop = config.hop * config.stride
            heard = torch.stack([loud(sound, hop, logits.shape[1]) for sound in clean])
            places = [guess(entry, row.numpy()) for entry, row in zip(entries, heard)]
            path = path_loss(
                logits, [entry.phones for entry in entries], heard, places, prior)
            prior.lerp_(logits.detach().softmax(-1)[heard].mean(0), 0.02)
            known = labels != UNKNOWN
            frame = F.cross_entropy(logits[known], labels[known]) if known.any() else 0 * path
        return {"loss": path + 0.5 * frame, "path": path, "frame": frame}

    def evaluate(module):
        values = errors(module, features, dev, timed)
        mel = features.mel([dev.sound(entry, config.rate) for entry in spoken])
        path = path_loss(module(mel), [entry.phones for entry in spoken])
        return {"dev_ms": round(float(np.median(values)), 1), "dev_path": round(float(path), 4),
                "dev_ms_90": round(float(np.quantile(values, 0.9)), 1)}

    run.train(losses, evaluate, every_minutes=2)


if __name__ == "__main__":
    main()
