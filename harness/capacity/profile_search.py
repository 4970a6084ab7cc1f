"""What is asked of a network whose capacity profile is taken: budget, seeds, sizes, levels."""

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
    """What is asked of a network."""

    network: CustomNetwork
    dataset: str
    steps: int = 2_000
    """Of SGD at most: the budget."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each draws a sample, labels, initialisation and order."""
    resolution: float = 0.1
    """The search ends where what is not memorised is at most this share larger than what is."""
    most: int | None = None
    """Images at most; None for all of the training set."""
    levels: tuple[float, ...] = LEVELS
    """Of label corruption, at which the time to fit is taken."""

    def __post_init__(self) -> None:
        """Refuse what means nothing, naming the remedy."""
        images = dataset_spec(self.dataset).train_size
        for holds, words in (
            (self.steps >= 1, f"steps = {self.steps}, but it should be 1 or more"),
            (self.seeds, "no seed was given: give one or more, best three"),
            (
                0 < self.resolution <= 1,
                f"resolution = {self.resolution}, but it should be above 0 and at most 1",
            ),
            (
                self.most is None or 2 <= self.most <= images,
                f"images = {self.most}, but it should be from 2 to {images:,}, the training images"
                f" of {dataset_spec(self.dataset).title}",
            ),
            (
                all(0 <= level <= 1 for level in self.levels),
                f"levels = {self.levels}, but each should be a share in [0, 1]",
            ),
        ):
            if not holds:
                raise CapacityError(words)

    @property
    def images(self) -> int:
        """The largest sample."""
        return self.sample(self.most or dataset_spec(self.dataset).train_size)

    def sample(self, n: int) -> int:
        """``n``, or one fewer where an epoch would end with a single image.

        BatchNorm may not take it, and a search is not to end there.
        """
        recipe = self.recipe(n, 0)
        return n - 1 if n > 2 and recipe.ends_with_one_image and recipe.batch_size > 1 else n

    def recipe(self, n: int, seed: int, corruption: float = 1.0) -> Recipe:
        """A training on ``n`` images, to the fit or to the end of the budget.

        One epoch at least, even where that is more than the budget: `profile` counts what was
        memorised within it.
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
                # As the fast tier has it: where an epoch has few steps, 0.1 is too slow.
                batch_norm_momentum=0.5 if self.dataset == "digits" else 0.1,
            )
        )
        return replace(base, epochs=max(1, self.steps // base.steps_per_epoch))
