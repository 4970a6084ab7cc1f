"""A custom network or optimiser is tried on a few images before it trains on many.

Each error is one sentence with its remedy.
"""

import warnings
from dataclasses import dataclass, replace

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from harness.data import streams
from harness.errors import InvalidRecipe, NetworkError
from harness.models.custom import one_line, seeded
from harness.training.backend import Backend
from harness.training.checkpoint import packed, unpacked
from harness.training.learner import initial_network
from harness.training.optimizer import make_optimizer, named_where_it_raises
from harness.training.recipe import Recipe
from harness.training.repeatability import unrepeatable

IMAGES = 4


@dataclass(frozen=True)
class Examined:
    """What the trial found."""

    parameters: int
    """The number of trained parameters."""
    noisy: bool
    """Whether two evaluations of the same images differ."""
    unseeded: bool
    """Whether two networks of one seed differ."""
    unwritten: tuple[str, ...]
    """What differs between two steps from one state."""

    @property
    def note(self) -> str:
        """A warning for every figure of this network; empty if there is none."""
        notes = []
        if self.noisy:
            notes.append(
                "its answers in evaluation mode differ from one time to the next (dropout that is"
                " always on?): its accuracies are those of one draw, and it has fitted at the"
                " luckiest of its evaluations"
            )
        if self.unseeded:
            notes.append(
                "its initial weights differ from one time to the next (does it use a generator"
                " that no seed sets?): no seed repeats its runs"
            )
        elif self.unwritten:
            notes.append(
                f"two steps from one state differ in {self.unwritten[0]} (does it read memory that"
                " nothing has written, as torch.empty gives it?): no seed repeats its runs"
            )
        return "; ".join(notes)


def examine(recipe: Recipe) -> Examined:
    """Make the recipe's network and take a step with it, on the CPU.

    Raises NetworkError. Warnings of the network are shown, and are no errors.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        model = initial_network(recipe, recipe.image_shape, recipe.classes)
        trained = {key: p for key, p in model.named_parameters() if p.requires_grad}
        if not trained:
            raise NetworkError(
                f"{recipe.title} has no parameter that is trained; give it layers with weights, or"
                " set requires_grad"
            )
        unseeded = _made_again(recipe, trained)
        with seeded(streams.stream(recipe.seed, streams.NETWORK)):
            images, labels = _images(recipe, IMAGES)
            model.train()
            logits = _answer(model, images, recipe)
            _check_answer(logits, recipe)
            cross_entropy(logits.float(), labels).backward()
            _check_gradients(trained, recipe)
            _check_last_batch(model, recipe)
            model.eval()
            with torch.no_grad():
                first, again = (_answer(model, images, recipe) for _ in range(2))
                _check_answer(first, recipe)
        few = replace(recipe, batch_size=IMAGES, train_size=IMAGES)
        unwritten = unrepeatable(few, Backend(threads=torch.get_num_threads()), "fp32")
        count = sum(p.numel() for p in trained.values())
        return Examined(count, not torch.equal(first, again), unseeded, unwritten)


def examine_optimizer(recipe: Recipe) -> None:
    """Take a step with the recipe's optimiser, on the CPU; raises InvalidRecipe or NetworkError."""
    with warnings.catch_warnings(), seeded(streams.stream(recipe.seed, streams.NETWORK)):
        warnings.simplefilter("default")
        model = initial_network(recipe, recipe.image_shape, recipe.classes).train()
        optimizer, schedule = make_optimizer(recipe, model.named_parameters())
        images, labels = _images(recipe, IMAGES)
        with named_where_it_raises(recipe, "zero_grad"):
            optimizer.zero_grad(set_to_none=True)
        cross_entropy(model(images).float(), labels).backward()
        with named_where_it_raises(recipe, "its first step"):
            optimizer.step()
            schedule.step()
        with named_where_it_raises(recipe, "state_dict, which a checkpoint takes,"):
            unpacked(packed(optimizer.state_dict()))
    if not all(bool(it.isfinite().all()) for it in model.parameters()):
        raise InvalidRecipe(
            f"{recipe.optimizer_title} makes weights of {recipe.model} infinite or NaN in its first"
            f" step: take a smaller --arch-lr than {recipe.learning_rate:g}"
        )


def _made_again(recipe: Recipe, trained: dict[str, nn.Parameter]) -> bool:
    """Whether a second network of the same seed differs; NetworkError if they share parameters."""
    again = dict(initial_network(recipe, recipe.image_shape, recipe.classes).named_parameters())
    known = {id(parameter) for parameter in trained.values()}
    if shared := [key for key, parameter in again.items() if id(parameter) in known]:
        raise NetworkError(
            f"{recipe.title} gives the same parameters each time that it is called ({shared[0]}),"
            " and each run would begin where the last one ended: let the factory make all of its"
            " layers anew"
        )
    return any(key not in again or not torch.equal(p, again[key]) for key, p in trained.items())


def _images(recipe: Recipe, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise with the mean and scale of whitened images, and labels."""
    # As in training, whatever default a network's module sets.
    images = torch.randn(count, *recipe.image_shape, dtype=torch.float32)
    return images, torch.arange(count) % recipe.classes


def _answer(model: nn.Module, images: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """What the network returns."""
    try:
        return model(images.clone())  # It may change them in place.
    except (Exception, SystemExit) as error:
        channels, height, width = recipe.image_shape
        raise NetworkError(
            f"{recipe.title} raises on images of {height}x{width} in {channels} channels:"
            f" {one_line(error)}; give it others with --image-size, or try it by hand on a tensor"
            f" of shape ({IMAGES}, {channels}, {height}, {width})"
        ) from error


def _check_answer(logits: object, recipe: Recipe) -> None:
    name, wanted = recipe.title, (IMAGES, recipe.classes)
    if not isinstance(logits, torch.Tensor):
        raise NetworkError(
            f"{name} gives a {type(logits).__name__}, but it should give a tensor of"
            " (images, classes): let forward return the logits alone (torchvision's googlenet and"
            " inception_v3 do with --arch-option aux_logits=False)"
        )
    if tuple(logits.shape) != wanted:
        raise NetworkError(
            f"{name} gives a tensor of shape {tuple(logits.shape)} for {IMAGES} images, but it"
            f" should be {wanted}, a logit for each of {recipe.classes} classes: make its last"
            " layer as wide, from an argument classes or num_classes"
        )
    if bool((logits >= 0).all()) and torch.allclose(logits.float().sum(dim=1), torch.ones(IMAGES)):
        raise NetworkError(
            f"{name} gives probabilities, which are 1 in sum for each image, but it should give"
            " logits: take the softmax out of its forward pass, for the loss has one"
        )
    if not logits.requires_grad and torch.is_grad_enabled():
        raise NetworkError(
            f"{name} gives logits without a gradient: take detach(), argmax(), no_grad() and"
            " conversions to NumPy out of its forward pass"
        )


def _check_gradients(trained: dict[str, nn.Parameter], recipe: Recipe) -> None:
    if idle := [key for key, parameter in trained.items() if parameter.grad is None]:
        raise NetworkError(
            f"{recipe.title}: {len(idle)} of its {len(trained)} parameters get no gradient"
            f" ({', '.join(idle[:3])}{' ...' * (len(idle) > 3)}): use them in the forward pass,"
            " take them out, or freeze them with requires_grad_(False)"
        )


def _check_last_batch(model: nn.Module, recipe: Recipe) -> None:
    """Try a last batch of one image: BatchNorm cannot train on one value a channel."""
    if recipe.ends_with_one_image:
        try:
            model(_images(recipe, 1)[0])
        except Exception as error:
            raise NetworkError(
                f"{recipe.title} raises on a single image in training, and the last batch of"
                f" {recipe.images:,} images in batches of {recipe.batch_size} is one:"
                f" {one_line(error)}; give it another --arch-batch-size"
            ) from error
