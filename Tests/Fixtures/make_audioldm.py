"""Makes Tests/Fixtures/audioldm: a diffusers folder of a small AudioLDM with random weights, as
`save_pretrained` writes it, and expected.safetensors with what its parts and the whole give.

    python Tests/Fixtures/make_audioldm.py

Made with torch 2.13.0, transformers 5.24.0, diffusers 0.42.1.
"""

import shutil

import torch
import torch.nn.functional as F
from diffusers import AudioLDMPipeline, AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import (ClapTextConfig, ClapTextModelWithProjection, SpeechT5HifiGan,
                          SpeechT5HifiGanConfig)

from families import FIXTURES, last, roberta_tokenizer, save, shake

FOLDER = FIXTURES / "audioldm"
PROMPT, STEPS, GUIDANCE = "a dog barking", 4, 2.5


def vae():
    return shake(AutoencoderKL(
        in_channels=1, out_channels=1, latent_channels=4, block_out_channels=(8, 8, 16),
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1, norm_num_groups=4, scaling_factor=0.9))


def unet():
    return shake(UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, block_out_channels=(8, 16, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1, cross_attention_dim=(8, 16, 16), attention_head_dim=4,
        norm_num_groups=4, class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=12, class_embeddings_concat=True))


def text_encoder():
    return shake(ClapTextModelWithProjection(ClapTextConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=48, projection_dim=12)))


def vocoder():
    model = SpeechT5HifiGan(SpeechT5HifiGanConfig(
        model_in_dim=16, sampling_rate=16000, upsample_initial_channel=32, upsample_rates=[4, 2],
        upsample_kernel_sizes=[8, 5], resblock_kernel_sizes=[3, 7],
        resblock_dilation_sizes=[[1, 3], [1, 2]], normalize_before=True))
    model.mean.copy_(0.1 * torch.randn(16))
    model.scale.copy_(1 + 0.1 * torch.rand(16))
    return shake(model, 0.1)


@torch.no_grad()
def main():
    torch.manual_seed(0)
    shutil.rmtree(FOLDER, ignore_errors=True)
    tokenizer = roberta_tokenizer(FOLDER / "tokenizer")
    scheduler = DDIMScheduler(
        beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1)
    pipe = AudioLDMPipeline(
        vae=vae(), text_encoder=text_encoder(), tokenizer=tokenizer, unet=unet(),
        scheduler=scheduler, vocoder=vocoder())
    pipe.set_progress_bar_config(disable=True)
    pipe.save_pretrained(FOLDER)
    # The U-Net is stored in half precision, to which its weights were rounded.
    pipe.unet.half().save_pretrained(FOLDER / "unet")
    pipe.unet.float()

    out = {}
    texts = [PROMPT, "thunder and wind over the water, birds"]
    ids = tokenizer(texts, padding=True, return_tensors="pt")
    embeds = pipe.text_encoder(**ids).text_embeds
    out["text.ids"], out["text.mask"] = ids.input_ids, ids.attention_mask
    out["text.embeddings"] = F.normalize(embeds, dim=-1)

    mel = torch.randn(2, 1, 24, 16)
    moments = pipe.vae.encode(mel).latent_dist
    out["vae.mel"], out["vae.mean"] = last(mel), last(moments.mean)
    out["vae.log_variance"] = last(moments.logvar)
    out["vae.decoded"] = last(pipe.vae.decode(moments.mean).sample)

    latents, t = torch.randn(2, 4, 8, 4), torch.tensor([7, 481])
    out["unet.latents"], out["unet.timesteps"] = last(latents), t
    out["unet.sample"] = last(pipe.unet(
        latents, t, encoder_hidden_states=None, class_labels=out["text.embeddings"]).sample)
    odd = torch.randn(1, 4, 7, 5)
    out["unet.odd"] = last(odd)
    out["unet.odd_sample"] = last(pipe.unet(
        odd, t[1:], encoder_hidden_states=None, class_labels=out["text.embeddings"][1:]).sample)

    sound = torch.randn(2, 20, 16)
    out["vocoder.mel"], out["vocoder.waveform"] = sound, pipe.vocoder(sound)

    noise = torch.randn(1, 4, 10, 4)
    audio = pipe(
        PROMPT, negative_prompt="", num_inference_steps=STEPS, guidance_scale=GUIDANCE,
        latents=noise, audio_length_in_s=(40 * 8 - 3) / 16000, output_type="pt").audios
    out["pipeline.noise"], out["pipeline.waveform"] = last(noise), audio
    save("audioldm/expected.safetensors", out)


main()
