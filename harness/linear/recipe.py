"""What a solve is: data, features, kernel, ridge, labels. Does not import torch."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe
from harness.linear.recipe_checks import (
    require_choice,
    require_distinct,
    require_integer,
    require_number,
    require_numbers,
    sequence,
)

PRECISIONS = ("fp32", "fp64")
ABOVE_0, FROM_0_UP = "above 0 and finite", "0 or above, and finite"


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
        object.__setattr__(self, "frequencies", sequence("frequencies", self.frequencies))
        require_numbers(
            "frequencies", self.frequencies, lambda it: 0 < it <= 0.5, "in (0, 0.5] cycles a pixel"
        )
        for name in ("orientations", "pool"):
            require_integer(name, getattr(self, name), 1)
        if self.noise_seed is not None:
            require_integer("noise_seed", self.noise_seed, 0)

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
        require_integer("seed", self.seed, 0)
        require_integer("held_out", self.held_out, 0, spec.train_size - 1)
        if self.train_size is not None:
            require_integer("train_size", self.train_size, 1, spec.train_size - self.held_out)

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
        if not isinstance(self.features, Pixels | GaborBank):
            raise InvalidRecipe(
                f"features = {self.features!r}, but they should be Pixels() or a GaborBank"
            )
        require_number("gamma", self.gamma, lambda it: it > 0, ABOVE_0)
        if self.ridge is not None:
            require_number("ridge", self.ridge, lambda it: it > 0, f"{ABOVE_0}, or None")
        object.__setattr__(self, "corruptions", sequence("corruptions", self.corruptions))
        require_numbers(
            "corruptions", self.corruptions, lambda it: 0 <= it <= 1, "a share in [0, 1]"
        )
        require_distinct("corruptions", self.corruptions)
        require_choice("precision", self.precision, PRECISIONS)

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
        object.__setattr__(self, "filters", sequence("filters", self.filters))
        object.__setattr__(self, "ridges", sequence("ridges", self.ridges))
        for count in self.filters:
            require_integer("filters", count, 1)
        if not self.filters or list(self.filters) != sorted(self.filters):
            raise InvalidRecipe(
                f"filters = {self.filters}, but they should be ascending, from 1 up"
            )
        require_numbers("ridges", self.ridges, lambda it: it >= 0, FROM_0_UP)
        require_distinct("filters", self.filters)
        require_distinct("ridges", self.ridges)
        if self.streamed and FEATURES_A_FILTER * min(self.filters) < self.images:
            raise InvalidRecipe(
                f"streamed = True with {min(self.filters)} filters: below n features the normal"
                " equations need all of them; keep them, or take more filters"
            )
        require_choice("source", self.source, ("patches", "gaussian"))
        require_choice("precision", self.precision, PRECISIONS)
        require_integer("patch", self.patch, 1, min(dataset_spec(self.dataset).shape[1:]) - 1)
        require_number("threshold", self.threshold, lambda it: it >= 0, FROM_0_UP)

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
