"""The paper's optimiser: SGD with momentum, a stepwise schedule, weight decay where it is on.

Another optimiser takes its place where the recipe names one, any class of `torch.optim.Optimizer`;
the schedule stays.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch

from harness.errors import DeviceError, InvalidRecipe
from harness.models import model_spec
from harness.models.custom import callable_at, one_line
from harness.training.recipe import Recipe
from harness.values import is_number


def make_optimizer(
    recipe: Recipe,
    parameters: Iterable[tuple[str, torch.nn.Parameter]],
    rate_on: torch.device | None = None,
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.StepLR]:
    """SGD, or the recipe's other optimiser, and its schedule (appendix A).

    ``parameters`` are given with their names in the network.

    Weight decay adds coefficient * weight to the gradient, as does TensorFlow's ``l2_loss``:
    coefficient / 2 * |weight|^2. Parameters with equal coefficients share a group of the optimiser.
    ``rate_on`` keeps the learning rate as a tensor on that device, for a captured CUDA graph.
    Raises InvalidRecipe for an optimiser that cannot be made, and DeviceError for one but SGD in
    such a graph.
    """
    if recipe.optimizer:
        if rate_on is not None:
            raise DeviceError(f"steps = 'graph' takes SGD, not {recipe.optimizer}; use 'eager'")
        custom = _custom_optimizer(recipe, (it for _, it in parameters))
        with named_where_it_raises(recipe, "the schedule of learning rates"):
            return _scheduled(custom, recipe)
    spec = model_spec(recipe.model)
    coefficient = {
        group: value for name, value in recipe.weight_decay for group in spec.groups_by_name[name]
    }
    by_coefficient: dict[float, list[torch.nn.Parameter]] = {}
    for name, parameter in parameters:
        value = coefficient.get(spec.group_of(name), 0.0) if coefficient else 0.0
        by_coefficient.setdefault(value, []).append(parameter)
    optimizer = torch.optim.SGD(
        [{"params": ps, "weight_decay": value} for value, ps in by_coefficient.items()],
        lr=recipe.learning_rate
        if rate_on is None
        else torch.tensor(recipe.learning_rate, dtype=torch.float32, device=rate_on),
        momentum=recipe.momentum,
        fused=True,
    )
    return _scheduled(optimizer, recipe)


@contextmanager
def named_where_it_raises(recipe: Recipe, where: str) -> Iterator[None]:
    """Raise InvalidRecipe, with the remedy, for what a custom optimiser raises in here."""
    try:
        yield
    except (Exception, SystemExit) as error:
        if not recipe.optimizer:
            raise
        raise InvalidRecipe(
            f"{recipe.optimizer_title} raises in {where} on {recipe.model}: {one_line(error)};"
            " correct it, or take another --optimizer"
        ) from error


def _scheduled(
    optimizer: torch.optim.Optimizer, recipe: Recipe
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.StepLR]:
    return optimizer, torch.optim.lr_scheduler.StepLR(
        optimizer, step_size=recipe.decay_every, gamma=recipe.decay
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """Set the learning rate of every group of the optimiser."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(learning_rate)  # In place: a captured graph reads this tensor.
        else:
            group["lr"] = learning_rate


def default_learning_rate(name: str) -> float | None:
    """The learning rate that the class has by default, if it has one.

    Raises InvalidRecipe or NetworkError where the name is no class of optimisers.
    """
    rate = inspect.signature(_class_of(name)).parameters["lr"].default
    return float(rate) if is_number(rate) and rate > 0 else None


def _custom_optimizer(
    recipe: Recipe, parameters: Iterable[torch.nn.Parameter]
) -> torch.optim.Optimizer:
    name, options = recipe.optimizer, dict(recipe.optimizer_options)
    make = _class_of(name)
    if "lr" in options:
        raise InvalidRecipe(f"{name}: the rate is the recipe's: give --arch-lr {options['lr']}")
    try:
        made = make(list(parameters), lr=recipe.learning_rate, **options)
    except (Exception, SystemExit) as error:
        raise InvalidRecipe(
            f"{recipe.optimizer_title} cannot be made for {recipe.model}: {one_line(error)}; give"
            " its arguments with --optimizer-option, its learning rate with --arch-lr"
        ) from error
    if not all("lr" in group for group in getattr(made, "param_groups", None) or [{}]):
        raise InvalidRecipe(
            f"{recipe.optimizer_title} has no param_groups with a learning rate, which the schedule"
            " changes: call super().__init__(params, {'lr': lr}) in its __init__"
        )
    return made


def _class_of(name: str) -> Callable[..., torch.optim.Optimizer]:
    wanted = "a class of torch.optim.Optimizer"
    found = callable_at(name, wanted, "optimiser")
    if not (isinstance(found, type) and issubclass(found, torch.optim.Optimizer)):
        kind = "another class" if isinstance(found, type) else f"a {type(found).__name__}"
        raise InvalidRecipe(f"{name} is {kind}, but it should be {wanted}")
    _, *of_step = inspect.signature(found.step).parameters.values()
    if any(it.default is it.empty and it.kind is it.POSITIONAL_OR_KEYWORD for it in of_step):
        raise InvalidRecipe(
            f"{name} needs a closure, which evaluates the loss several times a step, and a step"
            " of these trainings evaluates it once: take another optimiser"
        )
    if "lr" not in inspect.signature(found).parameters:
        raise InvalidRecipe(
            f"{name} takes no lr, and the schedule changes the learning rate: give its __init__ a"
            " parameter of that name"
        )
    return found
