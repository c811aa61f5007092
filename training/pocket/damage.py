"""How a clean 128-pixel picture comes to look like one that the base model painted."""

import torch
from torch.nn import functional as F

PATCH = 8


def blur(pictures, spread):
    """Gaussian of `spread` pixels."""
    reach = torch.arange(-3, 4, dtype=torch.float32)
    line = torch.exp(-0.5 * (reach / spread) ** 2)
    line = line / line.sum()
    channels = pictures.shape[1]
    padded = F.pad(pictures, (3, 3, 3, 3), mode="replicate")
    across = F.conv2d(padded, line.view(1, 1, 1, 7).expand(channels, 1, 1, 7), groups=channels)
    return F.conv2d(across, line.view(1, 1, 7, 1).expand(channels, 1, 7, 1), groups=channels)


def weave(pictures, strength):
    """The same faint pattern in every 8 x 8 patch, and each patch a little off in its mean."""
    n, c, h, w = pictures.shape
    pattern = torch.randn(n, c, PATCH, PATCH).repeat(1, 1, h // PATCH + 1, w // PATCH + 1)[..., :h, :w]
    steps = F.interpolate(torch.randn(n, c, -(-h // PATCH), -(-w // PATCH)), scale_factor=PATCH, mode="nearest")[
        ..., :h, :w
    ]
    return pictures + strength * (0.6 * pattern + 0.6 * steps)


def ring(pictures, strength):
    """Edges overshoot, as guidance makes them."""
    return pictures + strength * (pictures - blur(pictures, 1.5))


def damage(pictures):
    """n x 3 x h x w in 0..1: each picture hurt in its own measure, some hardly."""

    def share(low, high):
        return low + (high - low) * torch.rand(len(pictures), 1, 1, 1)

    soft = share(0, 1)
    pictures = pictures + soft * (blur(pictures, 0.9) - pictures)
    pictures = ring(pictures, share(0, 0.7) * (torch.rand(len(pictures), 1, 1, 1) < 0.5))
    pictures = weave(pictures, share(0, 0.03) * (torch.rand(len(pictures), 1, 1, 1) < 0.7))
    pictures = pictures + share(0, 0.025) * torch.randn_like(pictures)
    return (pictures.clamp(0, 1) * 255).round() / 255
