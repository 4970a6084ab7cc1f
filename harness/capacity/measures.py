"""Complexity measures of trained networks: larger should mean a larger generalisation error.

A measure is a function ``measure(model, inputs, labels, initial)`` of the trained network, its
training images (n, ...) and labels (n,), and its initial weights (a state dict). It returns a
number, or a pair: the number and a bound on the test error. It is not given test data. One with a
fifth parameter, ``replaced``, is given which labels (n,) were replaced by random ones.

The built-in measures take the same four, by way of `harness.training.summary.summarise_network`,
so that they can be computed from recorded runs as well, which keep that summary and no weights.
L is the number of layers, W_i the weights of layer i (rows are outputs; a BatchNorm is folded into
the convolution before it), V_i its initial weights, gamma the 10th percentile of the margin.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Summary = Mapping[str, Any]
"""As `harness.training.summary` makes it."""
MARGIN = "10"
"""The percentile of the margin by which a measure divides, as Jiang et al. (2020) take it."""
FAILURE = 0.05
"""The probability with which a bound may fail over the draw of the training set."""


class Value(NamedTuple):
    """What a measure says of a network."""

    value: float
    bound: float | None
    """On the test error; None where the measure gives none."""


@dataclass(frozen=True)
class Measure:
    """A built-in measure, by its summary."""

    name: str
    formula: str
    source: str
    value: Callable[[Summary], float]
    bound: Callable[[Summary, int], float] | None = None
    """Of a summary and the number of training images: a bound on the test error."""
    noise: bool = False
    """Whether it draws noise on the weights."""
    of_all_labels: bool = True
    """False if it is given which labels are random: its bound is for partly random ones alone."""


def _final(layer: Mapping[str, Any]) -> Mapping[str, float]:
    """The norms of a layer as the network applies it."""
    return layer.get("folded", layer["final"])


def _product(summary: Summary, norm: str) -> float:
    """Of one norm of all layers."""
    return math.exp(sum(math.log(_final(layer)[norm]) for layer in summary["layers"]))


def _margin_bound(summary: Summary, images: int, norms: str, inputs: float) -> float:
    """A bound on the test error by norms of the layers, on images of the size ``inputs``.

    The share of training images with a margin of at most gamma, plus 4 k / gamma times the
    Rademacher complexity, plus sqrt(ln(1 / FAILURE) / (2 n)), for k classes (Koltchinskii &
    Panchenko 2002; Mohri, Rostamizadeh & Talwalkar 2018, theorem 9.2). The complexity is at most
    2^(L - 1) times the product of the norms times ``inputs`` / sqrt(n). That norms and gamma are
    chosen after the fact, and that there are biases, would add to it, and is left out.
    """
    margin = summary["margins"][MARGIN]
    if margin <= 0:
        return math.inf
    layers = summary["layers"]
    complexity = 2 ** (len(layers) - 1) * _product(summary, norms) * inputs / math.sqrt(images)
    confidence = math.sqrt(math.log(1 / FAILURE) / (2 * images))
    return int(MARGIN) / 100 + 4 * layers[-1]["shape"][0] / margin * complexity + confidence


def max_row_bound(summary: Summary, images: int) -> float:
    """A bound on the test error by the product of the layers' (1, inf) norms.

    On images of a largest value x and d dimensions the factor of the complexity is
    x sqrt(2 ln(2 d)) (Bartlett & Mendelson 2002, theorem 18).
    """
    dimensions = summary["layers"][0]["shape"][1]
    size = summary["inputs"]["inf max"] * math.sqrt(2 * math.log(2 * dimensions))
    return _margin_bound(summary, images, "1,inf", size)


def frobenius_bound(summary: Summary, images: int) -> float:
    """A bound on the test error by the product of the layers' Frobenius norms.

    The factor of the complexity is the largest l2 norm of an image (Neyshabur, Tomioka & Srebro
    2015, theorem 1 with p = q = 2, which has a root of min(p*, 4 ln(2 d)) = 2 besides: it comes
    from linear functions of any norm, and those of l2 norm 1 need none, by Jensen).
    """
    return _margin_bound(summary, images, "frobenius", summary["inputs"]["l2 max"])


def spectral_complexity(summary: Summary) -> float:
    """Spectral complexity over the margin; infinite where the 10th percentile is not positive.

    A layer whose folded weights have no initial counterpart contributes its distance unfolded.
    """
    margin = summary["margins"][MARGIN]
    if margin <= 0:
        return math.inf
    ratios = sum(
        (layer["distance"]["2,1"] / layer["final"]["spectral"]) ** (2 / 3)
        for layer in summary["layers"]
    )
    return _product(summary, "spectral") * ratios**1.5 / margin


def sharpness(summary: Summary) -> float:
    """The rise of the mean loss under noise of a tenth of each parameter's own size."""
    noise = summary["noise"]
    return float(noise["relative"]["0.1"]["loss"] - noise["none"]["loss"])


def pac_bayes_bound(summary: Summary, images: int) -> float:
    """The PAC-Bayes bound on the error of the network with Gaussian noise on its weights.

    The prior is centred at the initial weights, the posterior at the final ones, both with standard
    deviation s; the divergence is |w - v|^2 / (2 s^2). With probability 1 - FAILURE, for all K
    values of s at once: error <= training error under the noise
    + sqrt((|w - v|^2 / (2 s^2) + ln(2 K sqrt(n) / FAILURE)) / (2 n)) (Maurer 2004). The smallest of
    the K. The training error under the noise is estimated by a few draws, and its own error left
    out.
    """
    moved = summary["parameters"]["distance l2"] ** 2
    scales = summary["noise"]["absolute"]
    confidence = math.log(2 * len(scales) * math.sqrt(images) / FAILURE)
    return min(
        1 - noisy["accuracy"] + math.sqrt((moved / (2 * float(s) ** 2) + confidence) / (2 * images))
        for s, noisy in scales.items()
    )


def pac_bayes(summary: Summary) -> float:
    """|w - v|^2 / (2 s^2), s the largest noise under which 90 % of the training images stay right.

    Infinite where the smallest noise tried is too much.
    """
    scales = [float(s) for s, it in summary["noise"]["absolute"].items() if it["accuracy"] >= 0.9]
    if not scales:
        return math.inf
    return summary["parameters"]["distance l2"] ** 2 / (2 * max(scales) ** 2)


def ratt(summary: Summary) -> float:
    """What fitting random labels says of the test error; see `ratt_bound`."""
    part, classes = summary["random part"], summary["layers"][-1]["shape"][0]
    return float(part["error of others"] + classes - 1 - classes * part["error"])


def ratt_bound(summary: Summary, images: int) -> float:
    """The RATT bound on the test error, from n images as they are and m with random labels.

    For k classes and L = ln(4 / FAILURE), with probability 1 - FAILURE:
    error <= error on the n + (k - 1) (1 - k / (k - 1) * error on the m) + c. For two classes
    c = (sqrt(2) * error on the m + 2 + m / (2 n)) sqrt(L / m) (theorem 1), for more
    c = (2 k + sqrt(k) + m / (n sqrt(k))) sqrt(L / (2 m)) (theorem 3). Proved for minimisers of the
    0-1 loss over all n + m labels. For a network that is stopped early the authors suppose that it
    fits wrongly labelled images at least as well as fresh ones.
    """
    part, k = summary["random part"], summary["layers"][-1]["shape"][0]
    m, n = part["images"], images - part["images"]
    if k == 2:
        slack = (math.sqrt(2) * part["error"] + 2 + m / (2 * n)) * math.sqrt(
            math.log(4 / FAILURE) / m
        )
    else:
        slack = (2 * k + math.sqrt(k) + m / (n * math.sqrt(k))) * math.sqrt(
            math.log(4 / FAILURE) / (2 * m)
        )
    return ratt(summary) + slack


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(
            "parameters",
            "number of weights and biases",
            "counting",
            lambda it: float(it["parameters"]["count"]),
        ),
        Measure(
            "path-norm",
            "sum over all paths from input to output of the product of |weights|",
            "Neyshabur, Tomioka & Srebro 2015",
            lambda it: it["path norms"]["final"]["l1"],
        ),
        Measure(
            "max-row-product",
            "product over layers of the largest l1 norm of a row of W_i",
            "Bartlett 1998; Neyshabur, Tomioka & Srebro 2015",
            lambda it: _product(it, "1,inf"),
            max_row_bound,
        ),
        Measure(
            "frobenius-product",
            "product over layers of the Frobenius norm of W_i",
            "Neyshabur, Tomioka & Srebro 2015",
            lambda it: _product(it, "frobenius"),
        ),
        Measure(
            "distance",
            "l2 norm of W - V, all parameters together",
            "Nagarajan & Kolter 2017; Neyshabur et al. 2019",
            lambda it: it["parameters"]["distance l2"],
        ),
        Measure(
            "spectral",
            "product of spectral norms of W_i, times (sum over i of (||W_i - V_i||_2,1 / spectral"
            " norm of W_i)^(2/3))^(3/2), over gamma",
            "Bartlett, Foster & Telgarsky 2017",
            spectral_complexity,
        ),
        Measure(
            "pac-bayes",
            "|W - V|^2 / (2 s^2), s the largest Gaussian noise under which 90 % of the training"
            " images stay right",
            "Dziugaite & Roy 2017, with one s for all weights; bound: Maurer 2004",
            pac_bayes,
            pac_bayes_bound,
            noise=True,
        ),
        Measure(
            "sharpness",
            "rise of the mean training loss under Gaussian noise of a tenth of each weight",
            "Keskar et al. 2017; Neyshabur et al. 2017",
            sharpness,
            noise=True,
        ),
        Measure("margin", "-gamma", "Jiang et al. 2020", lambda it: -it["margins"][MARGIN]),
        Measure(
            "ratt",
            "error on images with their own labels, plus k - 1 less k times the error on those with"
            " random labels, for k classes",
            "Garg, Balakrishnan, Kolter & Lipton 2021",
            ratt,
            ratt_bound,
            of_all_labels=False,
        ),
    )
}
"""By name, in the order in which they are shown."""
