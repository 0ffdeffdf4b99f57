"""Makes Tests/Fixtures/audit: the names and shapes of a small AUDIT model in Amphion's layout, its
configs, and what its parts and the whole give. The weights are `formula`'s (families.py).

    python Tests/Fixtures/make_audit.py

The reference is diffusers 0.42.1 (latent diffusion's arithmetic under other names: the tables below
are written by hand from open-mmlab/Amphion's code, whose way of cutting odd sizes is patched in),
transformers 5.24.0 and hifi-gan 0.0.2; torch 2.13.0.
"""

import json
import re

import sentencepiece
import torch
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from diffusers.models.upsampling import Upsample2D
from hifi_gan.models import Generator
from transformers import T5Config, T5EncoderModel

from families import FIXTURES, fill, formula, save

FOLDER = FIXTURES / "audit"
TOKENIZER = sentencepiece.SentencePieceProcessor(
    model_file=str(FIXTURES / "tokenizers/plain.spiece.model"))
STEPS, GUIDANCE = 6, 4.0
LATENT_TIMES = 7

LAYERS = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
          "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
# Two resolutions of one residual block each.
UNET = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "down_blocks.0.resnets.0": "input_blocks.1.0",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
    "down_blocks.1.resnets.0": "input_blocks.3.0",
    "down_blocks.1.attentions.0": "input_blocks.3.1",
    "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "up_blocks.0.resnets.0": "output_blocks.0.0", "up_blocks.0.attentions.0": "output_blocks.0.1",
    "up_blocks.0.resnets.1": "output_blocks.1.0", "up_blocks.0.attentions.1": "output_blocks.1.1",
    "up_blocks.0.upsamplers.0.conv": "output_blocks.1.2.conv",
    "up_blocks.1.resnets.0": "output_blocks.2.0", "up_blocks.1.resnets.1": "output_blocks.3.0",
    "conv_norm_out": "out.0", "conv_out": "out.2",
}
VAE = {
    "encoder.down_blocks.0.resnets.0": "encoder.down.0.block.0",
    "encoder.down_blocks.0.downsamplers.0.conv": "encoder.down.0.downsample.conv",
    "encoder.down_blocks.1.resnets.0": "encoder.down.1.block.0",
    "decoder.up_blocks.0.resnets": "decoder.up.1.block",
    "decoder.up_blocks.0.upsamplers.0.conv": "decoder.up.1.upsample.conv",
    "decoder.up_blocks.1.resnets": "decoder.up.0.block",
    "encoder.mid_block.resnets.0": "encoder.mid.block_1",
    "encoder.mid_block.resnets.1": "encoder.mid.block_2",
    "decoder.mid_block.resnets.0": "decoder.mid.block_1",
    "decoder.mid_block.resnets.1": "decoder.mid.block_2",
    "encoder.conv_norm_out": "encoder.norm_out", "decoder.conv_norm_out": "decoder.norm_out",
    "conv_shortcut": "nin_shortcut",
}


def unet_name(name):
    for ours, theirs in UNET.items():
        if name.startswith(ours + "."):
            rest = name[len(ours):]
            if ".resnets." in ours:
                layer = rest.split(".")[1]
                rest = rest.replace(layer, LAYERS[layer], 1)
            return "model.unet." + theirs + rest
    raise KeyError(name)


def vae_name(name):
    for ours, theirs in VAE.items():
        name = name.replace(ours + ".", theirs + ".")
    return "model." + name


def crop_after(self, hidden, output_size=None, *args, **kwargs):
    up = torch.nn.functional.interpolate(hidden, scale_factor=2.0, mode="nearest")
    up = self.conv(up)
    return up if output_size is None else up[..., : output_size[0], : output_size[1]]


def unet(channels):
    return UNet2DConditionModel(
        in_channels=channels, out_channels=4, block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), layers_per_block=1,
        cross_attention_dim=24, attention_head_dim=4)


class Attributes(dict):
    __getattr__ = dict.__getitem__


@torch.no_grad()
def main():
    torch.manual_seed(0)
    Upsample2D.forward = crop_after
    FOLDER.mkdir(exist_ok=True)
    shapes = {}
    model, editor = unet(4), unet(8)
    shapes["unet"], shapes["editor"] = fill(model, unet_name), fill(editor, unet_name)
    vae = AutoencoderKL(
        in_channels=1, out_channels=1, latent_channels=4, block_out_channels=(32, 32),
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1, mid_block_add_attention=False)
    shapes["vae"] = fill(vae, vae_name)
    vocoder_config = {
        "resblock": "1", "upsample_rates": [8, 8, 4], "upsample_kernel_sizes": [16, 16, 8],
        "upsample_initial_channel": 32, "resblock_kernel_sizes": [3],
        "resblock_dilation_sizes": [[1, 3, 5]], "num_mels": 80, "sampling_rate": 16000}
    vocoder = Generator(Attributes(vocoder_config))
    vocoder.remove_weight_norm()
    shapes["vocoder"] = fill(vocoder, lambda name: "generator." + name)
    t5_config = T5Config(
        vocab_size=1100, d_model=24, d_kv=6, d_ff=36, num_layers=2, num_heads=4,
        feed_forward_proj="relu")
    t5 = T5EncoderModel(t5_config).eval()
    shapes["text"] = fill(t5)
    shapes["text"].pop("encoder.embed_tokens.weight", None)
    t5.shared.weight.data = formula("shared.weight", [1100, 24])  # one table under two names
    (FOLDER / "names.json").write_text(json.dumps(shapes, indent=0) + "\n")
    (FOLDER / "vocoder.json").write_text(json.dumps(vocoder_config, indent=1) + "\n")
    (FOLDER / "t5.json").write_text(json.dumps(t5_config.to_diff_dict(), indent=1) + "\n")

    out = {}
    mel = torch.randn(1, 1, 80, 2 * LATENT_TIMES)
    mean = vae.encode(mel).latent_dist.mean
    turned = lambda x: x.movedim(1, -1).transpose(1, 2)  # noqa: E731 [B, time, bands, C]
    out["mel"], out["mean"], out["decoded"] = (
        turned(mel)[0, ..., 0], turned(mean), turned(vae.decode(mean).sample)[0, ..., 0])
    ids = torch.tensor([TOKENIZER.encode("a dog barking") + [1]])
    empty = torch.zeros_like(ids)
    empty[0, 0] = 1
    states = torch.cat([t5(empty).last_hidden_state, t5(ids).last_hidden_state])
    out["states"] = states
    noise, source = torch.randn(1, 4, 40, LATENT_TIMES), torch.randn(1, 4, 40, LATENT_TIMES)
    edited = editor(torch.cat([noise, source], 1), torch.tensor([501]), states[1:]).sample
    out["noise"], out["source"], out["edited"] = turned(noise), turned(source), turned(edited)

    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True,
        set_alpha_to_one=False, steps_offset=1)
    scheduler.set_timesteps(STEPS)
    latents = noise
    for t in scheduler.timesteps:
        answer = model(torch.cat([latents] * 2), t, states).sample
        away, towards = answer.chunk(2)
        latents = scheduler.step(
            away + GUIDANCE * (towards - away), t, latents).prev_sample
    out["latents"] = turned(latents)
    out["waveform"] = vocoder(vae.decode(latents).sample[:, 0])[:, 0]
    save("audit/expected.safetensors", out)


if __name__ == "__main__":
    main()
