"""``--arch``: the checks of claims/custom, on networks and data of the user's.

Only that folder is selected then, and without ``--arch`` it is not collected. A custom network is
examined before anything is collected, in this process or in xdist's controller.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from harness.data.catalogue import data_root, dataset_spec
from harness.data.custom import check_images, custom_dataset
from harness.errors import DataError, HarnessError
from harness.evidence import Published
from harness.models.registry import is_custom
from harness.plugin.evidence import COMMAND, NETWORK
from harness.plugin.experiments import Experiment, Groups, parametrized, work_of
from harness.plugin.judge import Judge
from harness.plugin.options import CLAIMS, SESSION, trains_nothing
from harness.plugin.tiers import tiers_asked_for
from harness.training.custom import CustomNetwork
from harness.training.custom_options import above_zero, add_network_options, custom_networks
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

FOLDER = CLAIMS / "custom"
NETWORKS = pytest.StashKey[tuple[CustomNetwork, ...]]()
HEADER = pytest.StashKey[list[str]]()
OF_THE_PAPER = ("inception", "inception-without-batchnorm", "alexnet", "mlp-3x512", "mlp-1x512")
PROTOCOL = ("--arch-lr", "--arch-epochs", "--arch-batch-size", "--image-size")
FAST_IMAGES = 256
SIGN_IMAGES = 10_000
"""What the check of 2.2-rademacher takes of a training set; the others take all of it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the networks, their protocol and their data."""
    group = parser.getgroup("custom networks", "custom networks and data")
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
        " the claims' data (without --arch: with the paper's networks)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Find and examine the networks; one that cannot be trained ends the session here."""
    config.stash[NETWORKS], config.stash[HEADER] = (), []
    try:
        config.stash[NETWORKS] = networks = networks_of(config)
        if not networks:
            config.stash[SESSION].uncollected.add(FOLDER)
        if not networks or config.stash[SESSION].worker:  # Only one process examines them.
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
    option = config.getoption
    asked, dataset, optimizer = option("arch") or [], option("--dataset"), option("--optimizer")
    arguments = option("--optimizer-option") or []
    if arguments and not optimizer:
        raise pytest.UsageError("--optimizer-option was given without an --optimizer: name one")
    if not asked and not dataset and not optimizer:
        for name in PROTOCOL:
            if option(name) is not None:
                raise pytest.UsageError(f"{name} was given without an --arch: name one")
        return ()
    papers = ("mlp-1x512",) if option("--measure") else OF_THE_PAPER
    default = _default_learning_rate(optimizer)
    return custom_networks(
        asked or [(name, ()) for name in papers],
        learning_rate=option("--arch-lr") or default,
        optimizer=optimizer or "",
        optimizer_options=tuple(sorted(dict(arguments).items())),
        epochs=option("--arch-epochs"),
        batch_size=option("--arch-batch-size"),
        image_size=option("--image-size"),
        dataset=dataset and custom_dataset(dataset, option("--data-root"), option("--image-size")),
    )


def _default_learning_rate(optimizer: str | None) -> float | None:
    """The optimiser's own, if it is not the paper's and has one."""
    if not optimizer:
        return None
    if not is_custom(optimizer):
        raise pytest.UsageError(
            f"--optimizer {optimizer}: write torch.optim:{optimizer}, PACKAGE.MODULE:CLASS or"
            " ./FILE.py:CLASS"
        )
    from harness.training.optimizer import default_learning_rate

    return default_learning_rate(optimizer)


def _examine(config: pytest.Config, network: CustomNetwork, equal: str) -> None:
    """Make the network at the sizes of the tiers that were asked for; collect notes for readers.

    ``equal`` is the note on equal images in its data.
    """
    notes = network.departures + ([equal] if equal else [])
    text = network.title
    for dataset, size in _data_of(network, _tiers(config)):
        recipe = network.recipe(
            paper_recipe(network.model, dataset, "random-labels", train_size=size)
        )
        notes.append(_fitted_by_a_linear_model(recipe))
        if is_custom(network.model):
            from harness.training.preflight import examine

            found = examine(recipe)
            height, width = recipe.image_shape[1:]
            parameters = f", {found.parameters:,} parameters at {height}x{width}"
            text += parameters if parameters not in text else ""
            notes.append(found.note)
        if network.optimizer:
            from harness.training.preflight import examine_optimizer

            examine_optimizer(recipe)
    note = "; ".join(dict.fromkeys(filter(None, notes)))
    config.stash[SESSION].notes[network.title] = note
    config.stash[HEADER].append(f"{text}: {note or 'by the protocol of the paper'}")


def _fitted_by_a_linear_model(recipe: Recipe) -> str:
    """The note on a sample that takes no capacity to memorise; the rank of digits is below 65."""
    spec = dataset_spec(recipe.dataset)
    channels, height, width = spec.shape
    values = channels * min(height, recipe.crop) * min(width, recipe.crop)
    if spec.embedded or recipe.images > values:
        return ""
    return f"{recipe.images:,} images of {values:,} values, which a linear model may fit as well"


def _tiers(config: pytest.Config) -> list[str]:
    return [tier for tier in tiers_asked_for(config) if tier != "imagenet"]


def _data_of(network: CustomNetwork, tiers: list[str]) -> list[tuple[str, int | None]]:
    """Datasets and sizes on which the network trains at these tiers."""
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


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which networks, and where each departs from the paper."""
    if not config.stash[NETWORKS] or config.getoption("--measure"):
        return []
    return [
        "claims: of the paper's claims those about a network's capacity, tried on",
        *(f"claims:   {line}" for line in config.stash[HEADER]),
        "claims: other tests, controls among them, are deselected; published numbers are those of"
        " the paper's networks, for comparison",
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test of a ``custom(make)`` marker its experiments on the networks."""
    mark = metafunc.definition.get_closest_marker("custom")
    if mark is None:
        return
    networks = metafunc.config.stash[NETWORKS]
    if not networks:
        raise pytest.Collector.CollectError("these checks are for custom networks: name an --arch")
    tiers = _tiers(metafunc.config)
    try:
        every = [
            it for network in networks for it in experiments_of(mark.kwargs["make"], network, tiers)
        ]
    except HarnessError as error:
        raise pytest.Collector.CollectError(str(error)) from error
    series = parametrized(every)
    metafunc.parametrize(*series.args, **series.kwargs)


def experiments_of(
    make: Callable[[str, str], dict[str, Groups]], network: CustomNetwork, tiers: list[str]
) -> Iterator[Experiment]:
    """What ``make(model, tier)`` gives, by label, with the network's protocol and data put in.

    Where the data has fewer images than a sample asks for, all are taken; but not in the fast tier,
    where the size of the sample is what makes a claim hard.
    """
    there = dataset_spec(network.dataset).train_size if network.dataset else math.inf
    for tier in tiers:
        for label, groups in make(network.model, tier).items():
            asked = [recipe for recipes in groups.values() for recipe in recipes]
            if tier == "fast" and any((it.train_size or 0) > there for it in asked):
                continue
            title = network.title + (f"-{label}" if label else "")
            recipes = {
                group: [
                    network.recipe(replace(it, train_size=None) if it.images > there else it)
                    for it in each
                ]
                for group, each in groups.items()
            }
            yield Experiment(tier, title, recipes)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave these tests alone in the session; what the networks warn of is no error."""
    networks = {network.title: network for network in config.stash[NETWORKS]}
    if not networks or config.getoption("--measure"):
        return
    # Without an experiment at a tier that was asked for, pytest collects a test with no recipe.
    chosen = [item for item in items if item.get_closest_marker("custom") and work_of(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen
    for item in chosen:
        item.add_marker(pytest.mark.filterwarnings("default"))
        (title,) = {recipe.title for recipe in work_of(item)}
        item.stash[NETWORK] = title
        item.stash[COMMAND] = command_words(config, networks[title])


def command_words(config: pytest.Config, network: CustomNetwork) -> list[str]:
    """What a command needs, after the test's name, to be about the same network."""
    words = ["--arch", network.model]
    for key, value in network.options:
        words += ["--arch-option", f"{key}={value}"]
    for key, value in network.optimizer_options:
        words += ["--optimizer-option", f"{key}={value}"]
    for name in (*PROTOCOL, "--dataset", "--optimizer"):
        if (value := config.getoption(name)) is not None:
            words.append(f"{name}={value}")
    return words


@pytest.fixture
def judge_network(judge: Judge, request: pytest.FixtureRequest) -> Any:
    """As `judge`, with a note on where the network departs from the paper's protocol.

    A published number is that of the paper's network, for comparison.
    """
    item = request.node
    note = item.config.stash[SESSION].notes.get(item.stash[NETWORK], "")
    longest = max(recipe.epochs for recipe in work_of(item))

    def judge_it(
        measured: Any, check: Any, published: Published | None = None, otherwise: Any = None
    ) -> Any:
        notes = filter(None, [measured.note, note, f"at most {longest:,} epochs"])
        compared = published  # It fills no cell of the paper's tables.
        if published:
            where = f"the paper's own network, for comparison: {published.where}"
            compared = replace(published, where=where, cell="", rows=())
        return judge(replace(measured, note="; ".join(notes)), check, compared, otherwise=otherwise)

    return judge_it
