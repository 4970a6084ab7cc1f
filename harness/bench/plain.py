"""The peer: the same network trained by an ordinary loop.

One DataLoader worker, PIL images, torchvision transforms, SGD without fusion, float32, the default
memory layout, and a loss read back at every step.
"""

import time

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from harness.bench.measure import BATCH, synthetic_images
from harness.models.building import build_model
from harness.training.backend import Backend
from harness.training.protocol import paper_recipe


class PlainImages(Dataset):
    """PIL images, cropped, turned into tensors and whitened one by one."""

    def __init__(self) -> None:
        images = synthetic_images()
        self.pixels = images.train_images.permute(0, 2, 3, 1).numpy()
        self.labels = images.train_labels.tolist()
        self.transform = transforms.Compose([transforms.CenterCrop(28), transforms.ToTensor()])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = self.transform(Image.fromarray(self.pixels[index]))
        adjusted = max(float(image.std(correction=0)), image.numel() ** -0.5)
        return (image - image.mean()) / adjusted, self.labels[index]


def plain_rate(model_name: str, backend: Backend, seconds: float) -> float:
    """Images a second of the plain loop, without the first batches, which start the worker."""
    recipe = paper_recipe(model_name, "cifar10", "true-labels")
    model = build_model(model_name, (3, 28, 28), 10, torch.Generator().manual_seed(0))
    model.to(backend.device)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe.learning_rate, momentum=recipe.momentum
    )
    criterion = torch.nn.CrossEntropyLoss()
    loader = DataLoader(
        PlainImages(), batch_size=BATCH, shuffle=True, num_workers=1, persistent_workers=True
    )
    images_seen, started, total_loss = 0, 0.0, 0.0
    while True:
        for number, (images, labels) in enumerate(loader):
            images, labels = images.to(backend.device), labels.to(backend.device)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            total_loss += loss.item()
            if started == 0.0:
                started = time.perf_counter() if number == 2 else 0.0
                continue
            images_seen += len(labels)
            if time.perf_counter() - started >= seconds:
                return images_seen / (time.perf_counter() - started)
