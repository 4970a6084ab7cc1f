"""The search for a network's capacity: budget, seeds, sample sizes, levels of corruption."""

from dataclasses import dataclass, replace

from harness.data.catalogue import dataset_spec
from harness.errors import CapacityError
from harness.training.custom import CustomNetwork
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

START = 64
"""The first sample size; from there it is doubled, or halved."""
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Search:
    """A network, its data, and the options of the search."""

    network: CustomNetwork
    dataset: str
    steps: int = 2_000
    """The budget, in SGD steps."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each draws a sample, labels, initialisation and order."""
    resolution: float = 0.1
    """The search ends with a bracket whose ends differ by at most this share."""
    most: int | None = None
    """Images at most; None for all of the training set."""
    levels: tuple[float, ...] = LEVELS
    """Of label corruption, at which the time to fit is taken."""

    def __post_init__(self) -> None:
        """Raise CapacityError for an option that the command line does not check."""
        data = dataset_spec(self.dataset)
        if not 0 < self.resolution <= 1:
            raise CapacityError(f"resolution = {self.resolution}, but it should be in (0, 1]")
        if self.most is not None and not 2 <= self.most <= data.train_size:
            raise CapacityError(
                f"images = {self.most}, but it should be from 2 to {data.train_size:,}, the"
                f" training images of {data.title}"
            )

    @property
    def images(self) -> int:
        """The largest sample."""
        return self.sample(self.most or dataset_spec(self.dataset).train_size)

    def sample(self, n: int) -> int:
        """``n``, or one fewer if an epoch would end with one image, which BatchNorm refuses."""
        recipe = self.recipe(n, 0)
        return n - 1 if n > 2 and recipe.ends_with_one_image and recipe.batch_size > 1 else n

    def recipe(self, n: int, seed: int, corruption: float = 1.0) -> Recipe:
        """A training on ``n`` images, to the fit or to the end of the budget.

        At least one epoch, even if it exceeds the budget: `profile` counts the steps.
        """
        base = self.network.recipe(
            paper_recipe(
                self.network.model,
                self.dataset,
                "true-labels",
                label_corruption=corruption,
                train_size=n,
                seed=seed,
                stop_at_zero_error=True,
                evaluation="once nearly fitted",
                # As in the fast tier: 0.1 is too slow for epochs of few steps.
                batch_norm_momentum=0.5 if self.dataset == "digits" else 0.1,
            )
        )
        return replace(base, epochs=max(1, self.steps // base.steps_per_epoch))
