"""Tables 1 to 4: every number of the paper has a cell, and a check that names one fills it."""

import json

import pytest

from harness.evidence.published import PAPER, UNITS, cell_name, published_row, published_table
from harness.report.tables import paper_tables
from harness.tests.report_helpers import CATALOGUE, fit, record

TABLES = json.loads((PAPER / "tables.json").read_text(encoding="utf-8"))
CELLS = {  # Parameters stand once a network, not once a row.
    "table-1": 5 + 2 * 19,
    "table-2": sum(
        sum(key in UNITS for key in row) for row in TABLES["table2_imagenet_inception_v3"]
    ),
    "table-3": 5 + 2,
    "table-4": 6,
}


def cells_with(record):
    found = [cell for table in paper_tables([record]) for cell in table.cells if cell.ours]
    return [(cell.published, cell.claim) for cell in found]


def test_every_published_number_has_its_cell_and_its_claim():
    tables = paper_tables([])
    assert {table.name: len(table.cells) for table in tables} == CELLS
    for table in tables:
        assert set(table.claims) - {""} <= set(CATALOGUE), table.name
        assert not any(cell.ours for cell in table.cells)
        assert all(
            len(cells) == len(table.columns)
            for lines in table.groups.values()
            for _, cells in lines
        )


@pytest.mark.parametrize("match", [{}, {"random_crop": False, "weight_decay": False}])
def test_a_check_fills_the_cell_that_it_names_however_it_asked_for_it(match):
    cell = published_row("table1_cifar10", "test", model="Inception", labels="random", **match)
    assert cells_with(record("2.1-chance", published_cell=cell.cell)) == [("9.78 %", "2.1-chance")]


def test_every_cell_can_be_filled():
    for table in ("table1_cifar10", "table2_imagenet_inception_v3", "table3_kernels"):
        for row in published_table(table):
            for field in set(row) & set(UNITS) - {"params"}:
                assert len(cells_with(record(published_cell=cell_name(table, row, field)))) == 1


def test_parameters_belong_to_the_network_whichever_row_a_check_names():
    for labels in ("random", "true"):
        match = {"labels": labels, "random_crop": False, "weight_decay": False}
        cell = published_row("table1_cifar10", "params", model="Alexnet", **match)
        assert cells_with(record(published_cell=cell.cell)) == [("1,387,786", "A-params")]


def test_controls_and_what_was_not_run_fill_nothing():
    assert cells_with(fit("Alexnet", control=True, verdict="refuted")) == []
    assert cells_with(fit("Alexnet", verdict="not run")) == []


def test_the_papers_own_size_comes_before_reduced_scale():
    both = [fit("Alexnet", scale="scaled"), fit("Alexnet", scale="paper")]
    (cell,) = [cell for table in paper_tables(both) for cell in table.cells if cell.ours]
    assert [it.scale for it in cell.ours] == ["paper", "scaled"]
