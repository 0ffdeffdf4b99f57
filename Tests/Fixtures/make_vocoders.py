"""Makes Tests/Fixtures/vocoders: small HiFi-GANs (V1's and V3's residual blocks), BigVGANs and
Vocos' with random weights, with their authors' configs and names, and what they make of a mel.

    python Tests/Fixtures/make_vocoders.py

The references are the packages hifi-gan 0.0.2 (jik876/hifi-gan), bigvgan 2.4.1 (NVIDIA/BigVGAN) and
vocos 0.1.0 (gemelo-ai/vocos), each installed without its dependencies; torch 2.13.0.
"""

import json
import sys
import types

import torch
from bigvgan import bigvgan
from hifi_gan import models as hifigan
from safetensors.torch import save_file

from families import FIXTURES, save, save_half, shake

FOLDER = FIXTURES / "vocoders"
GENERATOR = {
    "upsample_rates": [4, 2], "upsample_kernel_sizes": [8, 4], "upsample_initial_channel": 32,
    "resblock_kernel_sizes": [3, 7], "num_mels": 10, "sampling_rate": 22050}


class Attributes(dict):
    __getattr__ = dict.__getitem__


@torch.no_grad()
def generator(case, module, config, mel):
    shake(module, 0.05)
    save_half(f"vocoders/{case}/generator.safetensors", module)
    (FOLDER / case / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    return {f"{case}.waveform": module(mel)[:, 0]}


@torch.no_grad()
def vocos(case, padding, mel):
    # The package imports an audio codec and torchaudio, which mel models do not need.
    sys.modules.setdefault("encodec", types.ModuleType("encodec")).EncodecModel = None
    audio = types.ModuleType("torchaudio")
    functional = types.ModuleType("torchaudio.functional.functional")
    functional._hz_to_mel = functional._mel_to_hz = None
    sys.modules.setdefault("torchaudio", audio)
    sys.modules.setdefault("torchaudio.functional", types.ModuleType("torchaudio.functional"))
    sys.modules.setdefault("torchaudio.functional.functional", functional)
    from vocos.heads import ISTFTHead
    from vocos.models import VocosBackbone

    module = torch.nn.Module()
    module.backbone = VocosBackbone(
        input_channels=10, dim=16, intermediate_dim=24, num_layers=2)
    module.head = ISTFTHead(dim=16, n_fft=32, hop_length=8, padding=padding)
    shake(module, 0.2)
    state = module.state_dict()
    state["feature_extractor.mel_spec.spectrogram.window"] = torch.hann_window(32)
    state["feature_extractor.mel_spec.mel_scale.fb"] = torch.rand(17, 10)
    target = FOLDER / case
    target.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in state.items()}, target / "model.safetensors")
    (target / "config.yaml").write_text(f"""\
feature_extractor:
  class_path: vocos.feature_extractors.MelSpectrogramFeatures
  init_args:
    sample_rate: 24000
    n_fft: 32
    hop_length: 8
    n_mels: 10
    padding: {padding}

backbone:
  class_path: vocos.models.VocosBackbone
  init_args:
    input_channels: 10
    dim: 16  # narrow
    intermediate_dim: 24
    num_layers: 2

head:
  class_path: vocos.heads.ISTFTHead
  init_args:
    dim: 16
    n_fft: 32
    hop_length: 8
    padding: {padding}
""")
    return {f"{case}.waveform": module.head(module.backbone(mel))}


def main():
    torch.manual_seed(0)
    mel = torch.randn(2, 10, 21)
    wide = torch.randn(2, 80, 21)  # hifi-gan takes 80 bands alone
    out = {"mel": mel.transpose(1, 2), "wide_mel": wide.transpose(1, 2)}
    for case, block, dilations in [("hifigan_v1", "1", [[1, 3, 5], [1, 3, 5]]),
                                   ("hifigan_v3", "2", [[1, 2], [2, 6]])]:
        config = GENERATOR | {
            "num_mels": 80, "upsample_initial_channel": 16, "resblock": block,
            "resblock_dilation_sizes": dilations}
        if block == "2":
            config |= {"upsample_kernel_sizes": [9, 4]}
        out |= generator(case, hifigan.Generator(Attributes(config)), config, wide)
    for case, extra in [
        ("bigvgan_v1", {"resblock": "1", "activation": "snake"}),
        ("bigvgan_v2", {"resblock": "1", "activation": "snakebeta", "use_tanh_at_final": False,
                        "use_bias_at_final": False}),
        ("bigvgan_singles", {"resblock": "2", "activation": "snakebeta"}),
    ]:
        config = GENERATOR | extra | {
            "resblock_dilation_sizes": [[1, 3], [1, 5]], "snake_logscale": True}
        module = bigvgan.BigVGAN(Attributes(config))
        config.pop("use_cuda_kernel", None)
        out |= generator(case, module, config, mel)
    for case, padding in [("vocos_center", "center"), ("vocos_same", "same")]:
        out |= vocos(case, padding, mel)
    save("vocoders/expected.safetensors", out)


main()
