"""``--arch``: the checks of claims/custom, on networks and data of the user's."""

import argparse
from types import SimpleNamespace

import pytest
from PIL import Image

from claims.custom import test_capacity as custom
from harness.data.class_folders import listed
from harness.data.custom import custom_dataset, custom_spec
from harness.errors import DataError, NetworkError
from harness.plugin.custom import (
    _data_of,
    _tiers,
    experiments_of,
    networks_of,
)
from harness.tests.evidence.test_corruption import fits_after
from harness.tests.evidence.test_corruption import run as run_of
from harness.tests.evidence.test_measurements import fake_run
from harness.tests.plugin_helpers import Project
from harness.training.custom import CustomNetwork
from harness.training.custom_options import add_network_options

HERE = "harness.tests.custom_networks"
CLAIMS = """
PUBLISHED = published_row("table1_cifar10", "train", model="Inception", labels="random")

def both_labelings(network, tier):
    changes = {"train_size": 16, "precision": "fp32", "stop_at_zero_error": True, "epochs": 60,
               "evaluation": "once nearly fitted"}
    return {"": {
        setting: [paper_recipe(network, "digits", setting, **changes)]
        for setting in ("true-labels", "random-labels")
    }}

@pytest.mark.claim("2.1-fit")
@pytest.mark.custom(make=both_labelings)
def test_fit(runs, judge_network):
    for setting, of_it in runs.items():
        judge_network(accuracy(setting, of_it, "train"), ONE, PUBLISHED)

@pytest.mark.claim("2.1-chance")
@experiments(fast={"another": [tiny(9)]})
def test_of_the_paper(runs, judge):
    raise AssertionError("deselected")
"""
TWO = (f"--arch={HERE}:mlp", "--arch-option=width=64", f"--arch={HERE}:Warns", "--arch-lr=0.05")


def test_the_custom_checks_alone_are_tried_on_the_networks(tmp_path):
    done = Project(tmp_path, CLAIMS).run(*TWO)
    mlp, warns = f"{HERE}:mlp(width=64)", f"{HERE}:Warns"
    assert set(done.outcomes) == {f"test_fit[fast-{mlp}]", f"test_fit[fast-{warns}]"}, done.text
    assert done.outcomes[f"test_fit[fast-{mlp}]"] == "PASSED", done.text
    assert {record.network for record in done.evidence} == {mlp, warns}
    of_mlp = [record for record in done.evidence if record.network == mlp]
    assert [record.verdict for record in of_mlp] == ["supported", "supported"]
    for record in of_mlp:
        assert record.published == 1.0
        assert record.published_where.startswith("the paper's own network, for comparison")
        assert record.published_cell == "", "it fills no cell of the paper's tables"
        assert "learning rate 0.05 (the paper's: 0.01)" in record.notes[0]
        assert f"--arch {HERE}:mlp --arch-option width=64 --arch-lr=0.05" in record.command
    for words in (
        "13,002 parameters at 8x8",
        "other tests, controls among them, are deselected",
        "networks compared",
        f"{mlp}: 1 supported, of 1 claims",
        "this layer is old",
    ):
        assert words in done.text, words
    assert "claims judged" not in done.text, "no verdict on a claim of the paper"


def test_another_optimiser_stands_in_title_notes_command_and_report(tmp_path):
    words = ("--optimizer=torch.optim:AdamW", "--optimizer-option=weight_decay=0.05")
    done = Project(tmp_path, CLAIMS).run("--arch=mlp-1x16", "--arch-epochs=2", *words)
    title = "MLP 1x16 with torch.optim:AdamW(weight_decay=0.05)"
    assert done.outcomes == {f"test_fit[fast-{title}]": "FAILED"}, "not fitted in two epochs"
    (record, _) = done.evidence
    assert record.network == title
    assert "learning rate 0.001 (the paper's: 0.01)" in record.notes[0]
    assert "AdamW(weight_decay=0.05) (the paper's: SGD with momentum 0.9)" in record.notes[0]
    assert "--arch mlp-1x16 --optimizer-option weight_decay=0.05" in record.command
    assert record.command.endswith("--optimizer=torch.optim:AdamW")
    for line in (f"On {title}", f"{title}: 1 refuted, of 1 claims"):
        assert line in done.text


def test_what_cannot_be_examined_ends_the_session_before_anything_is_collected(tmp_path):
    """In xdist's controller, so that the sentence is seen."""
    (code, text), (wrong, sentence) = Project(tmp_path, CLAIMS).run_each(
        (["-m", "fast and not claim", "--arch=mlp-1x16"], [f"--arch={HERE}:WrongSize", "-n", "2"])
    )
    assert code == pytest.ExitCode.NO_TESTS_COLLECTED and "INTERNALERROR" not in text, text
    assert wrong == pytest.ExitCode.USAGE_ERROR, sentence
    assert "it should be (4, 10), a logit for each of 10 classes" in sentence
    assert "Traceback" not in sentence and "passed" not in sentence


def config(**options):
    """Options as pytest holds them."""
    return SimpleNamespace(getoption=lambda name: options.get(name.strip("-").replace("-", "_")))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"arch_lr": 0.1}, pytest.UsageError, "--arch-lr was given without an --arch"),
        ({"optimizer_option": [("eps", 1)]}, pytest.UsageError, "without an --optimizer: name one"),
        ({"optimizer": "a.py:", "arch_lr": 1}, NetworkError, "names no optimiser; write torch.op"),
        ({"optimizer": "AdamW"}, pytest.UsageError, "write torch.optim:AdamW, PACKAGE.MODULE:CL"),
        ({"image_size": 32}, pytest.UsageError, "--image-size was given"),
        ({"dataset": "no/such/folder"}, DataError, "there is no such folder"),
    ],
)
def test_options_that_belong_to_nothing_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        networks_of(config(**options))


def verdicts(test, **runs):
    """What a check of claims/custom decides on these runs."""
    groups = {name.replace("_", " "): [run] for name, run in runs.items()}
    judged = []
    finished = type("Runs", (dict,), {"all": [run for group in groups.values() for run in group]})
    test(
        finished(groups),
        lambda measured, check, published=None, **_: judged.append(check.verdict(measured)),
    )
    return judged


@pytest.mark.parametrize(("train", "verdict"), [(256, "supported"), (255, "inconclusive")])
def test_chance_is_not_decided_for_a_network_that_has_not_memorised(train, verdict):
    """At chance is what ignores its input as well."""
    run = fake_run(train=train, test=100)
    chance = custom.test_a_memorising_network_does_no_better_than_chance
    assert verdicts(chance, random_labels=run) == [verdict, "supported"]


NEVER, TOO_LONG = run_of(online=[0.5] * 20), run_of(online=[0.5] * 201)


@pytest.mark.parametrize(
    ("true", "random", "expected"),
    [
        (fits_after(10), fits_after(20), ["supported"] * 3),
        (fits_after(10), NEVER, ["supported", "inconclusive"]),
        (fits_after(10), TOO_LONG, ["supported", "inconclusive", "refuted"]),
        (NEVER, NEVER, ["inconclusive"] * 2),
        (run_of(online=[1.0], diverged=True), NEVER, ["inconclusive"] * 2),
    ],
    ids=["both", "one", "too long", "none", "diverged"],
)
def test_a_slowdown_is_decided_where_both_were_fitted_or_the_time_alone_is_too_long(
    true, random, expected
):
    slowdown = custom.test_random_labels_take_longer_by_a_small_factor
    assert verdicts(slowdown, true_labels=true, random_labels=random) == expected


@pytest.mark.parametrize(
    ("expression", "arguments", "tiers"),
    [
        ("", [], ["fast"]),
        ("not gpu_full", [], ["fast", "cpu_full"]),
        ("cpu_full or gpu_full", [], ["cpu_full", "gpu_full"]),
        ("fast and not control and not baseline", [], ["fast"]),
        ("fast and not claim", [], []),
        ("", ["claims/custom/test_capacity.py::test_it[cpu_full-net.py:make]"], ["cpu_full"]),
    ],
)
def test_a_network_is_examined_at_the_tiers_that_are_asked_for(expression, arguments, tiers):
    option = SimpleNamespace(markexpr=expression)
    assert _tiers(SimpleNamespace(option=option, args=arguments)) == tiers


# --- A small custom data set -----------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    """Of two classes: ``folder(n)`` has n training images in all."""

    def made(training_images):
        for part, count in (("train", training_images // 2), ("test", 2)):
            for label in "ab":
                place = tmp_path / "pictures" / part / label
                place.mkdir(parents=True)
                for number in range(count):
                    (place / f"{number}.png").touch()
        return custom_dataset(str(tmp_path / "pictures"), None, 8)

    yield made
    custom_spec.cache_clear()
    listed.cache_clear()


EVERY_TIER = ["fast", "cpu_full", "gpu_full"]


def test_a_small_folder_is_taken_whole_where_a_claim_asks_for_more(folder):
    network = CustomNetwork("mlp-1x16", dataset=folder(300))
    for make in (custom.random_labels, custom.random_signs):
        sizes = {
            it.tier: {recipe.images for recipes in it.groups.values() for recipe in recipes}
            for it in experiments_of(make, network, EVERY_TIER)
        }
        assert sizes == {"fast": {256}, "cpu_full": {300}, "gpu_full": {300}}


def test_a_folder_that_is_too_small_for_the_fast_tier_is_refused_there_alone(folder):
    network = CustomNetwork("mlp-1x16", dataset=folder(40))
    tiers = [it.tier for it in experiments_of(custom.random_labels, network, EVERY_TIER)]
    assert tiers == ["cpu_full", "gpu_full"]
    assert _data_of(network, ["cpu_full"]) == [(network.dataset, None), (network.dataset, 40)]
    words = "pictures has 40 training images, and the fast tier takes 256: .* -m cpu_full"
    with pytest.raises(DataError, match=words):
        _data_of(network, ["fast"])


def test_what_the_data_holds_is_shown_in_header_scorecard_evidence_and_report(tmp_path):
    """Equal images as well: they are why a network cannot memorise."""
    for place in ("Train/cat", "Train/dog", "Test/cat", "Test/dog"):
        (tmp_path / "pictures" / place).mkdir(parents=True)
        for number in range(130 if "Train" in place else 2):
            pixels = Image.new("L", (4, 4), number)
            pixels.save(tmp_path / "pictures" / place / f"{number}.png")
    (tmp_path / "project").mkdir()
    done = Project(tmp_path / "project", CLAIMS).run(
        "--arch=mlp-1x16", f"--dataset={tmp_path / 'pictures'}", f"--report={tmp_path}"
    )
    words = (
        "pictures (2 classes, 260 training and 4 test images); 130 of its 260 training images equal"
        " an earlier one; 4 of its 4 test images equal a training image"
    )
    header, scorecard = done.text.split("= claims of the paper =")
    assert words in header, done.text
    for text in (scorecard, (tmp_path / "report.html").read_text(), done.evidence[0].notes[0]):
        assert words in " ".join(text.split()), done.text


def test_an_image_that_cannot_be_read_ends_the_session_before_anything_is_collected(
    folder, tmp_path
):
    folder(300)
    place = tmp_path / "project"
    place.mkdir()
    done = Project(place, CLAIMS).run(f"--dataset={tmp_path / 'pictures'}", "-m", "fast")
    assert done.code == pytest.ExitCode.USAGE_ERROR, done.text
    assert "0.png cannot be read as an image" in done.text and "or delete it" in done.text
    assert not done.outcomes


# --- The options themselves ------------------------------------------------------------------


def parsed(*arguments):
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_network_options(parser.add_argument)
    return parser.parse_args(arguments)


def test_an_option_belongs_to_the_network_before_it_and_is_a_python_value():
    words = (
        "--arch a:B --arch-option width=64 --arch-option size=(1,2) --arch c:D --arch-option x=y"
        " --arch-option z=false"
    )
    assert parsed(*words.split()).arch == [
        ("a:B", (("width", 64), ("size", (1, 2)))),
        ("c:D", (("x", "y"), ("z", False))),
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--arch-option", "width=3"],
        ["--arch", "a:B", "--arch-option", "width"],
        ["--arch", "a:B", "--arch-option", "width=3", "--arch-option", "width=4"],
        ["--arch-lr", "0"],
        ["--image-size", "-3"],
    ],
)
def test_an_option_that_means_nothing_is_refused(arguments):
    with pytest.raises((SystemExit, argparse.ArgumentError)):
        parsed(*arguments)
