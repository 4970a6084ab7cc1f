"""A network in the place of the paper's, and how it departs from the protocol."""

from dataclasses import dataclass, replace
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.errors import InvalidRecipe
from harness.models.registry import Options, model_spec, network_title, titled
from harness.training.recipe import Recipe

PAPER_BATCH = 128


@dataclass(frozen=True)
class CustomNetwork:
    """A network, the paper's or a custom one, with changes of the protocol and data.

    None leaves a field as the claim has it.
    """

    model: str
    options: Options = ()
    learning_rate: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    image_size: int | None = None
    dataset: str | None = None
    optimizer: str = ""
    optimizer_options: Options = ()

    @property
    def title(self) -> str:
        """The network's name for people, with an optimiser that is not the paper's."""
        return network_title(self.model, self.options, self.optimizer, self.optimizer_options)

    def recipe(self, claims: Recipe) -> Recipe:
        """The claim's recipe for this network, with its changes.

        Raises InvalidRecipe where the claim asks for more than the data have.
        """
        changes: dict[str, Any] = {"model": self.model, "model_options": self.options}
        changes |= {"optimizer": self.optimizer, "optimizer_options": self.optimizer_options}
        for name in ("learning_rate", "epochs", "batch_size", "dataset"):
            if getattr(self, name) is not None:
                changes[name] = getattr(self, name)
        if (size := self.image_size) is not None:
            data = dataset_spec(changes.get("dataset", claims.dataset))
            enlarge = size > min(data.shape[1:])
            changes |= {"crop": min(size, *data.shape[1:]), "image_size": size if enlarge else None}
        try:
            return replace(claims, **changes)
        except InvalidRecipe as error:
            raise InvalidRecipe(f"{self.title}: {error}") from error

    @property
    def departures(self) -> list[str]:
        """How its trainings depart from the paper's protocol, in words."""
        spec = model_spec(self.model, self.options)
        found = []
        if spec.custom:
            found.append("its own initialisation")
        if self.optimizer:
            optimizer = titled(self.optimizer, self.optimizer_options)
            found.append(f"{optimizer} (the paper's: SGD with momentum 0.9)")
        rate = self.learning_rate
        if rate is not None and rate != spec.learning_rate:
            found.append(f"learning rate {rate:g} (the paper's: {spec.learning_rate:g})")
        if self.batch_size not in (None, PAPER_BATCH):
            found.append(f"batches of {self.batch_size} (the paper's: {PAPER_BATCH})")
        if self.image_size is not None:
            found.append(
                f"images of {self.image_size}x{self.image_size}, cropped from the centre or"
                " enlarged bilinearly"
            )
        if self.dataset is not None:
            data = dataset_spec(self.dataset)
            found.append(
                f"on {data.title} ({data.classes:,} classes, {data.train_size:,} training and"
                f" {data.test_size:,} test images)"
            )
        return found
