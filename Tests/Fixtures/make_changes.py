"""Makes Tests/Fixtures/audioldm/changes.safetensors: what the small AudioLDM of that folder makes of
given latents by SDEdit, inpainting, DDIM inversion and edit-friendly DDPM inversion.

    python Tests/Fixtures/make_changes.py

The steps are diffusers' (DDIMScheduler, DDIMInverseScheduler); the loops around them are written from
the papers: 2108.01073; 2201.09865, algorithm 1; 2304.06140, equations 4 to 6 (2402.10009).
Packages: requirements.txt beside this file.
"""

import torch
import torch.nn.functional as F
from diffusers import AudioLDMPipeline, DDIMInverseScheduler, DDIMScheduler

from families import FIXTURES, last, save

STEPS = 6
TARGET, SOURCE = "a dog barking", "thunder and wind"


def embedding(pipe, text):
    ids = pipe.tokenizer([text], return_tensors="pt")
    return F.normalize(pipe.text_encoder(**ids).text_embeds, dim=-1)


def guided(pipe, x, t, text, weight):
    texts = [text] if weight == 1 else ["", text]
    vectors = torch.cat([embedding(pipe, item) for item in texts])
    answers = pipe.unet(
        torch.cat([x] * len(texts)), t, encoder_hidden_states=None, class_labels=vectors).sample
    return answers if weight == 1 else answers[:1] + weight * (answers[1:] - answers[:1])


def noised(scheduler, x, noise, t):
    return scheduler.add_noise(x, noise, torch.tensor([t]))


def sdedit(pipe, scheduler, x0, noise, strength, weight, known=None):
    """`known`: 1 on latent times that are kept, [1, 1, T, 1]."""
    times = list(scheduler.timesteps)
    times = times[len(times) - int(len(times) * strength):]
    x = noised(scheduler, x0, noise, times[0])
    for t in times:
        if known is not None:
            x = known * noised(scheduler, x0, noise, t) + (1 - known) * x
        x = scheduler.step(guided(pipe, x, t, TARGET, weight), t, x).prev_sample
    return x if known is None else known * x0 + (1 - known) * x


def inversion(pipe, scheduler, x0, strength, weight):
    inverse = DDIMInverseScheduler.from_config(scheduler.config)
    inverse.set_timesteps(STEPS)
    count = int(STEPS * strength)
    x = x0
    for t in list(inverse.timesteps)[:count]:
        x = inverse.step(guided(pipe, x, t, SOURCE, 1), t, x).prev_sample
    found = x
    for t in list(scheduler.timesteps)[STEPS - count:]:
        x = scheduler.step(guided(pipe, x, t, TARGET, weight), t, x).prev_sample
    return found, x


def zeta(pipe, scheduler, x0, noises, strength, source_weight, weight):
    times = list(scheduler.timesteps)
    times = times[len(times) - int(len(times) * strength):]
    path = [noised(scheduler, x0, noise, t) for noise, t in zip(noises, times)] + [x0]
    x = path[0]
    for now, after, t in zip(path, path[1:], times):
        deviation = scheduler._get_variance(t, t - 1000 // STEPS) ** 0.5
        zero = torch.zeros_like(x)
        mean = scheduler.step(guided(pipe, now, t, SOURCE, source_weight), t, now, eta=1,
                              variance_noise=zero).prev_sample
        found = (after - mean) / deviation
        x = scheduler.step(guided(pipe, x, t, TARGET, weight), t, x, eta=1,
                           variance_noise=found).prev_sample
    return x


@torch.no_grad()
def main():
    torch.manual_seed(1)
    pipe = AudioLDMPipeline.from_pretrained(FIXTURES / "audioldm", torch_dtype=torch.float32)
    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    scheduler.set_timesteps(STEPS)
    x0, noises = torch.randn(1, 4, 10, 4), torch.randn(4, 1, 4, 10, 4)
    known = torch.ones(1, 1, 10, 1)
    known[:, :, 3:6] = 0
    found, inverted = inversion(pipe, scheduler, x0, 1, 2.5)
    out = {
        "latents": last(x0), "noises": noises.movedim(2, -1),
        "sdedit": last(sdedit(pipe, scheduler, x0, noises[0], 0.7, 2.5)),
        "inpaint": last(sdedit(pipe, scheduler, x0, noises[0], 1, 2.5, known)),
        "found": last(found), "inversion": last(inverted),
        "zeta": last(zeta(pipe, scheduler, x0, noises, 0.7, 2, 3)),
    }
    save("audioldm/changes.safetensors", out)


main()
