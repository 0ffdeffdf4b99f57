"""What the path across chunks buys on long songs: added stems of a minute, with and without it.

    python -m Benchmarks.quality.chunks --split validation --songs 8 --out DIR [--model DIR]

Rows: `remembered` as the program does it; `carried`, the same weights with the path across chunks at
zero, so that a chunk knows only the end of the one before; `apart`, each stretch of six seconds edited as
a file of its own. Columns: chroma agreement and onset F1 with the song, and the cosine distance between the
timbre of the stem's first and last third, as the timbre classifier's last layer hears it (of true stems as
well).
"""

import argparse
import pathlib
import shutil
import subprocess
import json

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file, save_file

from Models.training.music.editor import load_timbre
from Models.training.music.features import Layout, filters, log_mel, stft
from Models.training.music.latents import load_vae
from Models.training.music.songs import RATE, Songs
from Models.training.package import sha256

from . import adding
from .metrics import chroma_cosine, onset_f1
from .run import NO_EFFECT, default_binary

PIECE = 6 * RATE
TARGETS = ["piano", "electric guitar", "strings", "organ", "synth lead", "bass", "brass", "acoustic guitar"]


def forgetful(model: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """A copy of a package whose editor's path across chunks gives zero."""
    shutil.copytree(model, out, dirs_exist_ok=True)
    weights = load_file(out / "editor.safetensors")
    for name in weights:
        if name.startswith("memory.") and ".out." in name:
            weights[name] = torch.zeros_like(weights[name])
    save_file(weights, out / "editor.safetensors")
    manifest = json.loads((out / "model.json").read_text())
    manifest["sha256"]["editor.safetensors"] = sha256(out / "editor.safetensors")
    (out / "model.json").write_text(json.dumps(manifest))
    return out


class Ear:
    """Embeds sounds [samples] by the timbre classifier's last layer."""

    def __init__(self, model: pathlib.Path):
        self.vae = load_vae(str(model / "vae.safetensors"))
        self.timbre = load_timbre(str(model / "timbre.safetensors"))
        self.layout = Layout()
        self.bank = filters(self.layout)

    @torch.no_grad()
    def __call__(self, sound: np.ndarray) -> np.ndarray:
        sound = torch.from_numpy(np.float32(sound / max(1e-5, np.abs(sound).max()) * 0.35))
        mel = log_mel(stft(sound, self.layout), self.bank)
        mel = mel[: len(mel) // 4 * 4][None]
        config = self.vae.config
        x = self.timbre.embed((self.vae.encode(mel)[0] - config.latent_mean) / config.latent_std)
        for block in self.timbre.blocks:
            x = block(x)
        x = self.timbre.norm(x)
        return torch.cat([x.mean(1), x.amax(1)], -1)[0].numpy()

    def drift(self, sound: np.ndarray) -> float:
        third = len(sound) // 3
        a, b = self(sound[:third]), self(sound[-third:])
        return float(1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def added(aedit, model: pathlib.Path, sound: np.ndarray, target: str, folder: pathlib.Path):
    """The stem [samples] that is made for a sound."""
    source, stem = folder / "in.wav", folder / "stem.wav"
    soundfile.write(source, sound, RATE, subtype="FLOAT")
    command = [aedit, source, f"add {target}", "-o", folder / "out.wav", "--save-stem", stem, "--model",
               model.parent, "--seed", "1", "--force", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, NO_EFFECT):
        raise SystemExit(f"add {target}: {done.stderr.strip()}")
    return soundfile.read(stem, always_2d=True)[0].mean(1)


def packages(model: pathlib.Path, out: pathlib.Path, forget: bool) -> pathlib.Path:
    """A folder of packages as the program takes it, and in it the music package."""
    folder = out / ("forgetful" if forget else "whole")
    shutil.copytree(model.parent / "text", folder / "text", dirs_exist_ok=True)
    if forget:
        return forgetful(model, folder / "music")
    shutil.copytree(model, folder / "music", dirs_exist_ok=True)
    return folder / "music"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", choices=["dev", "validation"], default="validation")
    parser.add_argument("--songs", type=int, default=8)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path("Models/music"))
    parser.add_argument("--aedit", type=pathlib.Path, default=default_binary())
    flags = parser.parse_args()
    flags.out.mkdir(parents=True, exist_ok=True)
    whole, forgetting = (packages(flags.model, flags.out, forget) for forget in (False, True))
    songs, ear = Songs(flags.split), Ear(flags.model)
    long = sorted((i for i in range(len(songs)) if songs.songs[i][1]["samples"] > 45 * RATE),
                  key=lambda i: -songs.songs[i][1]["samples"])[: flags.songs]
    rows: dict[str, list] = {"true stem": [], "remembered": [], "carried": [], "apart": []}
    for number, index in enumerate(long):
        song = songs.songs[index][1]
        stems = dict(songs.stems(index, 0, song["samples"]))
        there = [name for name in TARGETS if name in stems]
        if not there or len(stems) < 2:
            continue
        target = there[number % len(there)]
        rest = sum(sound for name, sound in stems.items() if name != target)
        rest = rest / np.abs(rest).max() * 0.5
        pieces = [rest[start : start + PIECE] for start in range(0, len(rest) - PIECE // 2, PIECE)]
        sounds = {
            "true stem": stems[target],
            "remembered": added(flags.aedit, whole, rest, target, flags.out),
            "carried": added(flags.aedit, forgetting, rest, target, flags.out),
            "apart": np.concatenate([added(flags.aedit, whole, piece, target, flags.out)
                                     for piece in pieces])}
        own, beats = adding.sketch(rest), adding.beats(rest)
        for name, sound in sounds.items():
            made = adding.sketch(sound)
            rows[name].append((chroma_cosine(made.chroma, own.chroma, beats),
                               onset_f1(made.onsets, own.onsets), ear.drift(sound)))
    print(f"{len(rows['apart'])} songs of {flags.split}\n")
    print("| stems | chroma with the song | onsets with the song | timbre, first to last third |")
    print("|---|---|---|---|")
    for name, values in rows.items():
        chroma, onsets, drift = np.mean(values, 0)
        print(f"| {name} | {chroma:.3f} | {onsets:.3f} | {drift:.4f} |")


if __name__ == "__main__":
    main()
