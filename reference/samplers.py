"""Golden walks of the samplers by k-diffusion, torchsde and diffusers: with a function for a network, and with the tiny
Stable Diffusion that sampling.py makes. Needs k-diffusion, torchsde and SciPy besides.

    python reference/samplers.py

writes below crates/chatsd-diffusion/tests/goldens/sampling/:

rules.safetensors: for each walk `NAME.sigmas` (n + 1, the last one 0 but where a rule ends before), `NAME.noise` (what is
drawn, in order), `NAME.x` (the start, and what each step returns). Latents are 1 x 4 x 2 x 3 (NCHW), x0 + sigma * noise.

schedules.safetensors: `SCHEDULE.STEPS` of Stable Diffusion 1, by k-diffusion's wrapper, SciPy, and the formulas of
stable-diffusion-webui 1.10 (modules/sd_schedulers.py) and ComfyUI (comfy/samplers.py) written anew.

brownian.safetensors: `SOURCE.SEED` are the changes of torchsde's tree between the TIMES (pairs), each 4 x 4 x 3, divided as
k-diffusion divides them; for `gpu` torchsde draws from Philox, as stable-diffusion-webui lets it.

tiny-scripts.safetensors: of prompts that change and of several parts, the latents after each step of the tiny model.

tiny-walks.safetensors: `SAMPLER` are the latents after each step of the tiny model, guided, with the noise of seed 7.
"""

import inspect
import json
import math
from pathlib import Path

import k_diffusion.sampling as K
import numpy as np
import torch
from diffusers import PNDMScheduler, StableDiffusionPipeline, TCDScheduler
from safetensors.torch import save_file
from scipy import stats
from transformers import CLIPTokenizer

from noise import gpu
from sampling import BETAS, GUIDANCE, NEGATIVE, OUT, PROMPT, SEED, network

SHAPE = (1, 4, 2, 3)
torch.set_default_dtype(torch.float64)
betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
alphas = np.cumprod(1 - betas)
LEVELS = np.sqrt((1 - alphas) / alphas)


def step_of(sigma):
    """The training time step, between two by the logarithm"""
    return float(np.interp(math.log(sigma), np.log(LEVELS), np.arange(1000)))


def sigma_of(step):
    return float(np.exp(np.interp(step, np.arange(1000), np.log(LEVELS))))


def model(x, sigma, **_):
    sigma = float(sigma.flatten()[0])
    return x - sigma * network(x / (1 + sigma**2) ** 0.5, step_of(sigma))


class Draws:
    """Noise that is kept in the order it was drawn; also stands in for torch.randn_like."""

    def __init__(self, shape=SHAPE, seed=5):
        self.shape, self.kept, self.generator = shape, [], torch.Generator().manual_seed(seed)

    def __call__(self, *_):
        # as f32, which is what the other program draws
        self.kept.append(torch.randn(self.shape, generator=self.generator, dtype=torch.float32).double())
        return self.kept[-1]


RULES = {
    "euler": (K.sample_euler, {}), "euler a": (K.sample_euler_ancestral, {}), "lms": (K.sample_lms, {}),
    "heun": (K.sample_heun, {}), "dpm2": (K.sample_dpm_2, {}), "dpm2 a": (K.sample_dpm_2_ancestral, {}),
    "dpm++ 2s a": (K.sample_dpmpp_2s_ancestral, {}), "dpm++ 2m": (K.sample_dpmpp_2m, {}),
    "dpm++ sde": (K.sample_dpmpp_sde, {}), "dpm++ 2m sde": (K.sample_dpmpp_2m_sde, {}),
    "dpm++ 2m sde heun": (K.sample_dpmpp_2m_sde, {"solver_type": "heun"}), "dpm++ 3m sde": (K.sample_dpmpp_3m_sde, {}),
    "dpm fast": (K.sample_dpm_fast, {"eta": 1.0}), "dpm adaptive": (K.sample_dpm_adaptive, {"eta": 1.0}),
}
CHURN = {"s_churn": 4.0, "s_tmin": 0.1, "s_tmax": 8.0, "s_noise": 1.003}
# name: rule, options beside those above, steps
VARIANTS = {
    "euler.churn": ("euler", CHURN, 10), "heun.churn": ("heun", CHURN, 10), "dpm2.churn": ("dpm2", CHURN, 10),
    "euler a.eta": ("euler a", {"eta": 0.6, "s_noise": 0.9}, 10), "dpm2 a.eta": ("dpm2 a", {"eta": 0.6}, 10),
    "dpm++ 2s a.eta": ("dpm++ 2s a", {"eta": 0.6, "s_noise": 0.9}, 10),
    "dpm++ sde.eta": ("dpm++ sde", {"eta": 0.6, "s_noise": 0.9}, 10),
    "dpm++ 2m sde.eta": ("dpm++ 2m sde", {"eta": 0.6, "s_noise": 0.9}, 10),
    "dpm++ 3m sde.eta": ("dpm++ 3m sde", {"eta": 0.6, "s_noise": 0.9}, 10),
    "dpm fast.eta": ("dpm fast", {"eta": 0.0}, 9), "dpm fast.11": ("dpm fast", {}, 11), "dpm fast.1": ("dpm fast", {}, 2),
    "dpm adaptive.eta": ("dpm adaptive", {"eta": 0.0}, 10),
}


def run(name, denoise, x, sigmas, noise, options):
    """The start, and the latent after each step."""
    function, usual = RULES[name]
    options, path = usual | options, []
    if name in ("dpm fast", "dpm adaptive"):
        arguments = [float(sigmas[-2]), float(sigmas[0])] + ([len(sigmas) - 1] if name == "dpm fast" else [])
    else:
        arguments = [sigmas]
    if "noise_sampler" in inspect.signature(function).parameters:
        options["noise_sampler"] = noise
    seen = []
    def callback(info):
        if "n_accept" not in info:
            path.append(info["x"])
        elif not seen or info["n_accept"] > seen[-1]:
            seen.append(info["n_accept"])
            path.append(info["x"])
    like, torch.randn_like = torch.randn_like, noise
    try:
        end = function(denoise, x, *arguments, callback=callback, disable=True, **options)
    finally:
        torch.randn_like = like
    if name == "dpm adaptive":
        return [x, *path]
    return [*path, end]


def restart(denoise, x, sigmas, noise, options):
    """Heun's walks one after another: down to 0.1, up to 2 and down again, to the end."""
    steps, none = len(sigmas) - 1, torch.zeros_like  # k-diffusion draws in every step of Heun's, the other program does not
    if steps < 20:
        return run("heun", denoise, x, sigmas, none, options)
    length, times = (steps // 4, 2) if steps >= 36 else (9, 1)
    sigmas = K.get_sigmas_karras(steps - length * times, float(sigmas[-2]), float(sigmas[0]))
    low, high = int((sigmas - 0.1).abs().argmin()), int((sigmas - 2).abs().argmin())
    again = K.get_sigmas_karras(length + 1, float(sigmas[low]), float(sigmas[high]))[:-1]
    path = run("heun", denoise, x, sigmas[: low + 1], none, options)
    for _ in range(times):
        x = path[-1] + noise() * (again[0] ** 2 - sigmas[low] ** 2) ** 0.5
        path += run("heun", denoise, x, again, none, options)[1:]
    return path + run("heun", denoise, path[-1], sigmas[low:], none, options)[1:]


def start(sigma):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(3)) * sigma


def rules():
    goldens = {}
    def keep(name, sigmas, path, noise):
        stack = lambda tensors: torch.cat(tensors).float().contiguous()
        goldens[f"{name}.sigmas"], goldens[f"{name}.x"] = sigmas.float(), stack(path)
        goldens[f"{name}.noise"] = stack(noise.kept or [torch.zeros(SHAPE)])
    plain = {name: (name, {}, 10) for name in RULES}
    for name, (rule, options, steps) in (plain | VARIANTS).items():
        sigmas = K.get_sigmas_karras(steps, LEVELS[0], LEVELS[-1]).float().double()
        noise = Draws()
        keep(name, sigmas, run(rule, model, start(sigmas[0]), sigmas, noise, options), noise)
    for steps in (12, 20, 40):
        sigmas = K.get_sigmas_karras(steps, LEVELS[0], LEVELS[-1]).float().double()
        noise = Draws()
        keep(f"restart.{steps}", sigmas, restart(model, start(sigmas[0]), sigmas, noise, {}), noise)
    for name, scheduler in {
        "plms": PNDMScheduler(**BETAS, skip_prk_steps=True, steps_offset=1),
        "tcd": TCDScheduler(**BETAS), "tcd.eta": TCDScheduler(**BETAS), "tcd.eta0": TCDScheduler(**BETAS),
    }.items():
        keep(name, *by_diffusers(scheduler, {"tcd.eta": {"eta": 0.8}, "tcd.eta0": {"eta": 0.0}}.get(name, {})))
    return goldens


def by_diffusers(scheduler, options):
    """The steps of a scheduler, divided by the signal's factor. They end at the cleanest training time step."""
    scheduler.alphas_cumprod = torch.tensor(alphas)
    scheduler.final_alpha_cumprod = torch.tensor(alphas[0])
    scheduler.set_timesteps(8)
    times = list(dict.fromkeys(int(time) for time in scheduler.timesteps)) + [0]
    factor = [float(alphas[time]) ** 0.5 for time in times]
    sigmas = torch.tensor([LEVELS[time] for time in times])
    noise, drawn = Draws(), torch.Generator().manual_seed(5)
    x = start(float(sigmas[0]))
    path, latents = [x], x * factor[0]
    if isinstance(scheduler, TCDScheduler):
        import diffusers.schedulers.scheduling_tcd as module
        module.randn_tensor = lambda *_, **__: noise()
        options = options | {"generator": drawn}
    for index, time in enumerate(scheduler.timesteps):
        latents = scheduler.step(network(latents, float(time)), time, latents, **options).prev_sample
        if isinstance(scheduler, PNDMScheduler) and index == 0:
            continue  # its first step takes two calls
        path.append(latents / factor[len(path)])
    return sigmas, path, noise


def schedules():
    steps_of = lambda steps, ends: [sigma_of(step) for step in np.linspace(999, 0, ends)[:steps]]
    low, high = LEVELS[0], LEVELS[-1]
    beta = lambda shares: stats.beta.ppf(shares, 0.6, 0.6)
    aligned = [
        [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029],
        [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029],
    ]
    def between(published, steps):
        places = np.linspace(0, 1, len(published))
        return np.exp(np.interp(np.linspace(0, 1, steps), places, np.log(published[::-1])))[::-1]
    def beta_steps(steps):
        places = np.rint(beta(1 - np.linspace(0, 1, steps, endpoint=False)) * 999).astype(int)
        return [LEVELS[place] for place in dict.fromkeys(places.tolist())]
    goldens = {}
    for steps in (1, 7, 11, 20, 30):
        rows = {
            "uniform": steps_of(steps, steps), "normal": steps_of(steps, steps), "sgm_uniform": steps_of(steps, steps + 1),
            "karras": K.get_sigmas_karras(steps, low, high)[:-1],
            "exponential": K.get_sigmas_exponential(steps, low, high)[:-1],
            "polyexponential": K.get_sigmas_polyexponential(steps, low, high)[:-1],
            "kl_optimal": np.tan(np.linspace(math.atan(high), math.atan(low), steps)),
            "align_your_steps": between(aligned[0], steps), "align_your_steps_xl": between(aligned[1], steps),
            "simple": [LEVELS[-(1 + int(index * (1000 / steps)))] for index in range(steps)],
            "ddim": LEVELS[1 :: max(1000 // steps, 1)][::-1],
            "beta": low + beta(1 - np.linspace(0, 1, steps)) * (high - low), "beta_steps": beta_steps(steps),
        }
        if steps == 1:
            rows["align_your_steps"], rows["align_your_steps_xl"] = aligned[0][:1], aligned[1][:1]
        for name, row in rows.items():
            goldens[f"{name}.{steps}"] = torch.tensor([*map(float, row), 0.0]).float()
    return goldens


TIMES = [(14.6146, 9.25), (9.25, 3.3), (14.6146, 11.7), (3.3, 0.6666667), (0.6666667, 0.0291675), (1.0, 1.25), (0.5, 0.500001)]


def brownian():
    import torchsde._brownian.brownian_interval as module
    shape, goldens, of_torch = (4, 4, 3), {}, module._randn
    def of_philox(size, dtype, device, seed):
        return torch.tensor(gpu(int(seed), int(np.prod(size)), 0)).reshape(size).to(dtype)
    single = lambda time: torch.tensor(time, dtype=torch.float32)
    for source, draw in (("cpu", of_torch), ("gpu", of_philox)):
        module._randn = draw
        for seed in (7, 2**40 + 5):
            x = torch.zeros((1, *shape), dtype=torch.float32)
            tree = K.BrownianTreeNoiseSampler(x, single(0.0291675), single(14.6146), seed=[seed])
            # divided by NumPy, whose square root is the nearest number; that of some versions of PyTorch is not
            change = lambda a, b: tree.tree(single(a), single(b)).numpy() / np.sqrt(abs(np.float32(a) - np.float32(b)))
            goldens[f"{source}.{seed}"] = torch.tensor(np.concatenate([change(a, b) for a, b in TIMES]))
    module._randn = of_torch
    return goldens


def tiny_pipeline():
    """The tiny model in f64, and the states of a text."""
    pipeline = StableDiffusionPipeline.from_pretrained(OUT / "tiny", safety_checker=None, requires_safety_checker=False)
    pipeline.to(torch.float64)
    numbers = json.loads((OUT / "tiny/tokenizer/vocab.json").read_text())
    pipeline.tokenizer = CLIPTokenizer(vocab=numbers, merges=[], model_max_length=77)
    return pipeline, lambda text: pipeline.encode_prompt(text, "cpu", 1, False)[0]


def ask(pipeline, x, sigma, states):
    """x0 for each of the states"""
    with torch.no_grad():
        z = torch.cat([x] * len(states)) / (1 + sigma**2) ** 0.5
        return x - sigma * pipeline.unet(z, torch.tensor([step_of(sigma)]), torch.cat(states)).sample


def tiny_scripts():
    """Prompts that change and prompts of two parts: `NAME` are the latents after each step."""
    pipeline, states = tiny_pipeline()
    sigmas = K.get_sigmas_karras(4, float(LEVELS[0]), float(LEVELS[-1]))
    # rule, and what each pass is told: the parts with their weights
    fox, cat = "a red fox", "a blue cat"
    scripts = {
        "turns": ("euler", [[(fox, 1)]] * 3 + [[(cat, 1)]]),  # [..:..:2]
        "turns of two passes": ("heun", [[(fox, 1)]] * 5 + [[(cat, 1)]] * 2),  # [..:..:0.5] of 8 passes
        "turn about": ("euler", [[(fox, 1)]] * 2 + [[(cat, 1)], [(fox, 1)]]),  # [..|..]
        "parts": ("euler", [[(fox, 1), (cat, 0.5)]] * 4),
    }
    goldens = {}
    for name, (rule, script) in scripts.items():
        told = iter(script)
        def denoise(x, sigma, **_):
            sigma = float(sigma.flatten()[0])
            parts = next(told)
            answers = ask(pipeline, x, sigma, [states(NEGATIVE)] + [states(text) for text, _ in parts])
            guided = answers[:1]
            for (_, weight), answer in zip(parts, answers[1:]):
                guided = guided + GUIDANCE * weight * (answer - answers[0])
            return guided
        noise = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(SEED), dtype=torch.float32).double()
        path = run(rule, denoise, noise * float(1 + sigmas[0] ** 2) ** 0.5, sigmas, torch.zeros_like, {})
        goldens[name] = torch.cat(path[1:]).float().contiguous()
    return goldens


def tiny():
    """As the other program paints: guided, Karras' schedule, noise of one seed, which is drawn in f32."""
    pipeline, states = tiny_pipeline()
    sigmas_of = lambda steps: K.get_sigmas_karras(steps, float(LEVELS[0]), float(LEVELS[-1]))
    words = [states(NEGATIVE), states(PROMPT)]
    def denoise(x, sigma, **_):
        without, told = ask(pipeline, x, float(sigma.flatten()[0]), words).chunk(2)
        return without + GUIDANCE * (told - without)
    goldens = {}
    for name in [*RULES, "restart"]:
        steps = 20 if name == "restart" else 4
        sigmas = sigmas_of(steps)
        if name in ("dpm2", "dpm2 a", "dpm++ 3m sde"):  # the penultimate one is passed over
            sigmas = torch.cat([sigmas_of(steps + 1)[:-2], torch.zeros(1)])
        generator = torch.Generator().manual_seed(SEED)
        draw = lambda *_: torch.randn((1, 4, 8, 8), generator=generator, dtype=torch.float32).double()
        x = draw() * float(1 + sigmas[0] ** 2) ** 0.5
        if "sde" in name:
            tree = K.BrownianTreeNoiseSampler(x.float(), sigmas[-2].float(), sigmas[0].float(), seed=[SEED])
            draw = lambda high, low: tree(high.float(), low.float()).double()
        if name == "restart":
            path = restart(denoise, x, sigmas, draw, {})
        else:
            path = run(name, denoise, x, sigmas, draw, {})
        goldens[name] = torch.cat(path[1:]).float().contiguous()
    return goldens


def main():
    torch.set_num_threads(1)
    save_file(rules(), OUT / "rules.safetensors")
    save_file(schedules(), OUT / "schedules.safetensors")
    save_file(brownian(), OUT / "brownian.safetensors")
    save_file(tiny_scripts(), OUT / "tiny-scripts.safetensors")
    save_file(tiny(), OUT / "tiny-walks.safetensors")


if __name__ == "__main__":
    main()
