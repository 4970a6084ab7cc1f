"""Losses ``loss(z, y)`` of a prediction and a target, with their derivatives in z.

"smooth" ones are twice differentiable and least at z = y, as section 5 has it for the Hessian;
the others are for "any loss" that SGD may be run on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Torch is imported when a loss is first evaluated: the names are known without.
    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """``value(z, y)`` of equal shapes is a scalar tensor, the sum over all entries."""

    value: Callable[["Tensor", "Tensor"], "Tensor"]
    smooth: bool


def _bregman(potential: Callable[["Tensor"], "Tensor"]) -> Callable[["Tensor", "Tensor"], "Tensor"]:
    """``p(z) - p(y) - p'(y) (z - y)``: convex in z, least at z = y, and curved like p."""

    def value(z: "Tensor", y: "Tensor") -> "Tensor":
        import torch

        at = y.detach().requires_grad_()
        slope = torch.autograd.grad(potential(at).sum(), at)[0]
        return potential(z).sum() - potential(y).sum() - (slope * (z - y)).sum()

    return value


def _softplus(z: "Tensor") -> "Tensor":
    from torch.nn.functional import softplus

    return softplus(z)


def _log_of_all(z: "Tensor") -> "Tensor":
    """Of the exponentials of an example's outputs and of a further one that is 0: (n,).

    Outputs (n,) are of n examples. The second derivative in (n, k) is a softmax's: not diagonal.
    """
    import torch

    outputs = z if z.ndim == 2 else z[:, None]
    return torch.cat([outputs, torch.zeros_like(outputs[:, :1])], dim=1).logsumexp(1)


LOSSES: dict[str, Loss] = {
    "squared": Loss(lambda z, y: (z - y).square().sum() / 2, smooth=True),
    "quartic": Loss(
        lambda z, y: ((z - y).square() * (1 + y.square()) + (z - y) ** 4).sum(), smooth=True
    ),
    "log cosh": Loss(
        lambda z, y: ((2 * (z - y)).logaddexp(z.new_zeros(())) - (z - y)).sum(), smooth=True
    ),
    "logistic": Loss(_bregman(_softplus), smooth=True),
    "softmax": Loss(_bregman(_log_of_all), smooth=True),
    "exponential": Loss(_bregman(lambda z: z.exp()), smooth=True),
    "hinge": Loss(lambda z, y: (1 - z * y.sign()).clamp(min=0).sum(), smooth=False),
    "absolute": Loss(lambda z, y: (z - y).abs().sum(), smooth=False),
}
SMOOTH = [name for name, loss in LOSSES.items() if loss.smooth]
