"""Plain and graded squares, and colours (0..1) as bytes."""

import numpy as np


def as_bytes(colour):
    return (np.clip(colour, 0, 1) * 255).round().astype(np.uint8)


def ink(colour):
    """A colour as PIL's drawing takes it."""
    return tuple(int(part) for part in as_bytes(colour))


def flat(colour, size):
    return np.broadcast_to(as_bytes(colour), (size, size, 3)).copy()


def graded(upper, lower, size, sideways=False):
    share = np.linspace(0, 1, size)[:, None, None]
    rows = np.broadcast_to(np.asarray(upper) * (1 - share) + np.asarray(lower) * share, (size, size, 3))
    return as_bytes(rows.transpose(1, 0, 2) if sideways else rows)
