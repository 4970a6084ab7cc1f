"""What is kept of a finished training beside its curve, small enough for JSON: no weights.

The inputs of complexity measures (norms of initial and final weights, margins, norms of the
images), the loss under noise on the weights, and accuracies against the true labels.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from harness.data import streams
from harness.data.catalogue import dataset_spec
from harness.models import model_spec
from harness.training.learner import initial_network
from harness.training.loop import Training
from harness.training.norms import folded, layers_of, matrix_norms, path_norms, spectral_norm
from harness.training.recipe import Recipe

PERCENT = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
ABSOLUTE = (0.001, 0.003, 0.01, 0.03, 0.1)
"""Standard deviations of the noise on every weight: for PAC-Bayes bounds."""
RELATIVE = (0.01, 0.03, 0.1, 0.3)
"""Standard deviations in units of each weight's absolute value: a sharpness that does not change if
one layer is scaled up and the next one down."""
DRAWS = 3
NOISE_IMAGES = 2_000
BATCH = 1_000
DIGITS = 6


def is_summed_up(recipe: Recipe) -> bool:
    """Whether a recipe's run gets a summary: the paper's networks on whole data sets in memory.

    Custom networks get none: their layers are not known.
    """
    spec = dataset_spec(recipe.dataset)
    whole = recipe.train_size is None and not spec.embedded and not spec.is_folder
    return whole and not model_spec(recipe.model).custom


@torch.no_grad()
def summarise(training: Training) -> dict[str, Any]:
    """The fields of `Outcome` that are known only of a finished training.

    ``corrupted_total``, ``true_correct``, ``corrupted_true_correct`` and ``summary``.
    """
    recipe, data = training.recipe, training.data
    initial = initial_network(recipe, data.shape, data.classes).to(training.device)
    final = training.model.eval()
    logits = torch.cat([training.logits(part) for part in data.train_images.split(BATCH)])
    labels, guesses = training.labels, logits.argmax(dim=1)
    true = training.true_labels
    corrupted = labels != true
    return {
        "corrupted_total": int(corrupted.sum()),
        "true_correct": int((guesses == true).sum()),
        "corrupted_true_correct": int((guesses == true)[corrupted].sum()),
        "summary": summarise_network(
            initial, final, data.train_images, labels, training.logits, recipe.seed
        ),
    }


@torch.no_grad()
def summarise_network(
    initial: nn.Module,
    final: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    logits_of: Callable[[torch.Tensor], torch.Tensor],
    seed: int,
) -> dict[str, Any]:
    """The summary of a network that was trained on ``images`` (n, C, H, W) and ``labels`` (n,).

    ``logits_of`` applies ``final``, in the precision of the training; ``seed`` is that of the
    noise. The weights of ``final`` are changed meanwhile.
    """
    shape = tuple(images.shape[1:])
    logits = torch.cat([logits_of(part) for part in images.split(BATCH)])
    return _rounded(
        {
            "layers": _layers(initial, final, shape),
            "path norms": {
                "initial": path_norms(initial, shape),
                "final": path_norms(final, shape),
            },
            "parameters": _all_parameters(initial, final),
            "margins": _percentiles(_margins(logits, labels)),
            "inputs": _inputs(images),
            "noise": _noise(final, images[:NOISE_IMAGES], labels[:NOISE_IMAGES], logits_of, seed),
        }
    )


def _layers(initial: nn.Module, final: nn.Module, shape: tuple[int, int, int]) -> list[dict]:
    """Norms of each layer: initial, final, of their difference, and with BatchNorm folded in."""
    sizes = _input_sizes(initial, shape)
    before, fused = layers_of(initial), layers_of(folded(final))
    found = []
    for name, layer in layers_of(final).items():
        weights = {
            "initial": before[name].weight,
            "final": layer.weight,
            "distance": layer.weight - before[name].weight,
        }
        if not torch.equal(fused[name].weight, layer.weight):
            weights["folded"] = fused[name].weight
        norms = {
            part: {**matrix_norms(weight), "spectral": spectral_norm(layer, weight, sizes[name])}
            for part, weight in weights.items()
        }
        found.append({"name": name, "shape": list(layer.weight.shape), **norms})
    return found


def _input_sizes(model: nn.Module, shape: tuple[int, int, int]) -> dict[str, tuple[int, int]]:
    """Height and width of each layer's input."""
    sizes: dict[str, tuple[int, int]] = {}
    names: dict[nn.Module, str] = {layer: name for name, layer in layers_of(model).items()}

    def note(layer: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        sizes[names[layer]] = tuple(inputs[0].shape[2:])

    hooks = [layer.register_forward_pre_hook(note) for layer in names]
    model.eval()(torch.zeros(1, *shape, device=next(model.parameters()).device))
    for hook in hooks:
        hook.remove()
    return sizes


def _all_parameters(initial: nn.Module, final: nn.Module) -> dict[str, float]:
    """The number of parameters, biases among them, and the l2 norms of their vector."""
    before, after = (
        torch.cat([p.double().flatten() for p in model.parameters()]) for model in (initial, final)
    )
    return {
        "count": len(after),
        "initial l2": float(before.norm()),
        "final l2": float(after.norm()),
        "distance l2": float((after - before).norm()),
    }


def _margins(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The logit of each image's label minus the largest of the others, (n,)."""
    own = logits.gather(1, labels[:, None])
    others = logits.scatter(1, labels[:, None], -torch.inf)
    return own[:, 0] - others.amax(dim=1)


def _percentiles(values: torch.Tensor) -> dict[str, float]:
    shares = torch.tensor(PERCENT, dtype=torch.float64) / 100
    found = values.double().cpu().quantile(shares).tolist()
    return dict(zip(map(str, PERCENT), found, strict=True))


def _inputs(images: torch.Tensor) -> dict[str, float]:
    """Norms of the whitened training images."""
    parts = [part.float().flatten(1) for part in images.split(BATCH)]
    l2 = torch.cat([part.norm(dim=1) for part in parts])
    return {
        "l2 mean": float(l2.mean()),
        "l2 max": float(l2.max()),
        "l1 max": max(float(part.abs().sum(dim=1).max()) for part in parts),
        "inf max": max(float(part.abs().max()) for part in parts),
    }


def _noise(
    model: nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    logits_of: Callable[[torch.Tensor], torch.Tensor],
    seed: int,
) -> dict[str, Any]:
    """Loss and accuracy on these images under Gaussian noise on all parameters.

    Means over a few draws, for the scales `ABSOLUTE` and `RELATIVE`.
    """
    generator = streams.stream(seed, "noise on the weights")
    kept = copy.deepcopy(model.state_dict())

    def measured() -> dict[str, float]:
        logits = torch.cat([logits_of(part) for part in images.split(BATCH)])
        right = (logits.argmax(dim=1) == labels).double().mean()
        return {"loss": float(cross_entropy(logits, labels)), "accuracy": float(right)}

    found: dict[str, Any] = {"images": len(labels), "draws": DRAWS, "none": measured()}
    for kind, scales in (("absolute", ABSOLUTE), ("relative", RELATIVE)):
        found[kind] = {}
        for scale in scales:
            results = []
            for _ in range(DRAWS):
                for parameter in model.parameters():
                    noise = torch.randn(parameter.shape, generator=generator).to(parameter.device)
                    size = scale if kind == "absolute" else scale * parameter.abs()
                    parameter.add_(noise * size)
                results.append(measured())
                model.load_state_dict(kept)
            found[kind][f"{scale:g}"] = {
                name: sum(result[name] for result in results) / DRAWS for name in results[0]
            }
    return found


def _rounded(value: Any) -> Any:
    """Floats to six digits; those that are not finite become None."""
    if isinstance(value, dict):
        return {name: _rounded(it) for name, it in value.items()}
    if isinstance(value, list):
        return [_rounded(it) for it in value]
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if abs(value) < torch.inf else None
    return value
