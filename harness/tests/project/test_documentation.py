"""The pages for readers match the project: links, options, commands, claims, code, counts."""

import os
import re
import shlex
import subprocess
import sys
from urllib.parse import unquote

import pytest

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


def fenced_lines(text):
    return [
        line
        for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", text, re.M | re.S)
        for line in block.splitlines()
    ]


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
    for line in fenced_lines(TEXTS[name]):
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
    rows = re.findall(r"^\| Table (\d).*\| (\d+ of \d+) \| (\d+) \|$", TEXTS["README.md"], re.M)
    assert [number for number, _, _ in rows] == ["1", "2", "3", "4"]
    for number, measured, reproduced in rows:
        section = page.split(f"\n## Table {number}")[1].split("\n## ")[0]
        assert f"{measured} numbers are measured" in section
        assert section.count("| ✓") == int(reproduced), f"Table {number}"


def test_the_code_runs(tmp_path):
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXTS["harness/README.md"], re.M | re.S)
    data = "import torch\nimages, labels = torch.rand(20, 3, 4, 4), torch.arange(20) % 10\n"
    program = tmp_path / "example.py"
    program.write_text(data + code, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, program],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
