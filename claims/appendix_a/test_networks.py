"""A-params: the networks have exactly the published numbers of parameters (Table 1).

As built for 28x28 colour images and 10 classes; the control makes one layer one unit wider.
"""

import pytest

from harness import models
from harness.evidence import Equals, exact, published_row
from harness.models import MODELS

pytestmark = pytest.mark.fast

NETWORKS = ["inception", "inception-without-batchnorm", "alexnet", "mlp-3x512", "mlp-1x512"]


def judge_count(judge, network, count):
    name = MODELS[network].paper_name
    published = published_row("table1_cifar10", "params", model=name, labels="random")
    judge(
        exact(f"{name}: trainable parameters", [count], "parameters"),
        Equals(published.value, source=published.where),
        published,
    )


@pytest.mark.claim("A-params")
@pytest.mark.parametrize("network", NETWORKS)
def test_networks_have_the_published_number_of_parameters(network, judge):
    judge_count(judge, network, models.trainable_parameters(network))


@pytest.mark.control("A-params")
@pytest.mark.parametrize("network", NETWORKS)
def test_one_unit_more_has_another_number_of_parameters(network, judge):
    judge_count(judge, network, models.trainable_parameters_one_unit_wider(network))
