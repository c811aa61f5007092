"""Trains the two networks; stops by samples or by the clock; goes on where it stopped."""

import argparse
import datetime
import os
import signal
import time
from pathlib import Path

import torch

import model
import sample
import tokenizer
from data import Pictures
from loading import batches
from muon import Muon
from precision import fast

WARM_UP, DECAY_FROM, FLOOR = 100, 0.65, 0.01
# Composition is settled above t = 0.9, where 64 x 3 numbers a patch still show their mean: most
# pictures are trained there, and some on noise alone, or the walk's first step reads shapes into it.
TIME_MEAN, TIME_SPREAD, ALL_NOISE = 1.5, 1.5, 0.05
LEAST_TIME = 0.25  # the loss weight is 1 / max(t, LEAST_TIME)^2
EDGES = ("conv_in", "conv_out", "embed", "norm")  # left to AdamW


def options():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--data", required=True, help="folder with the rendered sets")
    parse.add_argument("--emojibase", required=True, help="the unpacked emojibase-data package")
    parse.add_argument("--vocabulary", required=True, help="bpe_simple_vocab_16e6.txt.gz")
    parse.add_argument("--out", required=True, help="folder for checkpoints")
    parse.add_argument("--start", help="start weights: a folder (unet/, text_encoder/), a .gguf or a checkpoint")
    parse.add_argument("--table", help="token table file, to start from nothing")
    parse.add_argument("--samples", type=int, help="stop after this many pictures")
    parse.add_argument("--until", help="stop at this time of day, HH:MM")
    parse.add_argument("--minutes", type=float, help="stop after so many minutes")
    parse.add_argument("--batch", type=int, default=64)
    parse.add_argument("--rate", type=float, default=8e-4)
    parse.add_argument("--optimiser", choices=("muon", "adamw"), default="muon")
    parse.add_argument("--threads", type=int, default=2)
    parse.add_argument("--average", type=float, default=0.998)
    parse.add_argument("--save-seconds", type=float, default=180)
    parse.add_argument("--workers", type=int, default=0, help="processes that paint ahead (a GPU wants one a core)")
    parse.add_argument("--hold", action="store_true", help="keep the rate to the end, for a later run to go on from")
    parse.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parse.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parse.parse_args()


class Schedule:
    """How far along the run is (0..1), by samples or by the clock."""

    def __init__(self, args, begun):
        self.samples, self.begun, self.end = args.samples, begun, None
        if args.until:
            hour, minute = map(int, args.until.split(":"))
            now = datetime.datetime.now()
            end = now.replace(hour=hour, minute=minute, second=0)
            self.end = (end if end > now else end + datetime.timedelta(days=1)).timestamp()
        elif args.minutes:
            self.end = time.time() + 60 * args.minutes
        if self.end is None and self.samples is None:
            raise SystemExit("say when to stop: --samples, --minutes or --until")

    def progress(self, samples):
        parts = [samples / self.samples] if self.samples else []
        if self.end:
            parts.append((time.time() - self.begun) / (self.end - self.begun))
        return max(parts)


def rate_factor(step, progress, hold):
    warm = min(1.0, (step + 1) / WARM_UP)
    fall = 1.0 if hold or progress < DECAY_FROM else (1 - progress) / (1 - DECAY_FROM)
    return warm * max(FLOOR, fall)


def draw_times(count, device):
    t = torch.sigmoid(TIME_MEAN + TIME_SPREAD * torch.randn(count, device=device))
    return torch.where(torch.rand(count, device=device) < ALL_NOISE, 1.0, t)


def optimisers(unet, text, args):
    """Muon for the inner matrices, AdamW for the edges, biases and scales."""
    named = [*unet.named_parameters(), *text.named_parameters()]
    inner = [p for name, p in named if p.requires_grad and p.ndim > 1 and not any(e in name for e in EDGES)]
    taken = {id(p) for p in inner}
    edge = [p for _, p in named if p.requires_grad and id(p) not in taken]
    adamw = dict(lr=args.rate, betas=(0.9, 0.98), weight_decay=0.01)
    if args.optimiser == "adamw":
        return [torch.optim.AdamW(edge + inner, **adamw, fused=True)]
    return [Muon(inner, lr=args.rate, format=fast(args.device)), torch.optim.AdamW(edge, **adamw, fused=True)]


def average_of(networks):
    return [p.detach().clone() for net in networks for p in net.parameters()]


def write_checkpoint(path, state):
    """Written beside its place, then moved there: never half a file."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)


def main():
    args = options()
    torch.set_num_threads(args.threads)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    last = out / "last.pt"
    unet, text = model.fresh(torch.load(args.table)) if args.table else sample.networks_of(args.start)
    networks = [unet.to(args.device).train(), text.to(args.device).train()]
    weights = [p for net in networks for p in net.parameters()]
    tools = optimisers(unet, text, args)
    averages = average_of(networks)
    step = samples = 0
    begun = time.time()
    if last.exists():
        state = torch.load(last, map_location=args.device)
        step, samples, begun = state["step"], state["samples"], state["begun"]
        for p, kept, mean, average in zip(weights, state["weights"], averages, state["averages"]):
            p.data.copy_(kept)
            mean.copy_(average)
        if len(state["tools"]) == len(tools):
            for tool, kept in zip(tools, state["tools"]):
                tool.load_state_dict(kept)
        print(f"goes on from step {step}, {samples} samples", flush=True)
    schedule = Schedule(args, begun)
    source = batches(Pictures(args.data, args.emojibase), step + 1, args.batch, args.workers)
    encode = tokenizer.load(args.vocabulary)
    trained = [p for p in weights if p.requires_grad]
    which = [i for i, p in enumerate(weights) if p.requires_grad]
    denoise = torch.compile(unet) if args.compile else unet
    halved = fast(args.device) == torch.bfloat16

    def save():
        write_checkpoint(last, dict(
            step=step, samples=samples, begun=begun, weights=[p.data for p in weights],
            averages=averages, tools=[tool.state_dict() for tool in tools],
        ))

    total, count, shown, saved, loading = 0.0, 0, time.time(), time.time(), 0.0
    asked_to_stop = []
    signal.signal(signal.SIGTERM, lambda *_: asked_to_stop.append(True))
    while (progress := schedule.progress(samples)) < 1 and not asked_to_stop:
        tick = time.time()
        batch, texts = next(source)
        ids = torch.tensor([encode(words) for words in texts], device=args.device)
        batch = batch.to(args.device).float() / 127.5 - 1
        x = model.to_patches(batch).to(memory_format=torch.channels_last)
        loading += time.time() - tick
        t = draw_times(args.batch, args.device)
        shaped = t.view(-1, 1, 1, 1)
        z = (1 - shaped) * x + shaped * torch.randn_like(x)
        with torch.autocast(args.device, torch.bfloat16, enabled=halved):
            states = text(ids).last_hidden_state
            guess = denoise(z, 1000 * t, states).sample
        error = (guess.float() - x).square().mean((1, 2, 3))
        loss = (error / t.clamp(min=LEAST_TIME) ** 2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        for tool in tools:
            for group in tool.param_groups:
                group["lr"] = args.rate * rate_factor(step, progress, args.hold)
            tool.step()
            tool.zero_grad(set_to_none=True)
        keep = min(args.average, (1 + step) / (10 + step))
        torch._foreach_lerp_([averages[i] for i in which], [weights[i].data for i in which], 1 - keep)
        step, samples = step + 1, samples + args.batch
        total, count = total + loss.item(), count + 1
        if count == 20:
            spent = time.time() - shown
            print(f"{time.strftime('%H:%M:%S')} step {step} samples {samples} loss {total / count:.4f} "
                  f"rate {args.rate * rate_factor(step, progress, args.hold):.2e} done {progress:.3f} "
                  f"{count * args.batch / spent:.1f}/s loading {loading / spent:.1%}", flush=True)
            total, count, shown, loading = 0.0, 0, time.time(), 0.0
        if time.time() - saved > args.save_seconds:
            save()
            saved = time.time()
    save()
    print(f"stopped: step {step}, {samples} samples", flush=True)


if __name__ == "__main__":
    main()
