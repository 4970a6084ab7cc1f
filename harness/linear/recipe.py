"""What a solve is: data, features, kernel, ridge, labels. Does not import torch."""

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe


def label_name(corruption: float) -> str:
    """A label set in words, by the probability with which labels are replaced."""
    names = {0.0: "true labels", 1.0: "random labels"}
    return names.get(corruption, f"labels corrupted with p = {corruption:g}")


def fit_label(filters: int, ridge: float) -> str:
    """How the outcome of a `ConvNetRecipe` names a fit."""
    return f"{filters} filters, ridge {ridge:g}"


@dataclass(frozen=True)
class Pixels:
    """Raw pixels / 255, in a row."""

    kind: ClassVar[str] = "pixels"

    def __str__(self) -> str:
        return "pixels"


@dataclass(frozen=True)
class GaborBank:
    """Complex wavelets at every orientation and frequency; the mean of each real part is removed.

    Raises InvalidRecipe for a frequency outside (0, 0.5] and counts below 1.
    """

    kind: ClassVar[str] = "gabor"
    orientations: int = 8
    """Equally spaced over half a turn."""
    frequencies: tuple[float, ...] = (0.15, 0.25, 0.35)
    """Cycles per pixel."""
    pool: int = 4
    """Side of the squares over which magnitudes are averaged, in pixels."""
    noise_seed: int | None = None
    """Where given, each wavelet is replaced by complex Gaussian noise of its size: the control."""

    def __post_init__(self) -> None:
        """Refuse what is no bank."""
        object.__setattr__(self, "frequencies", tuple(self.frequencies))
        if not self.frequencies or not all(0 < f <= 0.5 for f in self.frequencies):
            raise InvalidRecipe(
                f"frequencies = {self.frequencies}, but each should be in (0, 0.5] cycles a pixel"
            )
        for name in ("orientations", "pool"):
            if getattr(self, name) < 1:
                raise InvalidRecipe(f"{name} = {getattr(self, name)}, but it should be at least 1")

    def __str__(self) -> str:
        name = "Gabor wavelets" if self.noise_seed is None else "noise in place of wavelets"
        return f"{self.orientations} x {len(self.frequencies)} {name}, pool {self.pool}"


@dataclass(frozen=True, kw_only=True)
class _DataChoice:
    """Which images a solve sees."""

    dataset: str
    train_size: int | None = None
    """Number of training images, drawn by the seed; None for all that are not held out."""
    held_out: int = 0
    """Where above 0: so many training images are put aside and stand in for the test set. What
    is chosen (bandwidths, features, ridges) is chosen on them."""
    seed: int = 0

    def _check_data(self) -> None:
        spec = dataset_spec(self.dataset)
        if not 0 <= self.held_out < spec.train_size:
            raise InvalidRecipe(
                f"held_out = {self.held_out}, but it should be from 0 to {spec.train_size - 1:,}"
            )
        most = spec.train_size - self.held_out
        if self.train_size is not None and not 1 <= self.train_size <= most:
            raise InvalidRecipe(
                f"train_size = {self.train_size}, but it should be from 1 to {most:,}, the training"
                f" images of {spec.title} that are not held out"
            )

    @property
    def images(self) -> int:
        """The number of training images."""
        return self.train_size or dataset_spec(self.dataset).train_size - self.held_out

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, for JSON."""
        return {"kind": type(self).__name__, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class KernelRecipe(_DataChoice):
    """A Gaussian kernel machine on some features: ``K = exp(-gamma d^2)``.

    Raises InvalidRecipe, or UnknownName for a dataset, when it is made.
    """

    features: Pixels | GaborBank = Pixels()
    gamma: float
    ridge: float | None = None
    """Added to the diagonal; None interpolates."""
    corruptions: tuple[float, ...] = (0.0,)
    """Label sets, solved for with one factorisation: the probability with which each training
    label is replaced by a uniform class. Test labels never are."""
    precision: Literal["fp32", "fp64"] = "fp32"
    """Of the factorisation; solutions and residuals are float64 in any case."""

    def __post_init__(self) -> None:
        """Refuse what cannot be solved, naming the field, the value and what would do."""
        self._check_data()
        if not 0 < self.gamma < math.inf:
            raise InvalidRecipe(f"gamma = {self.gamma}, but it should be above 0 and finite")
        if self.ridge is not None and not 0 < self.ridge < math.inf:
            raise InvalidRecipe(
                f"ridge = {self.ridge}, but it should be above 0 and finite, or None"
            )
        object.__setattr__(self, "corruptions", tuple(self.corruptions))
        if not self.corruptions or not all(0 <= p <= 1 for p in self.corruptions):
            raise InvalidRecipe(
                f"corruptions = {self.corruptions}, but each should be a share in [0, 1]"
            )
        if self.precision not in ("fp32", "fp64"):
            raise InvalidRecipe(f"precision = {self.precision!r}, but it should be fp32 or fp64")

    @property
    def cost(self) -> float:
        """Billions of multiply-adds of the factorisation: for planning only."""
        return self.images**3 / 6e9

    @property
    def work(self) -> str:
        """What there is to do, in words."""
        word = {"fp32": 4, "fp64": 8}[self.precision]
        return f"a kernel matrix of {self.images:,}, {self.images**2 / 2 * word / 1e9:.1f} GB"

    def __str__(self) -> str:
        ridge = "" if self.ridge is None else f", ridge {self.ridge:g}"
        held = f", {self.held_out:,} held out" if self.held_out else ""
        return (
            f"exp(-{self.gamma:g} d^2) on {self.dataset} (n = {self.images:,}{held}),"
            f" {self.features}{ridge}, seed {self.seed}"
        )


@dataclass(frozen=True, kw_only=True)
class ConvNetRecipe(_DataChoice):
    """A linear model on a convolutional layer with random filters (Coates & Ng 2012, no k-means).

    Patches are contrast-normalised and whitened, filtered, soft-thresholded both ways and averaged
    over the quadrants of the image: 8 features a filter, standardised, and a constant. Every
    number of filters is solved with every ridge; ridge 0 is the minimum-norm solution, which below
    n features is least squares (it does not interpolate) and above them equation (3).
    """

    filters: tuple[int, ...]
    """Numbers of filters; smaller networks hold the first filters of larger ones."""
    ridges: tuple[float, ...] = (0.0,)
    """Each is added, times n, to the diagonal of Phi^T Phi or Phi Phi^T."""
    source: Literal["patches", "gaussian"] = "patches"
    """Filters are patches of training images, or Gaussian noise."""
    patch: int = 6
    threshold: float = 0.25
    streamed: bool = False
    """Make features anew, chunk by chunk, whenever they are needed, instead of keeping them."""
    precision: Literal["fp32", "fp64"] = "fp32"
    """Of the factorisation; solutions and residuals are float64 in any case."""

    def __post_init__(self) -> None:
        """Refuse what cannot be solved."""
        self._check_data()
        object.__setattr__(self, "filters", tuple(self.filters))
        object.__setattr__(self, "ridges", tuple(self.ridges))
        if not self.filters or min(self.filters) < 1 or list(self.filters) != sorted(self.filters):
            raise InvalidRecipe(
                f"filters = {self.filters}, but they should be ascending, from 1 up"
            )
        if not self.ridges or not all(0 <= ridge < math.inf for ridge in self.ridges):
            raise InvalidRecipe(f"ridges = {self.ridges}, but each should be 0 or above, finite")
        if self.streamed and FEATURES_A_FILTER * min(self.filters) < self.images:
            raise InvalidRecipe(
                f"streamed = True with {min(self.filters)} filters: below n features the normal"
                " equations need all of them; keep them, or take more filters"
            )
        if self.source not in ("patches", "gaussian"):
            raise InvalidRecipe(f"source = {self.source!r}, but it should be patches or gaussian")
        smallest = min(dataset_spec(self.dataset).shape[1:])
        if not 1 <= self.patch < smallest:
            raise InvalidRecipe(f"patch = {self.patch}, but it should be from 1 to {smallest - 1}")
        if not 0 <= self.threshold < math.inf:
            raise InvalidRecipe(f"threshold = {self.threshold}, but it should be 0 or above")

    @property
    def cost(self) -> float:
        """Billions of multiply-adds: features and normal equations, for planning only."""
        channels, height, width = dataset_spec(self.dataset).shape
        places = (height - self.patch + 1) * (width - self.patch + 1)
        most, size = max(self.filters), self.patch**2 * channels
        features = FEATURES_A_FILTER * most + 1
        gram = min(features, self.images) ** 2 * max(features, self.images) / 2
        return (self.images * places * size * most + gram) / 1e9

    @property
    def work(self) -> str:
        """What there is to do, in words."""
        return f"up to {max(self.filters):,} filters, {len(self.ridges)} ridges"

    def __str__(self) -> str:
        held = f", {self.held_out:,} held out" if self.held_out else ""
        name = {"patches": "random patches", "gaussian": "Gaussian filters"}[self.source]
        return (
            f"convolution with {max(self.filters):,} {name} on {self.dataset}"
            f" (n = {self.images:,}{held}), seed {self.seed}"
        )


FEATURES_A_FILTER = 8
"""Two signs, four quadrants."""

SolveRecipe = KernelRecipe | ConvNetRecipe


def recipe_from_dict(content: dict[str, Any]) -> SolveRecipe:
    """The inverse of ``as_dict`` after a journey through JSON; raises on anything else."""
    content = dict(content)
    kind = {"KernelRecipe": KernelRecipe, "ConvNetRecipe": ConvNetRecipe}[content.pop("kind")]
    if "features" in content:
        features = content["features"]
        content["features"] = GaborBank(**features) if features else Pixels()
    return kind(**content)
