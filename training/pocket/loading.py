"""Batches made ahead in other processes, so that a fast trainer does not wait for painting."""

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from data import Pictures


class _Batches(IterableDataset):
    def __init__(self, rendered, emojibase, seed, size):
        self.rendered, self.emojibase, self.seed, self.size = rendered, emojibase, seed, size

    def __iter__(self):
        torch.set_num_threads(1)
        worker = get_worker_info()
        pictures = Pictures(self.rendered, self.emojibase, self.seed * 1000 + (worker.id if worker else 0))
        while True:
            yield pictures.batch(self.size)


def batches(rendered, emojibase, seed, size, workers):
    """Endless (pictures, captions); each worker draws with a seed of its own. 0 workers: in this process."""
    ahead = dict(prefetch_factor=4) if workers else {}
    return iter(DataLoader(_Batches(rendered, emojibase, seed, size), batch_size=None, num_workers=workers, **ahead))
