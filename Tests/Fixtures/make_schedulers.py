"""Writes Tests/Fixtures/schedulers: whole trajectories of diffusers' schedulers over a network that is
a formula, `0.6 x + 0.2 cos(0.01 t + element)`. Made with diffusers 0.42.1 and torch 2.13.0.
"""

import json
from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file

folder = Path(__file__).parent / "schedulers"
folder.mkdir(exist_ok=True)

LATENT = dict(beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear")
AUDIOLDM = LATENT | dict(clip_sample=False, set_alpha_to_one=False, steps_offset=1)
CASES = [
    ("DDPMScheduler", {}, 9),
    ("DDPMScheduler", LATENT | dict(clip_sample=False, variance_type="fixed_large", timestep_spacing="trailing"), 7),
    ("DDPMScheduler", dict(beta_schedule="squaredcos_cap_v2", prediction_type="sample", timestep_spacing="linspace"), 8),
    ("DDPMScheduler", LATENT | dict(prediction_type="v_prediction", rescale_betas_zero_snr=True,
                                    timestep_spacing="trailing", clip_sample_range=0.8), 6),
    ("DDIMScheduler", AUDIOLDM, 10),
    ("DDIMScheduler", AUDIOLDM | dict(eta=0.7), 8),
    ("DDIMScheduler", {}, 7),
    ("DDIMScheduler", LATENT | dict(prediction_type="v_prediction", rescale_betas_zero_snr=True, clip_sample=False,
                                    timestep_spacing="trailing"), 9),
    ("DDIMScheduler", dict(beta_schedule="squaredcos_cap_v2", prediction_type="sample", timestep_spacing="linspace",
                           clip_sample=False), 5),
    ("PNDMScheduler", LATENT | dict(skip_prk_steps=True, steps_offset=1), 10),
    ("PNDMScheduler", LATENT | dict(skip_prk_steps=True, prediction_type="v_prediction", set_alpha_to_one=True), 2),
    ("PNDMScheduler", {}, 8),
    ("PNDMScheduler", dict(timestep_spacing="linspace", prediction_type="v_prediction"), 11),
    ("DPMSolverMultistepScheduler", LATENT, 10),
    ("DPMSolverMultistepScheduler", LATENT | dict(use_karras_sigmas=True), 20),
    ("DPMSolverMultistepScheduler", dict(beta_schedule="squaredcos_cap_v2", use_karras_sigmas=True,
                                         solver_type="heun", prediction_type="v_prediction"), 8),
    ("DPMSolverMultistepScheduler", LATENT | dict(timestep_spacing="leading", steps_offset=1, solver_order=1,
                                                  prediction_type="sample"), 6),
    ("DPMSolverMultistepScheduler", LATENT | dict(timestep_spacing="trailing", final_sigmas_type="sigma_min",
                                                  solver_type="heun"), 17),
    ("DPMSolverMultistepScheduler", LATENT | dict(rescale_betas_zero_snr=True, prediction_type="v_prediction",
                                                  timestep_spacing="trailing", euler_at_final=True), 9),
    ("DPMSolverMultistepScheduler", dict(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0), 7),
    ("EulerDiscreteScheduler", LATENT, 10),
    ("EulerDiscreteScheduler", LATENT | dict(use_karras_sigmas=True, timestep_spacing="leading", steps_offset=1), 8),
    ("EulerDiscreteScheduler", LATENT | dict(prediction_type="v_prediction", rescale_betas_zero_snr=True,
                                             timestep_spacing="trailing"), 7),
    ("EulerDiscreteScheduler", dict(prediction_type="sample", final_sigmas_type="sigma_min"), 6),
    ("HeunDiscreteScheduler", LATENT, 6),
    ("HeunDiscreteScheduler", dict(use_karras_sigmas=True, prediction_type="v_prediction"), 7),
    ("HeunDiscreteScheduler", LATENT | dict(prediction_type="sample", clip_sample=True, clip_sample_range=0.5,
                                            timestep_spacing="trailing"), 5),
    ("FlowMatchEulerDiscreteScheduler", {}, 8),
    ("FlowMatchEulerDiscreteScheduler", dict(shift=3.0), 6),
]


def network(x: torch.Tensor, t: float) -> torch.Tensor:
    return 0.6 * x + 0.2 * torch.cos(0.01 * torch.tensor(t, dtype=torch.float64) + torch.arange(x.numel())).float()


tensors, cases = {}, []
for number, (name, options, steps) in enumerate(CASES):
    options = dict(options)
    eta = options.pop("eta", 0.0)
    scheduler = getattr(diffusers, name)(**options)
    scheduler.set_timesteps(steps)
    counts = hasattr(scheduler, "set_begin_index")
    if counts:
        scheduler.set_begin_index(0)  # else a time that stands twice is taken for its second place
    torch.manual_seed(number)
    x = torch.randn(1, 6) * float(getattr(scheduler, "init_noise_sigma", 1.0))
    scales = hasattr(scheduler, "scale_model_input")
    states, noises, inputs = [x[0]], [], []
    for index, t in enumerate(scheduler.timesteps):
        given = scheduler.scale_model_input(x, t) if scales else x
        output = network(given, float(t))
        extra = {}
        if name == "DDPMScheduler" or eta:
            extra["generator"] = torch.Generator().manual_seed(1000 * number + index)
            noises.append(torch.randn(6, generator=torch.Generator().manual_seed(1000 * number + index)))
        if eta:
            extra["eta"] = eta
        x = scheduler.step(output, t, x, **extra).prev_sample
        inputs.append(given[0])
        states.append(x[0])
    data, noise = torch.randn(6), torch.randn(6)
    noised = []
    for index, t in enumerate(scheduler.timesteps):
        if counts:
            scheduler._step_index, scheduler._begin_index = None, index
        add = scheduler.scale_noise if name.startswith("Flow") else scheduler.add_noise
        order = (data[None], t[None], noise[None]) if name.startswith("Flow") else (data[None], noise[None], t[None])
        noised.append(add(*order)[0])
    tensors |= {
        f"{number}.times": scheduler.timesteps.float(), f"{number}.states": torch.stack(states),
        f"{number}.inputs": torch.stack(inputs), f"{number}.noised": torch.stack(noised),
        f"{number}.data": data, f"{number}.noise": noise,
        f"{number}.sigma": torch.tensor(float(getattr(scheduler, "init_noise_sigma", 1.0)))}
    if noises:
        tensors[f"{number}.steps"] = torch.stack(noises)
    cases.append({"config": {"_class_name": name} | options, "steps": steps, "eta": eta})
save_file(tensors, folder / "trajectories.safetensors")
(folder / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
