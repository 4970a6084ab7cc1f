"""The pages for readers match the project: links, options, commands, claims, code, counts."""

import re
import shlex
from urllib.parse import unquote

import pytest
import torch
import yaml

from harness.__main__ import COMMANDS, parser_for
from harness.evidence.catalogue import load_catalogue
from harness.plugin.options import CLAIMS

ROOT = CLAIMS.parent
FILES = [ROOT / "README.md", ROOT / ".github/CONTRIBUTING.md", *ROOT.glob("[a-z]*/README.md")]
FILES += ROOT.glob("fixtures/*/README.md")
TEXTS = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in sorted(FILES)}
EVERYTHING = "\n".join(TEXTS.values())

OPTION = r"(?<![\w-])--[a-z][a-z-]+"

of_each_file = pytest.mark.parametrize("name", TEXTS)


def heading_anchors(text):
    """As GitHub makes them: lower case, no punctuation, hyphens for spaces."""
    outside = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", outside, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def fenced(text, language=""):
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for its_language, block in blocks if its_language == language]


@of_each_file
def test_every_link_leads_somewhere(name):
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if link.startswith("https://"):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), f"{name} links to {link}"
        if anchor:
            assert anchor in heading_anchors(target.read_text(encoding="utf-8")), link


@of_each_file
def test_every_claim_that_is_named_is_in_the_catalogue(name):
    named = set(re.findall(r"(?<![\w.-])(?:A|[2-5](?:\.\d)?)-[a-z][a-z0-9-]+", TEXTS[name]))
    assert named <= set(load_catalogue(CLAIMS / "catalogue.toml"))


def test_every_option_exists(pytestconfig):
    ours = {
        option
        for group in pytestconfig._parser._groups
        for each in group.options
        for option in each.names()
    }
    named = set(re.findall(OPTION, EVERYTHING))
    assert {"--arch", "--steps"} <= named
    of_commands = (ROOT / "ci/gpu").read_text(encoding="utf-8") + _help_of_all_commands()
    known = ours | set(re.findall(OPTION, of_commands)) | {"--nproc-per-node"}
    assert named - known == set()


def _help_of_all_commands():
    (commands,) = parser_for(COMMANDS)._subparsers._group_actions
    return "".join(parser.format_help() for parser in commands.choices.values())


@of_each_file
def test_every_command_is_understood(name):
    for line in "".join(fenced(TEXTS[name])).splitlines():
        if " -m harness " in line:
            words = shlex.split(line, comments=True)
            parser_for(COMMANDS).parse_args(words[words.index("harness") + 1 :])
        elif "ci/" in line:
            script = shlex.split(line, comments=True)[0]
            assert (ROOT / script).stat().st_mode & 0o111, script


@of_each_file
def test_every_file_that_is_named_exists(name):
    for path in re.findall(r"(?<![\w/])(?:claims|harness|fixtures|ci)/[\w./]*\w", TEXTS[name]):
        assert (ROOT / path).exists(), path


def test_counts_of_reproduced_numbers_are_those_of_the_records():
    page = TEXTS["fixtures/records/README.md"]
    row = r"^\| Table (\d).*\| (\d+ of \d+) \| (\d+) \| (\d+) \|$"
    rows = re.findall(row, TEXTS["README.md"], re.M)
    assert [number for number, *_ in rows] == ["1", "2", "3", "4"]
    for number, measured, reproduced, better in rows:
        section = page.split(f"\n## Table {number}")[1].split("\n## ")[0]
        assert f"{measured} numbers are measured" in section
        assert section.count("| =") == int(reproduced), f"Table {number}"
        assert section.count("| ↑") == int(better), f"Table {number}"


def test_the_code_of_the_harness_page_runs():
    measure, theorem = fenced(TEXTS["harness/README.md"], "python")
    exec(theorem, {"images": torch.rand(20, 3, 4, 4), "labels": torch.arange(20) % 10})
    model = torch.nn.Linear(3, 2)
    initial = {name: it + 1 for name, it in model.state_dict().items()}
    exec(measure, names := {})
    assert float(names["measure"](model, None, None, initial).detach()) == pytest.approx(8)


def test_the_claim_in_contributing_is_one():
    (code,) = fenced(TEXTS[".github/CONTRIBUTING.md"], "python")
    names = {}
    exec(code, names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    marks = [[mark.name for mark in test.pytestmark] for test in tests]
    assert [set(its) & {"claim", "control"} for its in marks] == [{"claim"}, {"control"}]


def test_the_citation_names_the_paper():
    citation = yaml.safe_load((ROOT / ".github/CITATION.cff").read_text(encoding="utf-8"))
    (paper,) = citation["references"]
    assert paper["title"] == "Understanding deep learning requires rethinking generalization"
    assert len(paper["authors"]) == 5 and citation["license"] == "MIT"
