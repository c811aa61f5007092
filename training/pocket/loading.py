"""Batches made ahead in other processes, so that a fast trainer does not wait for painting."""

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info


class _Batches(IterableDataset):
    """The drawings are read once, before the workers fork off, and shared by them."""

    def __init__(self, pictures, seed, size):
        self.pictures, self.seed, self.size = pictures, seed, size

    def __iter__(self):
        worker = get_worker_info()
        if worker:
            torch.set_num_threads(1)
        self.pictures.random.seed(self.seed * 1000 + (worker.id if worker else 0))
        while True:
            yield self.pictures.batch(self.size)


def batches(pictures, seed, size, workers):
    """Endless (pictures, captions); each worker draws with a seed of its own. 0 workers: in this process."""
    ahead = dict(prefetch_factor=4) if workers else {}
    return iter(DataLoader(_Batches(pictures, seed, size), batch_size=None, num_workers=workers, **ahead))
