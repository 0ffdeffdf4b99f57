"""Makes Tests/Fixtures/audit/words.safetensors: what the small AUDIT model of that folder makes of
given latents by prompt-to-prompt (2208.01626), with the attention maps spelled out as in the paper.

    python Tests/Fixtures/make_prompt_to_prompt.py

The steps are diffusers'; the maps are changed in an attention processor of its U-Net. Packages:
requirements.txt beside this file.
"""

import difflib
import math

import torch
from diffusers import DDIMInverseScheduler, DDIMScheduler
from diffusers.models.upsampling import Upsample2D
from transformers import T5Config, T5EncoderModel

from families import fill, formula, save
from make_audit import LATENT_TIMES, TOKENIZER, crop_after, unet, unet_name

SOURCE, TARGET = "a dog barking", "a cat barking in the rain"
STRESSED, FACTOR = "rain", 2.0
STEPS, GUIDANCE, SHARE = 6, 2.5, 0.8


class Words:
    """Cross-attention of [source, target, negative], where the target's map is the source's, mapped
    token by token, and its own for new tokens."""

    def __init__(self, lengths, mapping, own):
        self.lengths, self.mapping, self.own = lengths, mapping, own
        self.active = True

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None,
                 temb=None, *args, **kwargs):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        B, N, C = hidden_states.shape
        split = lambda x: x.view(B, -1, attn.heads, C // attn.heads).transpose(1, 2)  # noqa: E731
        q, k, v = split(attn.to_q(hidden_states)), split(attn.to_k(context)), split(attn.to_v(context))
        scores = q @ k.transpose(-1, -2) / math.sqrt(C // attn.heads)
        if encoder_hidden_states is not None:
            for item, length in enumerate(self.lengths[:B]):
                scores[item, ..., length:] = -torch.inf
        maps = scores.softmax(-1)
        if encoder_hidden_states is not None and self.active and B == 3:
            maps[1] = maps[0] @ self.mapping + maps[1] * self.own
        y = (maps @ v).transpose(1, 2).reshape(B, N, C)
        return attn.to_out[0](y)


def mapped(source, target, factors):
    length = max(len(source), len(target))
    mapping, own = torch.zeros(length, length), torch.zeros(length)
    for kind, i0, i1, j0, j1 in difflib.SequenceMatcher(None, source, target, False).get_opcodes():
        if kind == "insert":
            own[j0:j1] = 1
        elif i1 - i0 == j1 - j0:
            mapping[range(i0, i1), range(j0, j1)] = 1
        elif kind == "replace":
            mapping[i0:i1, j0:j1] = 1 / (j1 - j0)
    return mapping * factors, own * factors


@torch.no_grad()
def main():
    torch.manual_seed(5)
    Upsample2D.forward = crop_after
    model = unet(4)
    fill(model, unet_name)
    t5 = T5EncoderModel(T5Config(
        vocab_size=1100, d_model=24, d_kv=6, d_ff=36, num_layers=2, num_heads=4,
        feed_forward_proj="relu")).eval()
    fill(t5)
    t5.shared.weight.data = formula("shared.weight", [1100, 24])
    source, target = (TOKENIZER.encode(text) + [1] for text in (SOURCE, TARGET))
    negative = [1] + [0] * (len(target) - 1)
    stressed = TOKENIZER.encode(STRESSED)
    length = max(len(source), len(target))
    factors = torch.ones(length)
    place = next(i for i in range(len(target)) if target[i : i + len(stressed)] == stressed)
    factors[place : place + len(stressed)] = FACTOR
    states = [t5(torch.tensor([ids])).last_hidden_state[0] for ids in (source, target, negative)]
    padded = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
    words = Words([len(ids) for ids in (source, target, negative)],
                  *mapped(source, target, factors))
    model.set_attn_processor(words)

    config = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                  set_alpha_to_one=False, steps_offset=1, clip_sample=False)
    forward, back = DDIMInverseScheduler(**config), DDIMScheduler(**config)
    forward.set_timesteps(STEPS)
    back.set_timesteps(STEPS)
    x0 = torch.randn(1, 4, 40, LATENT_TIMES)
    path = [x0]
    for t in forward.timesteps:
        answer = model(path[-1], t, padded[:1, : len(source)]).sample
        path.append(forward.step(answer, t, path[-1]).prev_sample)
    x = path[-1]
    for index, t in enumerate(back.timesteps):
        words.active = index < math.ceil(SHARE * STEPS)
        answers = model(torch.cat([path[STEPS - index], x, x]), t, padded).sample
        away, towards = answers[2:], answers[1:2]
        x = back.step(away + GUIDANCE * (towards - away), t, x).prev_sample
    turned = lambda x: x.movedim(1, -1).transpose(1, 2)  # noqa: E731 [B, time, bands, C]
    save("audit/words.safetensors", {"latents": turned(x0), "found": turned(path[-1]),
                                     "changed": turned(x)})


if __name__ == "__main__":
    main()
