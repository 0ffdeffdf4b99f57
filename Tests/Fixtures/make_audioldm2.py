"""Makes Tests/Fixtures/audioldm2 and Tests/Fixtures/musicldm: diffusers folders of a small AudioLDM 2
and MusicLDM without weights (names.json has their names and shapes, `formula` of families.py their
values) and expected.safetensors with what their parts and the whole give.

    python Tests/Fixtures/make_audioldm2.py

Made with torch 2.13.0, transformers 5.24.0, diffusers 0.42.1.
"""

import json
import shutil

import diffusers
import torch
from diffusers import (AudioLDM2Pipeline, AudioLDM2ProjectionModel, AudioLDM2UNet2DConditionModel,
                       AutoencoderKL, DDIMScheduler, MusicLDMPipeline, UNet2DConditionModel)
from transformers import (ClapAudioConfig, ClapConfig, ClapModel, ClapTextConfig, GPT2Config,
                          GPT2LMHeadModel, PreTrainedTokenizerFast, SpeechT5HifiGan,
                          SpeechT5HifiGanConfig, T5Config, T5EncoderModel)

from families import FIXTURES, fill, formula, last, roberta_tokenizer, save

PROMPT, STEPS = "a dog barking", 4


def vae():
    return AutoencoderKL(
        in_channels=1, out_channels=1, latent_channels=4, block_out_channels=(8, 16),
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1, norm_num_groups=4, scaling_factor=0.5)


def vocoder():
    return SpeechT5HifiGan(SpeechT5HifiGanConfig(
        model_in_dim=16, sampling_rate=16000, upsample_initial_channel=32, upsample_rates=[4, 2],
        upsample_kernel_sizes=[8, 4], resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]],
        normalize_before=False))


def clap():
    text = ClapTextConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=24, max_position_embeddings=48, projection_dim=12)
    audio = ClapAudioConfig(
        spec_size=8, window_size=4, num_mel_bins=8, intermediate_size=8, depths=[1, 1],
        num_attention_heads=[1, 1], num_hidden_layers=2, hidden_size=16, patch_size=2,
        patch_stride=2, patch_embed_input_channels=4, patch_embeds_hidden_size=8,
        projection_dim=12)
    return ClapModel(ClapConfig(
        text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=12))


def scheduler():
    return DDIMScheduler(
        beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=False, steps_offset=1)


def write(folder, name, parts, tokenizers):
    """Fills the parts with weights and writes configs, names and the pipeline's index."""
    names = {}
    index = {"_class_name": name, "_diffusers_version": diffusers.__version__,
             "scheduler": ["diffusers", "DDIMScheduler"]}
    for part, item in (parts | tokenizers).items():
        index[part] = [type(item).__module__.split(".")[0], type(item).__name__]
    for part, module in parts.items():
        names[part] = fill(module)
        target = folder / part
        target.mkdir(parents=True, exist_ok=True)
        config = module.config
        text = module.to_json_string() if hasattr(module, "to_json_string") else \
            config.to_json_string(use_diff=False)
        (target / "config.json").write_text(text)
    (folder / "scheduler").mkdir()
    (folder / "scheduler/scheduler_config.json").write_text(scheduler().to_json_string())
    (folder / "model_index.json").write_text(
        json.dumps(index, indent=2, sort_keys=True) + "\n")
    return names


def finish(folder, names, out):
    (folder / "names.json").write_text(json.dumps(names, indent=0) + "\n")
    save(f"{folder.name}/expected.safetensors", out)


def ids_of(tokenizer):
    ids = tokenizer([PROMPT], return_tensors="pt")
    return {"text.ids": ids.input_ids, "text.mask": ids.attention_mask}


@torch.no_grad()
def musicldm():
    folder = FIXTURES / "musicldm"
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = roberta_tokenizer(folder / "tokenizer")
    tokenizer.save_pretrained(folder / "tokenizer")
    parts = {"vae": vae(), "text_encoder": clap(), "vocoder": vocoder(),
             "unet": UNet2DConditionModel(
                 sample_size=16, block_out_channels=(8, 16),
                 down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                 up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), layers_per_block=1,
                 cross_attention_dim=(8, 16), attention_head_dim=4, norm_num_groups=4,
                 class_embed_type="simple_projection", projection_class_embeddings_input_dim=12,
                 class_embeddings_concat=True)}
    names = write(folder, "MusicLDMPipeline", parts, {"tokenizer": tokenizer})
    pipe = MusicLDMPipeline(
        **parts, tokenizer=tokenizer, feature_extractor=None, scheduler=scheduler())
    pipe.set_progress_bar_config(disable=True)
    noise = torch.randn(1, 4, 12, 8)
    # The pipeline's own call of the text encoder does not know this transformers' answers.
    prompt, negative = [
        parts["text_encoder"].get_text_features(**tokenizer([text], return_tensors="pt"))
        .pooler_output for text in (PROMPT, "")]
    audio = pipe(
        prompt_embeds=prompt, negative_prompt_embeds=negative, num_inference_steps=STEPS,
        guidance_scale=2.0, latents=noise, audio_length_in_s=(24 * 8 - 3) / 16000,
        output_type="pt").audios
    finish(folder, names, ids_of(tokenizer) | {
        "pipeline.noise": last(noise), "pipeline.waveform": audio})


@torch.no_grad()
def audioldm2():
    folder = FIXTURES / "audioldm2"
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = roberta_tokenizer(folder / "tokenizer")
    tokenizer.save_pretrained(folder / "tokenizer")
    # The test copies the same file to tokenizer_2.
    tokenizer_2 = PreTrainedTokenizerFast(
        tokenizer_file=str(FIXTURES / "tokenizers/t5.tokenizer.json"), eos_token="</s>",
        pad_token="<pad>", model_max_length=512)
    t5 = T5EncoderModel(T5Config(
        vocab_size=len(tokenizer_2), d_model=24, d_kv=6, d_ff=36, num_layers=2, num_heads=4,
        feed_forward_proj="gated-gelu"))
    parts = {
        "vae": vae(), "text_encoder": clap(), "vocoder": vocoder(), "text_encoder_2": t5,
        "projection_model": AudioLDM2ProjectionModel(12, 24, 20),
        "language_model": GPT2LMHeadModel(GPT2Config(
            vocab_size=30, n_positions=64, n_embd=20, n_layer=2, n_head=4, max_new_tokens=8)),
        "unet": AudioLDM2UNet2DConditionModel(
            sample_size=16, block_out_channels=(8, 16),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), layers_per_block=1,
            cross_attention_dim=([None, 20, 24], [None, 20, 24]), attention_head_dim=4,
            norm_num_groups=4)}
    names = write(
        folder, "AudioLDM2Pipeline", parts, {"tokenizer": tokenizer, "tokenizer_2": tokenizer_2})
    # Tables that stand under two names.
    names["text_encoder_2"].pop("encoder.embed_tokens.weight", None)
    names["language_model"].pop("lm_head.weight", None)
    t5.shared.weight.data = formula("shared.weight", list(t5.shared.weight.shape))
    pipe = AudioLDM2Pipeline(
        **parts, tokenizer=tokenizer, tokenizer_2=tokenizer_2, feature_extractor=None,
        scheduler=scheduler())
    pipe.set_progress_bar_config(disable=True)
    states, mask, generated = pipe.encode_prompt(
        PROMPT, "cpu", 1, True, transcription=PROMPT, negative_prompt="")
    noise = torch.randn(1, 4, 12, 8)
    audio = pipe(
        PROMPT, transcription=PROMPT, negative_prompt="", num_inference_steps=STEPS,
        guidance_scale=3.5, latents=noise, audio_length_in_s=(24 * 8 - 3) / 16000,
        output_type="pt").audios
    latents, t = torch.randn(2, 4, 12, 8), torch.tensor([7, 481])
    sample = parts["unet"](
        latents, t, encoder_hidden_states=generated, encoder_hidden_states_1=states,
        encoder_attention_mask_1=mask, return_dict=False)[0]
    finish(folder, names, ids_of(tokenizer) | {
        "states": states, "mask": mask, "generated": generated,
        "unet.latents": last(latents), "unet.sample": last(sample),
        "pipeline.noise": last(noise), "pipeline.waveform": audio})


torch.manual_seed(0)
musicldm()
audioldm2()
