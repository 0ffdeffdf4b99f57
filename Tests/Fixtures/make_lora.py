"""Makes Tests/Fixtures/lora: a package with a small mask network of random weights, a LoRA for it,
and what the network gives with the LoRA beside its layers, as it is trained.

    python Tests/Fixtures/make_lora.py
"""

import dataclasses
import pathlib
import sys

import torch
from safetensors.torch import save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from Models.training.lora import LoRA, save_lora  # noqa: E402
from Models.training.music.masknet import MaskNet, MaskNetConfig  # noqa: E402
from Models.training.package import sha256, write_package  # noqa: E402

torch.manual_seed(0)
folder = ROOT / "Tests/Fixtures/lora"
folder.mkdir(exist_ok=True)
config = MaskNetConfig(
    bands=8, frames_per_token=2, patch_bands=4, dim=16, heads=2, blocks=2, grid_dim=16,
    grid_hidden=20, grid_blocks=1, stem_blocks=1, text_dim=10, topic_dim=8)
network = MaskNet(config)
for p in network.parameters():
    p.data = (p + 0.05 * torch.randn_like(p)).bfloat16().float()  # as the file holds them
weights = {name: value.bfloat16() for name, value in network.state_dict().items()}
save_file(weights, folder / "mask.safetensors")
write_package(
    folder, kind="music", version="1", licence="GPL-3.0-or-later",
    components={"mask": "mask.safetensors"}, config={"mask": dataclasses.asdict(config)})

lora = LoRA(network, rank=3, alpha=6)
for p in lora.parameters():
    p.data = (0.1 * torch.randn_like(p)).bfloat16().float()
save_lora(
    folder / "mask.lora.safetensors", lora.state_dict(), kind="music", component="mask",
    base_sha256=sha256(folder / "mask.safetensors"), rank=3, alpha=6, licence="GPL-3.0-or-later",
    note="make_lora.py")
features, text = torch.randn(1, 14, 8, 3), torch.randn(1, 5, 10)
features[..., 0] = 3 * features[..., 0] - 7
with torch.no_grad():
    logits, presence = lora(features, text, torch.ones(1, 5, dtype=torch.bool))
save_file({"features": features, "text": text, "logits": logits, "presence": presence},
          folder / "expected.safetensors")
