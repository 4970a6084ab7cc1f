"""Images and labels as a recipe asks for them: cropped, randomised, whitened, on the device."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from harness.data import randomization as rnd
from harness.data import streams
from harness.data.preprocessing import centre_crop, enlarged, scale, whiten
from harness.data.sources import ImageSet

Whitening = Callable[[torch.Tensor], torch.Tensor]

CHUNK = 5_000
"""Images at a time. Bounds the memory; a change of it changes the draws of noise."""


@dataclass(frozen=True)
class DataSpec:
    """The fields of a recipe that decide its data; see `harness.training.recipe.Recipe`."""

    dataset: str
    train_size: int | None
    crop: int
    label_corruption: float
    inputs: str
    seed: int
    labels: str = "classes"
    label_draw: int = 0
    replaced: int | None = None
    probed: bool = False
    """Whether probe images are wanted: the sample without replacement, and images left out."""
    validation_size: int = 0
    """Number of validation images, taken from those that the sample leaves out."""
    score_corrupted_test: bool = False
    keep_pixels: bool = False
    """Whether the uncropped bytes of the sample are wanted, for augmentation."""
    image_size: int | None = None
    """Pixels a side to which cropped images are enlarged; None leaves them as they are."""


@dataclass(frozen=True)
class WhitenedImages:
    """Whitened images (N, C, H, W) on one device, before labels and replacements."""

    sample: torch.Tensor
    left_out: torch.Tensor
    """As many of the images that the sample leaves out as are wanted."""
    test: torch.Tensor
    pixels: torch.Tensor | None = None
    """The sample's bytes (N, H, W, C), uncropped, where they are wanted."""


@dataclass(frozen=True)
class TrainingData:
    """Whitened images (N, C, H, W) and labels (N,) on one device, for the training loop."""

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: int
    true_labels: torch.Tensor | None = None
    """Training labels before corruption; None if nothing was corrupted."""
    random_part: torch.Tensor | None = None
    """Whether a label was replaced by a uniform class (N,), which may be the true one."""
    probes: tuple[torch.Tensor, ...] = ()
    """Images whose logits are recorded."""
    probe_labels: torch.Tensor | None = None
    train_pixels: torch.Tensor | None = None
    """Bytes (N, H, W, C), uncropped, where the images are augmented."""
    validation_images: torch.Tensor | None = None
    validation_labels: torch.Tensor | None = None
    corrupted_test_labels: torch.Tensor | None = None
    skipped: int = 0
    """Number of photographs that did not decode and were left out."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of one image."""
        channels, height, width = self.train_images.shape[1:]
        return channels, height, width


def prepare(
    images: ImageSet,
    spec: DataSpec,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    memory_format: torch.memory_format = torch.contiguous_format,
    whitening: Whitening = whiten,
) -> TrainingData:
    """Crop, randomise and whiten; test labels stay as they are."""
    images = leaked(images, spec)
    whitened = whitened_images(images, spec, device, dtype, memory_format, whitening)
    return with_labels(whitened, images, spec)


def leaked(images: ImageSet, spec: DataSpec) -> ImageSet:
    """With inputs "test images", the first test images alone, for training and test alike."""
    if spec.inputs != "test images":
        return images
    pixels, labels = images.test_images[: spec.train_size], images.test_labels[: spec.train_size]
    return replace(
        images, train_images=pixels, train_labels=labels, test_images=pixels, test_labels=labels
    )


def whitened_images(
    images: ImageSet,
    spec: DataSpec,
    device: torch.device | str,
    dtype: torch.dtype,
    memory_format: torch.memory_format,
    whitening: Whitening = whiten,
) -> WhitenedImages:
    """The images alone, which depend on no label, label draw or replacement."""
    mean = std = 0.0
    if spec.inputs == "gaussian":
        mean, std = _moments(centre_crop(images.train_images, spec.crop))

    def tensor(pixels: torch.Tensor, part: str) -> torch.Tensor:
        pixels = centre_crop(pixels, spec.crop)
        size = spec.image_size
        shape = pixels.shape if size is None else (*pixels.shape[:2], size, size)
        result = torch.empty(shape, dtype=dtype, device=device, memory_format=memory_format)
        shared = streams.stream(spec.seed, streams.PIXELS)
        permutation = rnd.pixel_permutation(shape[-2], shape[-1], shared)
        stream = streams.stream(spec.seed, f"{streams.PIXELS}/{part}")
        for start in range(0, len(pixels), CHUNK):
            chunk = enlarged(scale(pixels[start : start + CHUNK]), spec.image_size)
            if spec.inputs == "shuffled pixels":
                chunk = rnd.shuffled_pixels(chunk, permutation)
            elif spec.inputs == "random pixels":
                chunk = rnd.random_pixels(chunk, stream)
            elif spec.inputs == "gaussian":
                chunk = rnd.gaussian(chunk, mean, std, stream)
            result[start : start + CHUNK] = whitening(chunk)
        return result

    sample, left_out = sample_indices(images, spec)
    kept = None
    if spec.keep_pixels:
        kept = _rows(images.train_images, sample).permute(0, 2, 3, 1).contiguous().to(device)
    return WhitenedImages(
        tensor(_rows(images.train_images, sample), "train"),
        tensor(images.train_images[left_out], "left out"),
        tensor(images.test_images, "test"),
        kept,
    )


def with_labels(whitened: WhitenedImages, images: ImageSet, spec: DataSpec) -> TrainingData:
    """The images with their labels, corrupted as ``spec`` says, and any replacement made."""
    train_labels, test_labels = images.train_labels, images.test_labels
    classes = images.spec.classes
    if spec.labels == "two groups":
        second = torch.zeros(classes, dtype=torch.int64)
        second[list(images.spec.second_group)] = 1
        train_labels, test_labels, classes = second[train_labels], second[test_labels], 2
    sample, left_out = sample_indices(images, spec)
    purpose = streams.LABELS if not spec.label_draw else f"{streams.LABELS}/{spec.label_draw}"

    def drawn(labels: torch.Tensor, purpose: str) -> torch.Tensor:
        generator = streams.stream(spec.seed, purpose)
        return rnd.corrupt_labels(labels, spec.label_corruption, classes, generator)

    true_labels = _rows(train_labels, sample)
    labels = drawn(true_labels, purpose)
    other_labels = drawn(train_labels[left_out], f"{purpose}/left out")
    device, train_images = whitened.sample.device, whitened.sample
    probes: tuple[torch.Tensor, ...] = ()
    probe_labels = None
    if spec.probed:
        probes = (whitened.sample, whitened.left_out)
        probe_labels = torch.cat([labels, other_labels]).to(device)
    validation = test_drawn = None
    if spec.validation_size:
        validation = (whitened.left_out, other_labels.to(device))
    if spec.score_corrupted_test:
        # Leaked images have been trained on with the labels that they are scored on.
        of_test = purpose if spec.inputs == "test images" else f"{purpose}/test"
        test_drawn = drawn(test_labels, of_test).to(device)
    if spec.replaced is not None:
        substitute = spec.replaced % len(left_out)
        train_images, labels = train_images.clone(), labels.clone()
        true_labels = true_labels.clone()
        train_images[spec.replaced] = whitened.left_out[substitute]
        labels[spec.replaced] = other_labels[substitute]
        true_labels[spec.replaced] = train_labels[left_out[substitute]]
    return TrainingData(
        train_images,
        labels.to(device),
        whitened.test,
        test_labels.to(device),
        classes,
        true_labels.to(device),
        rnd.replaced_labels(len(labels), spec.label_corruption, streams.stream(spec.seed, purpose)),
        probes,
        probe_labels,
        whitened.pixels,
        *(validation or (None, None)),
        test_drawn,
    )


def redraw_inputs(images: torch.Tensor, inputs: str, generator: torch.Generator) -> torch.Tensor:
    """Fresh noise in place of the fixed noise, for a control.

    Works on whitened images (B, C, H, W), since whitening is independent of the order of pixels
    and of the mean and scale of noise.
    """
    if inputs == "gaussian":
        noise = rnd.gaussian(images.float(), 0.0, 1.0, generator)
        return whiten(noise).to(images.dtype)
    return rnd.random_pixels(images, generator)


def sample_indices(images: ImageSet, spec: DataSpec) -> tuple[torch.Tensor | None, torch.Tensor]:
    """Indices in the training set: of the sample (None for all of it), and of images left out."""
    total, size = len(images.train_labels), spec.train_size
    if size is None or size >= total:
        return None, torch.empty(0, dtype=torch.int64)
    shuffled = torch.randperm(total, generator=streams.stream(spec.seed, streams.SUBSET))
    wanted = size if spec.probed or spec.replaced is not None else spec.validation_size
    return shuffled[:size], shuffled[size : size + wanted]


def _rows(tensor: torch.Tensor, indices: torch.Tensor | None) -> torch.Tensor:
    return tensor if indices is None else tensor[indices]


def _moments(pixels: torch.Tensor) -> tuple[float, float]:
    """Mean and std of all values of the dataset's training images, in [0, 1]."""
    # From a histogram of the bytes: exact, and without a float copy of the data set.
    counts = torch.bincount(pixels.flatten().to(torch.int32), minlength=256).double()
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = float((counts * values).sum() / counts.sum())
    variance = float((counts * (values - mean) ** 2).sum() / counts.sum())
    return mean, variance**0.5
