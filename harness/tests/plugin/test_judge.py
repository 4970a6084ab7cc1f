"""The scale follows from what ran; misplaced numbers and controls that ran nothing are refused."""

from harness.tests.plugin_helpers import Project

SCALES = """
NUMBER = published_row("table1_cifar10", "train", model="MLP 3x512", labels="random")

def judged(judge):
    judge(share(1.0, "MLP 3x512"), ONE, NUMBER)

@pytest.mark.claim("2.1-fit")
@experiments(fast={"": [tiny()]})
def test_digits(runs, judge):
    judged(judge)

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_nothing(judge):
    judged(judge)

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_reduced(judge):
    judge.reduced()
    judged(judge)

@pytest.mark.claim("2.1-fit")
@pytest.mark.parametrize("datasets", ["digits", "cifar10", "cifar10 digits"])
class Computed:
    def test_computed(self, datasets, judge):
        judge.computed_on(*(
            paper_recipe("mlp-1x16", name, "true-labels") for name in datasets.split()
        ))
        judged(judge)

@pytest.mark.cpu_full
class TestLarge(Computed):
    pass

@pytest.mark.cpu_full
@pytest.mark.claim("2.1-fit")
def test_undecided(judge):
    judge.computed_on(paper_recipe("mlp-1x16", "cifar10", "true-labels"))
    wide = mean_over("MLP 3x512", [0.9, 1.1], "share", "draws", [])
    judge(wide, AtLeast(0.99, source="Table 9"), NUMBER, otherwise=0.9)

@pytest.mark.fast
class TestFast(Computed):
    pass

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_by_hand(judge):
    judge.computed_on(tiny())
    judge.scale = "paper"
"""


def test_the_scale_follows_from_the_recipes_of_a_test(tmp_path):
    session = Project(tmp_path, SCALES).run("-m", "fast or cpu_full")
    scales = {record.test.split("::")[-1]: record.scale for record in session.evidence}
    assert {name.split("[")[0] for name in scales} >= {"test_digits"}, session.text
    digits = next(scale for name, scale in scales.items() if name.startswith("test_digits"))
    assert digits == "scaled"
    assert scales["test_nothing"] == "exact" and scales["test_reduced"] == "scaled"
    assert scales["test_computed[digits]"] == "scaled"
    assert scales["test_computed[cifar10]"] == "paper"
    assert session.outcomes["TestFast::test_computed[cifar10]"] == "FAILED"
    assert "the fast tier has no data of the paper's size" in session.text
    assert scales["test_computed[cifar10 digits]"] == "scaled"
    assert session.of("test_undecided")[0].agreement == "too coarse"
    for record in session.evidence:
        assert bool(record.agreement) == (record.scale == "paper"), record.test
    assert session.outcomes["test_by_hand"] == "FAILED"
    assert "'scale' of 'Judge' object has no setter" in session.text


QUOTED = """
def number(model):
    return published_row("table1_cifar10", "train", model=model, labels="random")

@pytest.mark.claim("2.1-fit")
@experiments(fast={"": [
    paper_recipe("mlp-1x512", "digits", "random-labels", train_size=32, epochs=1)
]})
@pytest.mark.parametrize("model", ["MLP 1x512", "Alexnet"])
def test_it(model, runs, judge):
    check = AtLeast(0.0, source="s")
    judge(accuracy("accuracy", runs.all, "train"), check, number(model), otherwise="none")
"""


def test_a_number_published_for_another_network_is_refused(tmp_path):
    session = Project(tmp_path, QUOTED).run("-m", "fast")
    assert sorted(session.outcomes.values()) == ["FAILED", "PASSED"], session.text
    assert (
        "Table 1, Alexnet, random labels, train is published for something else than 'accuracy':"
        " model = 'Alexnet', but the run has 'MLP 1x512'; take the row of what was trained"
    ) in session.text


CONTROLS = """
from harness.expressivity.kinks import alternating_targets, kinks_needed

def number():
    return published_row("table1_cifar10", "test", model="MLP 1x512", labels="random")

@pytest.mark.fast
@pytest.mark.control("2.1-fit")
def test_published(judge):
    judge(share(number().value), ONE)

@pytest.mark.fast
@pytest.mark.claim("2.1-fit")
def test_typed_in(judge):
    judge(share(0.9934), ONE, 0.9934)

@pytest.mark.fast
@pytest.mark.control("2.1-fit")
def test_constructed(judge):
    judge(share(kinks_needed(*alternating_targets(10))), ONE)

@pytest.mark.control("2.1-fit")
@experiments(fast={"": [tiny()]})
def test_trained(runs, judge):
    judge(accuracy("accuracy", runs.all, "train"), ONE)

@pytest.mark.control("2.1-fit")
@experiments(fast={"": [tiny()]})
def test_trained_but_not_measured(runs, judge):
    judge(share(number().value), ONE)
"""


def test_a_control_that_compares_published_numbers_is_refused(tmp_path):
    session = Project(tmp_path, CONTROLS).run("-m", "fast")
    outcomes = {name.split("[")[0]: outcome for name, outcome in session.outcomes.items()}
    assert outcomes == {
        "test_published": "FAILED",
        "test_typed_in": "FAILED",
        "test_constructed": "FAILED",
        "test_trained": "PASSED",
        "test_trained_but_not_measured": "FAILED",
    }, session.text
    assert session.text.count("compares numbers that were there before") >= 2
    assert "published = 0.9934 must come from fixtures/paper: use published_row" in session.text
    assert "control of 2.1-fit is supported" in session.text, "8 kinks are more than one"


CONTROL = """
from harness.expressivity.kinks import alternating_targets

@pytest.mark.fast
@pytest.mark.control("2.1-fit")
def test_it(judge):
    judge(share(alternating_targets(3)[1][1]), ONE)
"""
PROFILED = "import cProfile\nPROFILER = cProfile.Profile()\nPROFILER.enable()\n"


def test_a_control_is_judged_under_a_profiler(tmp_path):
    session = Project(tmp_path, CONTROL, conftest=PROFILED).run()
    assert session.outcomes == {"test_it": "PASSED"}, session.text
