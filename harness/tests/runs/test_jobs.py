"""The jobs of a session, in order."""

from dataclasses import replace

from harness.plugin.plan import jobs_in_order
from harness.runs.runner import jobs_for, of_a_shape
from harness.training.protocol import paper_recipe

SEEDS = [paper_recipe("mlp-1x16", "digits", "true-labels", seed=seed) for seed in range(4)]
ALEXNET = paper_recipe("alexnet", "digits", "true-labels")
LONGER = replace(SEEDS[0], epochs=200)
TESTS = [[ALEXNET, SEEDS[0]], [SEEDS[1], SEEDS[0]], [LONGER], [ALEXNET], [*SEEDS, LONGER]]


def test_a_single_process_includes_what_later_tests_need():
    jobs = list(jobs_in_order(TESTS, "cpu", along=True))
    assert jobs == [[ALEXNET], SEEDS, [LONGER]]


def test_one_of_several_processes_trains_only_what_its_test_needs():
    jobs = list(jobs_in_order(TESTS, "cpu", along=False))
    assert jobs == [[ALEXNET], [SEEDS[0]], [SEEDS[1]], [LONGER], SEEDS[2:]]


def test_a_job_includes_only_what_has_its_shape_and_fits():
    assert of_a_shape([*SEEDS, ALEXNET, LONGER], SEEDS[:1]) == SEEDS
    assert of_a_shape([ALEXNET], [ALEXNET]) == [], "it trains alone"
    wide = [replace(seed, model="mlp-1x9000") for seed in SEEDS]
    assert jobs_for(wide[:1], wide[1:], "cuda") == [wide]
    assert jobs_for(wide[:1], wide[1:], "cpu") == [wide[:1]], "larger than a job on a CPU"
