"""What a solve is: data, features, kernel, ridge, labels. Does not import torch."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe
from harness.values import as_tuples


def label_name(corruption: float) -> str:
    """A label set in words, by the probability with which labels are replaced."""
    names = {0.0: "true labels", 1.0: "random labels"}
    return names.get(corruption, f"labels corrupted with p = {corruption:g}")


def fit_label(filters: int, ridge: float) -> str:
    """The name of a fit in the outcome of a `ConvNetRecipe`."""
    return f"{filters} filters, ridge {ridge:g}"


@dataclass(frozen=True)
class Pixels:
    """Raw pixels / 255, in a row."""

    kind: ClassVar[str] = "pixels"

    def __str__(self) -> str:
        return "pixels"


@dataclass(frozen=True)
class GaborBank:
    """Complex wavelets at every orientation and frequency; real parts have their mean removed."""

    kind: ClassVar[str] = "gabor"
    orientations: int = 8
    """Equally spaced over half a turn."""
    frequencies: tuple[float, ...] = (0.15, 0.25, 0.35)
    """Cycles per pixel, up to 0.5."""
    pool: int = 4
    """Side of the squares over which magnitudes are averaged, in pixels."""
    noise_seed: int | None = None
    """If given, complex Gaussian noise of its size replaces each wavelet: the control."""

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
    """Training images that are put aside and replace the test set, if above 0. Bandwidths, features
    and ridges are chosen on them."""
    seed: int = 0
    precision: Literal["fp32", "fp64"] = "fp32"
    """Of the factorisation; solutions and residuals are float64 in any case."""

    def __post_init__(self) -> None:
        """Raise InvalidRecipe if the dataset has fewer images, or UnknownName for the dataset."""
        left = dataset_spec(self.dataset).train_size - self.held_out
        if not 1 <= (self.train_size or 1) <= left:
            raise InvalidRecipe(
                f"train_size = {self.train_size}, held_out = {self.held_out}, but {self.dataset}"
                f" leaves {left:,} training images"
            )

    @property
    def images(self) -> int:
        """The number of training images."""
        return self.train_size or dataset_spec(self.dataset).train_size - self.held_out

    def as_dict(self) -> dict[str, Any]:
        """Field names and values, for JSON."""
        return {"kind": type(self).__name__, **asdict(self)}

    @property
    def _sample(self) -> str:
        held = f", {self.held_out:,} held out" if self.held_out else ""
        return f"{self.dataset} (n = {self.images:,}{held})"


@dataclass(frozen=True, kw_only=True)
class KernelRecipe(_DataChoice):
    """A Gaussian kernel machine on some features: ``K = exp(-gamma d^2)``."""

    features: Pixels | GaborBank = Pixels()
    gamma: float
    ridge: float | None = None
    """Added to the diagonal; None interpolates."""
    corruptions: tuple[float, ...] = (0.0,)
    """Label sets, solved for with one factorisation: the probability with which each training
    label is replaced by a uniform class. Test labels never are."""

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
        return (
            f"exp(-{self.gamma:g} d^2) on {self._sample}, {self.features}{ridge}, seed {self.seed}"
        )


@dataclass(frozen=True, kw_only=True)
class ConvNetRecipe(_DataChoice):
    """A linear model on a convolutional layer with random filters (Coates & Ng 2012, no k-means).

    Patches are contrast-normalised and whitened, filtered, soft-thresholded both ways and averaged
    over the quadrants of the image: 8 features a filter, standardised, and a constant. Every
    number of filters is solved with every ridge. Ridge 0 is the minimum-norm solution. Below
    n features it is least squares and does not interpolate; above, it is equation (3).
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
    """Make features anew, chunk by chunk, whenever they are needed, instead of keeping them. For
    more features than examples: below, the normal equations need all of them."""

    @property
    def cost(self) -> float:
        """Billions of multiply-adds: features and normal equations, for planning only."""
        channels, height, width = dataset_spec(self.dataset).shape
        positions = (height - self.patch + 1) * (width - self.patch + 1)
        most, size = max(self.filters), self.patch**2 * channels
        features = FEATURES_A_FILTER * most + 1
        gram = min(features, self.images) ** 2 * max(features, self.images) / 2
        return (self.images * positions * size * most + gram) / 1e9

    @property
    def work(self) -> str:
        """What there is to do, in words."""
        return f"up to {max(self.filters):,} filters, {len(self.ridges)} ridges"

    def __str__(self) -> str:
        name = {"patches": "random patches", "gaussian": "Gaussian filters"}[self.source]
        return f"convolution with {max(self.filters):,} {name} on {self._sample}, seed {self.seed}"


FEATURES_A_FILTER = 8
"""Two signs, four quadrants."""

SolveRecipe = KernelRecipe | ConvNetRecipe


def recipe_from_dict(content: dict[str, Any]) -> SolveRecipe:
    """The inverse of ``as_dict``, also from JSON, which has lists for tuples."""
    content = as_tuples(content)
    kind = {"KernelRecipe": KernelRecipe, "ConvNetRecipe": ConvNetRecipe}[content.pop("kind")]
    if features := content.pop("features", None):
        content["features"] = GaborBank(**features)
    return kind(**content)
