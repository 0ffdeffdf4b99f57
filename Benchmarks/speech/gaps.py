"""How well gaps in unseen speakers' speech are filled.

    python -m Benchmarks.speech.gaps --out work/gaps [--clips 25] [--whisper DIR]

Cuts gaps of 250, 500, 750 and 1000 ms out of validation speech (Models/training/speech), each in the
middle of a word, lets `aedit fill` fill them, and prints for each length: the log-mel L1 in the gap
(nat) of a straight line across the gap and of ours, the spectral flux of ours over the original's,
and, with a Whisper model for faster-whisper, the share of the words that the gap touches which it
does not hear, for silence, ours and the original. Rows with times need `aligner --align`.
"""

import argparse
import json
import random
import subprocess
from pathlib import Path

import numpy as np
import soundfile
import torch

from Models.training.music.features import Layout, filters, log_mel, stft
from Models.training.speech.data import Speech
from Models.training.speech.networks import interpolated

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ["asterisk-en", "queen"]
LENGTHS = [0.25, 0.5, 0.75, 1.0]


def items(clips: int):
    """(sound, rate, words, word times in seconds) of clips of 3 to 20 s, half of each source."""
    speech = Speech("validation", SOURCES, found_times=True)
    for source in SOURCES:
        found = [entry for entry in speech.entries if entry.source == source
                 and 3 < entry.seconds < 20 and entry.phone_times]
        random.Random(3).shuffle(found)
        for entry in found[: clips // len(SOURCES)]:
            rate = entry.row["rate"]
            words = [word for word, _ in entry.row["words"]]
            times = [(times[0][0], times[-1][1]) for times in entry.phone_times]
            yield speech.sound(entry, rate), rate, words, times


def mel_of(sound: np.ndarray, rate: int, layout: Layout, bank) -> torch.Tensor:
    import soxr

    scaled = soxr.resample(sound, rate, layout.rate).astype(np.float32)
    return log_mel(stft(torch.from_numpy(scaled)[None], layout), bank)


def plain(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "'" else " " for c in text.lower()).split()


def missed(heard: str, words: list[str]) -> float:
    """Share of the words that are not among those heard, each counted once."""
    left = plain(heard)
    wanted = plain(" ".join(words))
    lost = 0
    for word in wanted:
        if word in left:
            left.remove(word)
        else:
            lost += 1
    return lost / max(1, len(wanted))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--whisper", help="folder of a model for faster-whisper")
    parser.add_argument("--aedit", default=str(ROOT / ".build/release/aedit"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    listener = None
    if options.whisper:
        from faster_whisper import WhisperModel

        listener = WhisperModel(options.whisper, device="cpu", compute_type="int8", cpu_threads=1)

    def hear(path: Path) -> str:
        parts, _ = listener.transcribe(str(path), language="en", beam_size=1)
        return " ".join(part.text for part in parts)

    layout = Layout()
    bank = filters(layout)
    centres = (bank @ (torch.arange(bank.shape[1]) * layout.rate / layout.n_fft)) / bank.sum(1)
    rows = []
    for number, (sound, rate, words, times) in enumerate(items(options.clips)):
        name = options.out / f"{number}"
        original = name.with_suffix(".wav")
        soundfile.write(original, sound, rate, subtype="PCM_16")
        name.with_suffix(".txt").write_text(" ".join(words))
        inner = [(a, b) for a, b in times if a > 1 and b < len(sound) / rate - 1] or times
        middle = np.mean(random.Random(number).choice(inner))
        for length in LENGTHS:
            start = round(max(0.3, min(middle - length / 2, len(sound) / rate - length - 0.3)), 3)
            end = start + length
            cut = sound.copy()
            cut[int(start * rate) : int(end * rate)] = 0
            damaged, filled = (options.out / f"{number}.{kind}.wav" for kind in ("cut", "filled"))
            soundfile.write(damaged, cut, rate, subtype="PCM_16")
            run = subprocess.run(
                [options.aedit, "fill", damaged, "--transcript", name.with_suffix(".txt"), "--gap",
                 f"{start:.3f}-{end:.3f}", "-o", filled, "--force", "--quiet"],
                capture_output=True, text=True)
            row = {"item": number, "length": length, "status": run.returncode}
            rows.append(row)
            if run.returncode != 0:
                row["error"] = run.stderr.strip()
                continue
            made, _ = soundfile.read(filled, dtype="float32")
            true_mel, made_mel = (mel_of(x, rate, layout, bank) for x in (sound, made))
            frame = layout.rate / layout.hop
            first, last = int(np.ceil(start * frame)), int(end * frame)
            gap = torch.zeros(1, true_mel.shape[1], dtype=torch.bool)
            gap[:, first:last] = True
            band = centres < 0.475 * rate
            line = interpolated(true_mel, gap)

            def inside(mel):
                return mel[0, first:last][:, band]

            row["line"] = float((inside(line) - inside(true_mel)).abs().mean())
            row["ours"] = float((inside(made_mel) - inside(true_mel)).abs().mean())
            row["flux"] = float(inside(made_mel).diff(dim=0).abs().mean()
                                / inside(true_mel).diff(dim=0).abs().mean())
            if listener:
                touched = [word for word, (a, b) in zip(words, times) if b > start and a < end]
                for kind, path in (("silence", damaged), ("filled", filled), ("original", original)):
                    row[f"missed_{kind}"] = missed(hear(path), touched)
    (options.out / "rows.json").write_text(json.dumps(rows, indent=1) + "\n")
    heads = ["line", "ours", "flux"] + (
        ["missed_silence", "missed_filled", "missed_original"] if listener else [])
    print("| gap | clips | refused | " + " | ".join(heads) + " |\n" + "|---" * (3 + len(heads)) + "|")
    for length in LENGTHS:
        done = [row for row in rows if row["length"] == length and row["status"] == 0]
        refused = sum(row["length"] == length and row["status"] != 0 for row in rows)
        means = " | ".join(f"{np.mean([row[head] for row in done]):.2f}" if done else "-"
                           for head in heads)
        print(f"| {1000 * length:.0f} ms | {len(done)} | {refused} | {means} |")


if __name__ == "__main__":
    main()
