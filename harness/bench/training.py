"""Networks' training rates: beside the machine and a plain loop, and beside other processes."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from PIL import Image
from rich.console import RenderableType
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from harness.bench.measure import (
    BATCH,
    Setup,
    in_turns,
    matrix_product_rate,
    operations_per_image,
    synthetic_images,
    training_rate,
)
from harness.environment import available_cores
from harness.models.building import build_model
from harness.models.registry import model_spec
from harness.report.terminal import plain_table
from harness.training.backend import Backend
from harness.training.protocol import paper_recipe

ROUNDS = 4
WANTED = 2.5
"""The largest slowdown beside a process a core: half the cores are left, less a little."""


def training(setup: Setup) -> Iterator[RenderableType]:
    """Images a second of each network, beside the machine's own rate and a plain loop."""
    backend, precision = setup.backend, setup.precision
    table = plain_table(
        *("train", ">images/s", ">plain loop", ">times"),
        *(">GFLOP/image", ">GFLOP/s", ">machine", ">share"),
        caption="batch 128, 28x28x3; machine: GFLOP/s of a large matrix product, in turns",
    )
    for name in setup.models:
        ours, machine = in_turns(
            setup,
            ROUNDS,
            partial(training_rate, name, backend, precision),
            lambda seconds: matrix_product_rate(precision, backend.device, seconds) / 1e9,
        )
        plain = plain_rate(name, backend, setup.seconds)
        work = operations_per_image(name) / 1e9
        table.add_row(
            model_spec(name).paper_name,
            f"{ours:,.0f}",
            f"{plain:,.0f}",
            f"{ours / plain:.1f}",
            f"{work:.4f}",
            f"{ours * work:.0f}",
            f"{machine:.0f}",
            f"{100 * ours * work / machine:.0f} %",
        )
    yield table


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
    """Images a second of an ordinary loop, without the first batches, which start the worker.

    One DataLoader worker, PIL images, torchvision transforms, SGD without fusion, float32, the
    default memory layout, and a loss read back at every step.
    """
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


def loaded(setup: Setup) -> Iterator[RenderableType]:
    """Images a second without and with a busy process for each core, in turns."""
    table = plain_table(
        *("train beside others", ">alone, images/s", ">loaded, images/s", ">times"),
        caption=f"loaded: beside a spinning process a core; wanted: {WANTED} times",
    )
    for name in setup.models:

        def alone(seconds: float, name: str = name) -> float:
            return in_a_process(name, setup, seconds)

        def beside_others(seconds: float, name: str = name) -> float:
            with spinning(available_cores()):
                return alone(seconds, name)

        free, busy = in_turns(setup, ROUNDS // 2, alone, beside_others)
        table.add_row(
            model_spec(name).paper_name, f"{free:,.0f}", f"{busy:,.0f}", f"{free / busy:.1f}"
        )
    yield table


def in_a_process(name: str, setup: Setup, seconds: float) -> float:
    """`training_rate` in a process of its own, which looks at its start how busy the machine is."""
    call = f"training_rate({name!r}, {setup.backend!r}, {setup.precision!r}, {seconds})"
    code = (
        "from harness.bench.measure import training_rate\n"
        f"from harness.training.backend import Backend\nprint({call})"
    )
    inherited = {key: value for key, value in os.environ.items() if key != "GOMP_SPINCOUNT"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=inherited, capture_output=True, text=True, check=True)
    return float(done.stdout)


@contextmanager
def spinning(processes: int) -> Iterator[None]:
    """Run processes that keep a core busy each."""
    started = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
