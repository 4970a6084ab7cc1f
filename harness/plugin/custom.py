"""``--arch``: the claims about a network's capacity, tried on networks of one's own.

Each test that can is collected with trials of these networks in place of the paper's; all others
are deselected. A network from outside is examined before anything is collected, in this process
or in xdist's controller.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from harness.data.catalogue import data_root, dataset_spec
from harness.data.custom import check_images, custom_dataset
from harness.errors import DataError, HarnessError
from harness.models.custom import is_custom
from harness.plugin.options import SESSION, trains_nothing
from harness.plugin.trials import (
    TIERS,
    Trial,
    below_papers_size,
    network_of,
    parameters,
    recipes_of,
)
from harness.training.custom import CustomNetwork
from harness.training.custom_options import above_zero, add_network_options, custom_networks
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

NETWORKS = pytest.StashKey[tuple[CustomNetwork, ...]]()
NOTES = pytest.StashKey[dict[str, str]]()
"""By network: what a reader must know of every figure of it."""
HEADER = pytest.StashKey[list[str]]()
OF_THE_PAPER = ("inception", "inception-without-batchnorm", "alexnet", "mlp-3x512", "mlp-1x512")
PROTOCOL = ("--arch-lr", "--arch-epochs", "--arch-batch-size", "--image-size")
FAST_IMAGES = 256
SIGN_IMAGES = 10_000
"""What 2.2-rademacher takes of a training set where the other claims take all of it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the networks, their protocol and their data."""
    group = parser.getgroup("own networks", "networks and data of one's own")
    add_network_options(group.addoption)
    group.addoption(
        "--arch-epochs",
        type=above_zero(int),
        metavar="N",
        help="epochs at most (default: the claim's)",
    )
    group.addoption(
        "--dataset",
        metavar="FOLDER|NAME",
        help="a folder of images, or a torchvision dataset that is under --data-root, in place of"
        " the claims' own (without --arch: with the paper's networks)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find and examine the networks; what cannot be trained ends the session here."""
    config.stash[NETWORKS], config.stash[NOTES], config.stash[HEADER] = (), {}, []
    try:
        config.stash[NETWORKS] = networks = networks_of(config)
        if not networks:
            return
        if config.stash[SESSION].worker:
            config.stash[NOTES] = config.workerinput["claims_networks"]
            return
        dataset, equal = networks[0].dataset, ""
        if dataset and dataset_spec(dataset).custom and not trains_nothing(config):
            # An image that is corrupt ends the session, not each test.
            equal = check_images(dataset, data_root(config.getoption("--data-root")).absolute())
        for network in networks:
            _examine(config, network, equal)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error


def networks_of(config: pytest.Config) -> tuple[CustomNetwork, ...]:
    """The networks that were asked for; the paper's where only a dataset was."""
    asked, dataset = config.getoption("arch") or [], config.getoption("--dataset")
    if not asked and not dataset:
        for name in PROTOCOL:
            if config.getoption(name) is not None:
                raise pytest.UsageError(f"{name} was given, but it is that of an --arch: name one")
        return ()
    option = config.getoption
    return custom_networks(
        asked or [(name, ()) for name in OF_THE_PAPER],
        learning_rate=option("--arch-lr"),
        epochs=option("--arch-epochs"),
        batch_size=option("--arch-batch-size"),
        image_size=option("--image-size"),
        dataset=custom_dataset(dataset, option("--data-root"), option("--image-size"))
        if dataset
        else None,
    )


def _examine(config: pytest.Config, network: CustomNetwork, equal: str) -> None:
    """Make it at the sizes of the tiers that were asked for; note what a reader must know.

    ``equal`` says what must be known of equal images in its data.
    """
    told = network.departures + ([equal] if equal else [])
    text = network.title
    for dataset, size in _data_of(config, network):
        recipe = network.recipe(
            paper_recipe(network.model, dataset, "random-labels", train_size=size)
        )
        if (note := _fitted_by_a_linear_model(recipe)) and note not in told:
            told.append(note)
        if is_custom(network.model):
            from harness.training.preflight import examine

            found = examine(recipe)
            height, width = recipe.image_shape[1:]
            size_told = f", {found.parameters:,} parameters at {height}x{width}"
            text += size_told if size_told not in text else ""
            told += [found.note] if found.note and found.note not in told else []
    config.stash[NOTES][network.title] = "; ".join(told)
    config.stash[HEADER].append(f"{text}: {'; '.join(told) or 'by the protocol of the paper'}")


def _fitted_by_a_linear_model(recipe: Recipe) -> str:
    """Said of a sample that takes no capacity to memorise; the digits' rank is 64 at most."""
    spec = dataset_spec(recipe.dataset)
    channels, height, width = spec.shape
    values = channels * min(height, recipe.crop) * min(width, recipe.crop)
    if spec.embedded or recipe.images > values:
        return ""
    return f"{recipe.images:,} images of {values:,} values, which a linear model may fit as well"


def _data_of(config: pytest.Config, network: CustomNetwork) -> list[tuple[str, int | None]]:
    """Datasets and sizes of the tiers that are named, by ``-m`` or in a test's name."""
    words = f"{config.option.markexpr} {' '.join(map(str, config.args))}"
    tiers = [tier for tier in TIERS if tier in words] or ["fast"]
    found: list[tuple[str, int | None]] = []
    for tier in tiers:
        dataset = network.dataset or ("digits" if tier == "fast" else "cifar10")
        there = dataset_spec(dataset).train_size
        if tier != "fast":
            found += [(dataset, None), (dataset, min(SIGN_IMAGES, there))]
        elif there < FAST_IMAGES:
            raise DataError(
                f"{dataset_spec(dataset).title} has {there:,} training images, and the fast tier"
                f" takes {FAST_IMAGES}: add some, or take all that there are with -m cpu_full"
            )
        else:
            found.append((dataset, FAST_IMAGES))
    return list(dict.fromkeys(found))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """What was found goes to xdist's workers, who examine nothing."""
    node.workerinput["claims_networks"] = node.config.stash[NOTES]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which networks, and where each departs from the paper."""
    if not config.stash[NETWORKS]:
        return []
    return [
        "claims: of the paper's claims those about a network's capacity, tried on",
        *(f"claims:   {line}" for line in config.stash[HEADER]),
        "claims: other tests, controls among them, are deselected; published numbers are those of"
        " the paper's networks, for comparison",
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Put trials of these networks in place of the test's own."""
    networks = metafunc.config.stash[NETWORKS]
    mark = metafunc.definition.get_closest_marker("own_network")
    if not networks or mark is None:
        return
    try:
        own = [trial for network in networks for trial in own_trials(mark.args[0], network)]
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    ours = pytest.mark.parametrize("trial", parameters(own)).mark
    marks = metafunc.definition.own_markers
    theirs = [it for it in marks if it.name == "parametrize" and it.args[0] == "trial"]
    marks[:] = [it for it in marks if it not in theirs] + [ours]


def own_trials(make: Any, network: CustomNetwork) -> Iterable[Trial]:
    """The trials that a test has for a network, with the network's own protocol put in.

    Of data that has fewer images than a sample asks for, all are taken; in the fast tier, whose
    samples are what makes its claims hard, there is no such trial.
    """
    there = dataset_spec(network.dataset).train_size if network.dataset else math.inf
    for trial in make(network.model):
        if trial.tier == "fast" and any((it.train_size or 0) > there for it in trial.all_recipes):
            continue
        recipes = {
            group: tuple(
                network.recipe(replace(it, train_size=None) if it.images > there else it)
                for it in each
            )
            for group, each in trial.recipes.items()
        }
        label = network.title + (f"-{trial.label}" if trial.label else "")
        own = [recipe for group in recipes.values() for recipe in group]
        scale = "scaled" if network.dataset or below_papers_size(own) else trial.scale
        yield replace(
            trial, label=label, recipes=recipes, scale=scale, network=network.title, finding=""
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nothing but these networks; what they warn of is no error."""
    if not config.stash[NETWORKS]:
        return
    chosen = [item for item in items if network_of(item)]
    config.hook.pytest_deselected(items=[item for item in items if not network_of(item)])
    items[:] = chosen
    for item in chosen:
        item.add_marker(pytest.mark.filterwarnings("default"))


def note_on(item: pytest.Item) -> str:
    """What a reader must know of every figure of a test's network, and how long it had."""
    note = item.config.stash[NOTES].get(network_of(item), "")
    longest = max((recipe.epochs for recipe in recipes_of(item)), default=0)
    return "; ".join(filter(None, [note, f"at most {longest:,} epochs" if longest else ""]))


def command_words(item: pytest.Item) -> list[str]:
    """What a command needs, behind the test's name, to be about the same network."""
    title, config = network_of(item), item.config
    network = next((it for it in config.stash[NETWORKS] if it.title == title), None)
    if network is None:
        return []
    words = ["--arch", network.model]
    for key, value in network.options:
        words += ["--arch-option", f"{key}={value}"]
    for name in (*PROTOCOL, "--dataset"):
        if (value := config.getoption(name)) is not None:
            words.append(f"{name}={value}")
    return words
