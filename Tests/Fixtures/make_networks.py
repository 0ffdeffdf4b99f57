"""Makes Tests/Fixtures/networks/networks.safetensors: the default models' networks with small sizes
and random weights, their inputs and outputs; and Tests/Fixtures/t5/*: two small T5 encoders.

    python Tests/Fixtures/make_networks.py
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import T5Config, T5EncoderModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from Models.training import networks  # noqa: E402
from Models.training.bandwidth.network import HighBand, HighBandConfig  # noqa: E402
from Models.training.music import features, masknet  # noqa: E402
from Models.training.music.harmony import Hearing  # noqa: E402
from Models.training.text.model import Head  # noqa: E402

torch.manual_seed(0)
out = {}


def record(case, module, **tensors):
    for p in module.parameters():
        p.data += 0.02 * torch.randn_like(p)
    for name, value in module.state_dict().items():
        out[f"{case}.weights.{name}"] = value
    for name, value in tensors.items():
        out[f"{case}.{name}"] = value


@torch.no_grad()
def vae():
    module = networks.MelVAE(networks.MelVAEConfig(
        bands=12, frames_per_latent=4, dim=24, hidden=40, blocks=2, latent=6, latent_mean=0.3,
        latent_std=1.7, mel_mean=-5.0, mel_std=2.5))
    mel = torch.randn(2, 44, 12) * 2 - 5
    record("vae", module)
    mean, log_variance = module.encode(mel)
    record("vae", nn.Module(), mel=mel, mean=mean, log_variance=log_variance,
           decoded=module.decode(mean))


def text(width, items=2, length=7):
    mask = torch.ones(items, length, dtype=torch.bool)
    mask[-1, 4:] = False
    return torch.randn(items, length, width), mask


@torch.no_grad()
def mask():
    module = masknet.MaskNet(masknet.MaskNetConfig(
        bands=12, frames_per_token=2, patch_bands=4, dim=24, heads=3, blocks=3, grid_dim=32,
        grid_hidden=40, grid_blocks=2, stem_blocks=2, text_dim=14, topic_dim=10, mel_mean=-5.0,
        mel_std=2.5))
    record("mask", module)
    features, (states, present) = torch.randn(2, 42, 12, 3), text(14)
    features[..., 0] = 2 * features[..., 0] - 5
    logits, presence = module(features, states, present)
    record("mask", nn.Module(), features=features, text=states, text_mask=present, logits=logits,
           presence=presence)


@torch.no_grad()
def timbre():
    module = networks.Timbre(networks.TimbreConfig(latent=6, dim=24, hidden=40, blocks=2, targets=5))
    record("timbre", module)
    latents = torch.randn(2, 19, 6)
    record("timbre", nn.Module(), latents=latents, logits=module(latents))


def stereo():
    layout = features.Layout(44100, 4096, 1024, 256)
    bank = features.filters(layout)
    sound = torch.randn(2, 9000)
    sound[1] = 0.3 * sound[0] + 0.2 * sound[1] * torch.linspace(0, 1, 9000)
    sound[:, 7000:] = 0
    spectrum = features.stft(sound, layout)
    record("stereo", nn.Module(), sound=sound,
           features=features.stereo(spectrum, bank, features.spread(bank)))


@torch.no_grad()
def editor():
    module = networks.StemEditor(networks.StemEditorConfig(
        latent=6, dim=24, heads=3, blocks=4, text_dim=14, time_features=32, harmony=7, summary=4))
    for layer in (module.topic, module.song, *(path.out for path in module.memory)):
        torch.nn.init.normal_(layer.weight, std=0.3)  # zeros when training begins
    record("editor", module)
    (states, present), count = text(14), 21
    noise, mixture, answer = torch.randn(3, 2, count, 6)
    harmony = torch.rand(2, count, 7)
    known_mask = torch.zeros(2, count, 1)
    known_mask[:, :5] = 1
    known = answer * known_mask
    t = torch.tensor([0.2, 0.9])
    velocity = module(noise, t, mixture, known, known_mask, states, present, harmony)
    # What is left of two earlier chunks, of which the second is another item's.
    paths = None
    for item in range(2):
        summaries = []
        one = slice(item, item + 1)
        module(answer[one], torch.ones(1), mixture[one], answer[one], torch.ones(1, count, 1),
               states[:1], present[:1], harmony[one], None, summaries)
        paths = [torch.cat(pair, 1) for pair in zip(paths, summaries)] if paths else summaries

    def memory(rows):
        """For each item, whether it remembers."""
        mask = torch.tensor(rows)[:, None].expand(-1, paths[0].shape[1])
        return [path.expand(len(rows), -1, -1) for path in paths], mask

    remembering = module(noise, t, mixture, known, known_mask, states, present, harmony,
                         memory([True, True]))
    # A guided sample of the first item; the second text is the negative one, with and without song.
    x, steps, by_text, by_song = noise[:1], 4, 2.5, 1.5
    thrice = lambda y: y[:1].expand(3, -1, -1)  # noqa: E731
    of_song = lambda y: torch.stack([y[0], y[0], torch.zeros_like(y[0])])  # noqa: E731
    texts = torch.stack([states[0], states[1], states[1]])
    masks = torch.stack([present[0], present[1], present[1]])
    for step in range(steps):
        now = step / steps
        path = (1 - now) * noise[:1] + now * known[:1]
        x = torch.where(known_mask[:1] == 1, path, x)
        asked, heard, none = module(
            thrice(x), torch.full((3,), now), of_song(mixture), thrice(known), thrice(known_mask),
            texts, masks, of_song(harmony), memory([True, True, False])).split(1)
        x = x + (none + by_song * (heard - none) + by_text * (asked - heard)) / steps
    x = torch.where(known_mask[:1] == 1, known[:1], x)
    record("editor", nn.Module(), noise=noise, mixture=mixture, harmony=harmony, answer=answer,
           known=known, known_mask=known_mask, t=t, text=states, text_mask=present,
           velocity=velocity, remembering=remembering, sample=x)


@torch.no_grad()
def harmony():
    module = networks.Harmony(networks.HarmonyConfig(dim=24, hidden=40, blocks=2, kernel=9))
    module.tone_norm.weight.data += 0.3 * torch.randn(160)
    record("harmony", module)
    rows = 20
    sound = torch.randn(rows * 2048) * (torch.rand(rows * 2048) > 0.999)
    sound += 0.1 * torch.sin(2 * torch.pi * 330 * torch.arange(rows * 2048) / 44100)
    heard = Hearing()(sound, rows)
    chords, beats = module(heard[None])
    record("harmony", nn.Module(), sound=sound, features=heard, logits=torch.cat([chords, beats], -1),
           told=torch.cat([chords.softmax(-1), beats.sigmoid()], -1)[0])


@torch.no_grad()
def vocoder():
    module = networks.Vocoder(networks.VocoderConfig(
        bands=10, n_fft=32, hop=8, dim=24, hidden=40, blocks=2, mel_mean=-5.0, mel_std=2.5))
    record("vocoder", module)
    mel = torch.randn(2, 37, 10) * 2 - 5
    log_magnitude, advance, slope = module(mel)
    steps = [log_magnitude, advance.real, advance.imag, slope.real, slope.imag]
    record("vocoder", nn.Module(), mel=mel, steps=torch.cat(steps, -1))


@torch.no_grad()
def head():
    module = Head(5, width=12).eval()
    states = torch.randn(1, 9, 12)
    record("head", module)
    logits = module(states, torch.ones(1, 9, dtype=torch.bool))
    record("head", nn.Module(), states=states, logits=logits)


@torch.no_grad()
def t5(name, projection):
    config = T5Config(
        vocab_size=50, d_model=24, d_kv=6, d_ff=36, num_layers=2, num_heads=5,
        relative_attention_num_buckets=16, relative_attention_max_distance=40,
        feed_forward_proj=projection)
    model = T5EncoderModel(config).eval()
    for p in model.parameters():
        p.data += 0.1 * torch.randn_like(p)
    ids = torch.randint(2, 50, (2, 61))
    ids[1, 23:] = 0
    states = model(input_ids=ids, attention_mask=(ids != 0).long()).last_hidden_state
    folder = ROOT / "Tests/Fixtures/t5" / name
    folder.mkdir(parents=True, exist_ok=True)
    weights = {k: v for k, v in model.state_dict().items() if k != "encoder.embed_tokens.weight"}
    save_file({k: v.clone().contiguous() for k, v in weights.items()}, folder / "model.safetensors")
    save_file({"ids": ids.int(), "states": states[0], "padded": states[1, :23].contiguous()},
              folder / "expected.safetensors")
    (folder / "config.json").write_text(json.dumps(config.to_diff_dict(), indent=1) + "\n")


@torch.no_grad()
def bands():
    module = HighBand(HighBandConfig(
        bands=10, dim=24, hidden=40, blocks=2, mel_mean=-5.0, mel_std=2.5))
    record("bands", module)
    mel = 2 * torch.randn(1, 31, 10) - 5
    known = (torch.arange(10) < 6).float()
    record("bands", nn.Module(), mel=mel[0], levels=module(mel, known[None])[0])


vae(), mask(), timbre(), stereo(), editor(), head(), vocoder(), bands(), harmony()
t5("v1_0", "relu"), t5("v1_1", "gated-gelu")
folder = ROOT / "Tests/Fixtures/networks"
folder.mkdir(exist_ok=True)
save_file({k: v.detach().float().clone().contiguous() for k, v in out.items()},
          folder / "networks.safetensors")
