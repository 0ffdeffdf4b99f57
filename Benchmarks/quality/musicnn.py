"""musicnn (Pons and Serra 2019, 1909.06654) in PyTorch, from the weights in its PyPI wheel.

The package itself needs TensorFlow 1; its wheel (0.1.0, ISC licence) holds the checkpoint, which is
read here directly. Used: `MTT_musicnn`, its penultimate layer (200 numbers) as the embedding of
the Fréchet audio distance, and its logits over 50 tags of MagnaTagATune.
"""

import hashlib
import pathlib
import subprocess
import sys
import zipfile

import librosa
import numpy as np
import soxr
import torch
import torch.nn.functional as F

from Models.training.work import WORK

from .metrics import RATE, mono

WHEEL = "musicnn-0.1.0-py3-none-any.whl"
SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
PATCH_FRAMES = 187  # three seconds
HOP_FRAMES = 110


def wheel() -> pathlib.Path:
    """The wheel, downloaded by pip once."""
    path = WORK / "judges" / WHEEL
    if not path.exists():
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d",
                        path.parent, "musicnn==0.1.0"], check=True)
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{path}: not the wheel that the tables were made with; delete it")
    return path


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data: bytes):
    """(number, value) of a protocol buffer's fields: integers, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        else:  # fixed32: a checksum
            value, at = data[at : at + 4], at + 4
        yield key >> 3, value


def block(data: bytes, handle: bytes):
    """(key, value) of a table's block; keys are stored without the prefix they share."""
    offset, at = varint(handle, 0)
    size, _ = varint(handle, at)
    body = data[offset : offset + size]
    end = size - 4 - 4 * int.from_bytes(body[-4:], "little")
    at, key = 0, b""
    while at < end:
        shared, at = varint(body, at)
        own, at = varint(body, at)
        length, at = varint(body, at)
        key = key[:shared] + body[at : at + own]
        at += own
        yield key, body[at : at + length]
        at += length


def bundle(index: bytes, data: bytes) -> dict[str, np.ndarray]:
    """The float32 tensors of a TensorFlow checkpoint (an index that is a LevelDB table)."""
    footer = index[-48:]
    _, at = varint(footer, 0)
    _, at = varint(footer, at)
    tensors = {}
    for _, handle in block(index, footer[at:]):
        for key, value in block(index, handle):
            if not key:
                continue  # the header
            entry = dict(fields(value))
            if entry.get(1) != 1:
                continue  # not float32
            shape = [dict(fields(dim)).get(1, 0) for number, dim in fields(entry.get(2, b""))
                     if number == 2]
            start = entry.get(4, 0)
            tensors[key.decode()] = np.frombuffer(
                data[start : start + entry[5]], np.float32).reshape(shape)
    return tensors


class Musicnn:
    """Embeddings and tag logits of three-second patches."""

    def __init__(self, model: str = "MTT_musicnn"):
        with zipfile.ZipFile(wheel()) as files:
            tensors = bundle(files.read(f"musicnn/{model}/.index"),
                             files.read(f"musicnn/{model}/.data-00000-of-00001"))
        self.weights = {name: torch.tensor(value) for name, value in tensors.items()
                        if "Adam" not in name}

    def norm(self, x: torch.Tensor, number: int) -> torch.Tensor:
        """Batch normalisation over the last axis, with the moving statistics (epsilon 1e-3)."""
        name = "batch_normalization" + (f"_{number}" if number else "")
        w = {part: self.weights[f"{name}/{part}"]
             for part in ("gamma", "beta", "moving_mean", "moving_variance")}
        return (x - w["moving_mean"]) * w["gamma"] / (w["moving_variance"] + 1e-3).sqrt() + w["beta"]

    def conv(self, x: torch.Tensor, number: int, padding=(0, 0, 0, 0)) -> torch.Tensor:
        """Convolution and ReLU: [B, time, bands, in] -> [B, time, bands, out]; the padding is
        (bands before, after, time before, after)."""
        name = "conv2d" + (f"_{number}" if number else "")
        kernel = self.weights[f"{name}/kernel"].permute(3, 2, 0, 1)
        y = F.conv2d(F.pad(x.permute(0, 3, 1, 2), padding), kernel, self.weights[f"{name}/bias"])
        return F.relu(y).permute(0, 2, 3, 1)

    def dense(self, x: torch.Tensor, number: int) -> torch.Tensor:
        name = "dense" + (f"_{number}" if number else "")
        return x @ self.weights[f"{name}/kernel"] + self.weights[f"{name}/bias"]

    @torch.no_grad()
    def middle(self, patches: torch.Tensor) -> torch.Tensor:
        """[B, frames, 96] -> front and middle layers, maximum and mean over time: [B, 1506]."""
        x = self.norm(patches[..., None], 0)
        heads = []
        for number in range(2):  # timbre: tall filters, maximum over bands
            heads.append(self.norm(self.conv(x, number, (0, 0, 3, 3)), number + 1).amax(2))
        for number, size in enumerate((128, 64, 32), 2):  # time: long filters
            before = (size - 1) // 2
            y = self.conv(x, number, (0, 0, before, size - 1 - before))
            heads.append(self.norm(y, number + 1).amax(2))
        front = torch.cat(heads, 2)[..., None]
        first = self.norm(self.conv(front, 5, (0, 0, 3, 3)), 6).transpose(2, 3)
        second = self.norm(self.conv(first, 6, (0, 0, 3, 3)), 7).transpose(2, 3) + first
        third = self.norm(self.conv(second, 7, (0, 0, 3, 3)), 8).transpose(2, 3) + second
        whole = torch.cat([front, first, second, third], 2)[..., 0]
        pooled = torch.stack([whole.amax(1), whole.mean(1)], 2)  # [B, C, 2], as TF flattens it
        return self.norm(pooled.flatten(1), 9)

    @torch.no_grad()
    def network(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[B, frames, 96] -> embeddings [B, 200] and logits [B, 50]."""
        x = self.middle(patches)
        embedding = self.norm(F.relu(self.dense(x, 0)), 10)
        return embedding, self.dense(embedding, 1)

    @staticmethod
    def patches(sound: np.ndarray, hop_frames: int) -> torch.Tensor:
        """[samples(, channels)] at 44.1 kHz -> [B, PATCH_FRAMES, 96]."""
        low = soxr.resample(np.float32(mono(sound)), RATE, 16000)
        mel = librosa.feature.melspectrogram(y=low, sr=16000, n_fft=512, hop_length=256,
                                             n_mels=96).T
        mel = np.log10(10000 * mel + 1).astype(np.float32)
        mel = np.pad(mel, ((0, max(0, PATCH_FRAMES - len(mel))), (0, 0)))
        starts = range(0, len(mel) - PATCH_FRAMES + 1, hop_frames)
        return torch.from_numpy(np.stack([mel[at : at + PATCH_FRAMES] for at in starts]))

    def pooled(self, sound: np.ndarray) -> np.ndarray:
        """Middle layers of patches side by side: [patches, 1506]."""
        return self.middle(self.patches(sound, PATCH_FRAMES)).numpy()

    def __call__(self, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """[samples(, channels)] at 44.1 kHz -> embeddings [patches, 200], mean logits [50]."""
        embedding, logits = self.network(self.patches(sound, HOP_FRAMES))
        return embedding.numpy(), logits.mean(0).numpy()
