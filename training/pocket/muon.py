"""Muon: momentum whose every matrix step is made (nearly) orthogonal.

The idea and the polynomial are Keller Jordan's (2024); the scale 0.2*sqrt(max(rows, columns)),
which lets the step share AdamW's learning rate, is Moonlight's (arXiv 2502.16982).
"""

from collections import defaultdict

import torch

_POLYNOMIAL = (3.4445, -4.7750, 2.0315)


def orthogonal(matrices, steps, format):
    """Newton-Schulz on a stack of matrices [n, rows, columns]; bf16 is exact enough."""
    wide = matrices.shape[-2] <= matrices.shape[-1]
    x = matrices if wide else matrices.mT
    x = (x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)).to(format)
    a, b, c = _POLYNOMIAL
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if wide else x.mT).float()


class Muon(torch.optim.Optimizer):
    """For weights of two and more axes; the axes behind the first count as one."""

    def __init__(self, params, lr, momentum=0.95, decay=0.01, steps=5, format=torch.bfloat16):
        super().__init__(params, dict(lr=lr, momentum=momentum, decay=decay, steps=steps))
        self.format = format

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    alike[(p.shape[0], p.numel() // p.shape[0])].append(p)
            for (rows, columns), weights in alike.items():
                scale = 0.2 * max(rows, columns) ** 0.5
                ahead = [self._look_ahead(p, group["momentum"]) for p in weights]
                moves = orthogonal(torch.stack(ahead), group["steps"], self.format)
                for p, move in zip(weights, moves):
                    p.mul_(1 - group["lr"] * group["decay"])
                    p.add_(move.reshape(p.shape), alpha=-group["lr"] * scale)

    def _look_ahead(self, p, momentum):
        """Nesterov's view of the running gradient, as a matrix."""
        state = self.state[p]
        if "run" not in state:
            state["run"] = torch.zeros_like(p)
        state["run"].lerp_(p.grad, 1 - momentum)
        return p.grad.lerp(state["run"], momentum).reshape(p.shape[0], -1)
