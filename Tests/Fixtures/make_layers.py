"""Makes Tests/Fixtures/layers/layers.safetensors: layers with small random weights, their inputs
and PyTorch's outputs. Names: CASE.weights..., CASE.x, CASE.y. All sequences are channel-last.

    python Tests/Fixtures/make_layers.py
"""

import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from transformers.models.t5.modeling_t5 import T5Attention

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from Models.training import networks  # noqa: E402

torch.manual_seed(0)
out = {}


def record(case, module, x, y, extra=None):
    for name, value in (module.state_dict() if module is not None else {}).items():
        out[f"{case}.{name}"] = value
    for name, value in (extra or {}).items():
        out[f"{case}.{name}"] = value
    out[f"{case}.x"] = x
    out[f"{case}.y"] = y


def last(x):
    """Channels from the second to the last dimension."""
    return x.movedim(1, -1)


def simple(case, module, *shape):
    for p in module.parameters():
        nn.init.normal_(p, 0.1, 0.5)
    x = torch.randn(shape)
    record(case, module, x, module(x))


def conv(case, module, *shape):
    nn.init.normal_(module.weight, 0, 0.3)
    x = torch.randn(shape)
    record(case, module, last(x), last(module(x)))


simple("linear", nn.Linear(37, 29), 2, 41, 37)
simple("linear_nobias", nn.Linear(16, 50, bias=False), 3, 16)
simple("layer_norm", nn.LayerNorm(45, eps=1e-6), 2, 7, 45)
simple("rms_norm", nn.RMSNorm(45, eps=1e-6), 2, 7, 45)
conv("group_norm", nn.GroupNorm(3, 21), 2, 21, 13)
conv("conv1d", nn.Conv1d(13, 21, 7, padding=3), 2, 13, 45)
conv("conv1d_strided", nn.Conv1d(8, 11, 4, stride=3, dilation=2, padding=5), 2, 8, 31)
conv("conv1d_grouped", nn.Conv1d(12, 9, 3, padding=1, groups=3), 2, 12, 17)
conv("conv1d_depthwise", nn.Conv1d(19, 19, 7, padding=3, groups=19), 2, 19, 33)
conv("conv2d", nn.Conv2d(5, 7, (3, 5), stride=(2, 1), dilation=(1, 2), padding=(1, 3)), 2, 5, 9, 14)
conv("conv2d_grouped", nn.Conv2d(6, 4, 3, padding=1, groups=2, bias=False), 1, 6, 5, 6)
conv("transpose1d", nn.ConvTranspose1d(9, 6, 8, stride=4, padding=2, output_padding=1), 2, 9, 11)
conv("transpose2d", nn.ConvTranspose2d(5, 4, (3, 4), stride=(1, 2), padding=(1, 1)), 2, 5, 6, 7)

ids = torch.tensor([3, 0, 9, 3])
table = nn.Embedding(10, 6)
record("embedding", table, ids.float(), table(ids))

x = torch.randn(2, 9, 10)
alpha, beta = torch.randn(10) * 0.5, torch.randn(10) * 0.5
record("snake", None, x, x + torch.sin(alpha.exp() * x) ** 2 / (alpha.exp() + 1e-9),
       {"alpha": alpha})
record("snake_beta", None, x, x + torch.sin(alpha.exp() * x) ** 2 / (beta.exp() + 1e-9),
       {"alpha": alpha, "beta": beta})

t = torch.tensor([0.0, 0.125, 0.73, 1.0])
record("timestep", None, t, networks.timestep_features(t, 64))

x = torch.randn(2, 5, 12)
scale, shift = torch.randn(2, 12), torch.randn(2, 12)
record("modulate", None, x, F.layer_norm(x, (12,), eps=1e-6) * (1 + scale[:, None]) + shift[:, None],
       {"scale": scale, "shift": shift})


class Attention(nn.Module):
    """Plain multi-head attention with separate projections, optionally rotary."""

    def __init__(self, dim, context, heads, rotary):
        super().__init__()
        self.heads, self.rotary = heads, rotary
        self.q, self.k = nn.Linear(dim, dim), nn.Linear(context, dim)
        self.v, self.o = nn.Linear(context, dim), nn.Linear(dim, dim)

    def forward(self, x, context, mask=None):
        def split(y):
            return y.view(*y.shape[:2], self.heads, -1).transpose(1, 2)

        q, k, v = split(self.q(x)), split(self.k(context)), split(self.v(context))
        if self.rotary:
            q = networks.rotary(q, torch.arange(q.shape[2]))
            k = networks.rotary(k, torch.arange(k.shape[2]))
        mask = None if mask is None else mask[:, None, None, :]
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.o(y.transpose(1, 2).reshape(x.shape))


x = torch.randn(2, 70, 24)
attention = Attention(24, 24, 3, rotary=True)
record("attention_rotary", attention, x, attention(x, x))
context, mask = torch.randn(2, 11, 10), torch.ones(2, 11, dtype=torch.bool)
mask[0, 7:] = False
mask[1, ::3] = False
attention = Attention(24, 10, 4, rotary=False)
record("attention_cross", attention, x, attention(x, context, mask),
       {"context": context, "mask": mask.float()})


class T5Config:
    is_decoder = False
    relative_attention_num_buckets, relative_attention_max_distance = 32, 128
    d_model, d_kv, num_heads, dropout_rate = 20, 6, 3, 0.0


bias = T5Attention(T5Config, has_relative_attention_bias=True)
nn.init.normal_(bias.relative_attention_bias.weight)
record("relative", None, torch.zeros(1), bias.compute_bias(150, 150)[0],
       {"weight": bias.relative_attention_bias.weight})

block = networks.ConvNeXtBlock(20, 44)
nn.init.normal_(block.gamma)
x = torch.randn(2, 39, 20)
record("convnext", block, x, block(x))

text, mask = torch.randn(2, 9, 10), torch.ones(2, 9, dtype=torch.bool)
mask[1, 5:] = False
x = torch.randn(2, 75, 24)
block = networks.Block(24, 10, 3)
for p in block.parameters():
    p.data += 0.05 * torch.randn_like(p)
modulation = torch.randn(2, 9, 24) * 0.5
record("block", block, x, block(x, text, mask, modulation),
       {"text": text, "mask": mask.float(), "modulation": modulation})

target = ROOT / "Tests/Fixtures/layers/layers.safetensors"
target.parent.mkdir(exist_ok=True)
save_file({k: v.detach().float().clone().contiguous() for k, v in out.items()}, target)
print(target.stat().st_size, "bytes")
