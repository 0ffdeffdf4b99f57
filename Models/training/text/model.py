"""The small T5 v1.1 encoder with its heads.

Each head reads the token states `H` `[L, 256]` (after the final norm; `</s>` included):

    A = softmax over the tokens of (H @ query.T) / 16          [L, 4]
    x = concatenation of A[:, 0] @ H, ..., A[:, 3] @ H         [1024]
    y = relu(hidden.weight @ x + hidden.bias)                  [256]
    logits = output.weight @ y + output.bias

`operation`, `target` and `second` are softmax heads, `attributes` is a sigmoid for each label.
"""

import torch
from torch import nn
from torch.nn import functional as F
from transformers import T5Config, T5EncoderModel

from . import labels

QUERIES, HIDDEN = 4, 256


def config() -> T5Config:
    """T5 v1.1 layout, small."""
    return T5Config(
        vocab_size=4096, d_model=256, d_kv=64, d_ff=768, num_layers=4, num_heads=4,
        relative_attention_num_buckets=32, relative_attention_max_distance=128,
        feed_forward_proj="gated-gelu", dropout_rate=0.05, tie_word_embeddings=False,
        layer_norm_epsilon=1e-6, pad_token_id=0, eos_token_id=1, use_cache=False,
        is_encoder_decoder=False,
    )  # fmt: skip


class Head(nn.Module):
    """Attention-pooled classifier."""

    def __init__(self, classes: int, width: int = 256):
        super().__init__()
        self.query = nn.Parameter(torch.randn(QUERIES, width) * 0.3)
        self.hidden = nn.Linear(QUERIES * width, HIDDEN)
        self.output = nn.Linear(HIDDEN, classes)
        self.drop = nn.Dropout(0.1)

    def forward(self, states, mask):
        # [B, L, D], [B, L] -> [B, classes]
        scores = states @ self.query.T / states.shape[-1] ** 0.5
        scores = scores.masked_fill(~mask[..., None], -1e9).float()
        pooled = scores.softmax(1).to(states.dtype).transpose(1, 2) @ states
        return self.output(self.drop(torch.relu(self.hidden(pooled.flatten(1)))))


class TextModel(nn.Module):
    """Encoder, heads and (for training only) the projection to the teacher's space."""

    def __init__(self):
        super().__init__()
        self.t5 = T5EncoderModel(config())
        self.heads = nn.ModuleDict({
            "operation": Head(len(labels.OPERATIONS)), "target": Head(len(labels.TARGETS)),
            "second": Head(len(labels.TARGETS)), "attributes": Head(len(labels.ATTRIBUTES)),
        })  # fmt: skip
        self.project = nn.Linear(256, 384)

    def encode(self, ids):
        mask = ids != 0
        states = self.t5(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return states, mask

    def classify(self, states, mask) -> dict:
        return {name: head(states, mask) for name, head in self.heads.items()}

    def sentence(self, states, mask):
        """Mean state in the teacher's space, normalised: `[B, 384]`."""
        weight = mask[..., None].to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1)
        return nn.functional.normalize(self.project(mean).float(), dim=-1)


def head_loss(logits: dict, wanted: dict) -> torch.Tensor:
    """Cross entropies; attributes by binary cross entropy (sum over labels / 4)."""
    loss = 0.0
    for name, weight in (("operation", 1.0), ("target", 1.0), ("second", 0.5)):
        loss = loss + weight * F.cross_entropy(
            logits[name].float(), wanted[name], label_smoothing=0.02)  # fmt: skip
    binary = F.binary_cross_entropy_with_logits(
        logits["attributes"].float(), wanted["attributes"], reduction="none"
    )
    return loss + binary.sum(-1).mean() / 4


def pad(rows: list[list[int]]) -> torch.Tensor:
    """Ids padded with 0: `[B, L]`."""
    width = max(map(len, rows))
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])
