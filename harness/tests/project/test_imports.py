"""Imports run one way, down the layers, and never in a circle; claims import no torch.

Every import counts: inside functions, for type checking, and lazy exports named by strings.
"""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from importlib import import_module

import pytest

from harness.plugin.options import CLAIMS

ROOT = CLAIMS.parent
LAYERS = {
    "claims": 11,
    "__main__": 10,
    "plugin": 9,
    "cli": 9,
    "bench": 8,
    "report": 7,
    "sabotage": 6,
    "capacity": 5,
    "evidence": 4,
    "runs": 3,
    "training": 2,
    "linear": 2,
    "expressivity": 2,
    "models": 1,
    "data": 1,
}
"""Of each folder. Modules beside the folders, such as `harness.errors`, are below all layers."""


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): ast.parse(path.read_text(encoding="utf-8"))
    for folder in ("harness", "claims")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "tests" not in path.parts
}


def imports(tree, module=""):
    """The names that a source imports."""
    nodes = list(ast.walk(tree))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
    # A lazy export names its module in a string, in full or below its own package.
    if {
        getattr(node, "attr", getattr(node, "name", getattr(node, "id", ""))) for node in nodes
    } & LAZY:
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value.partition(":")[0].removeprefix(".")
                yield from (
                    each for each in (name, f"{module}.{name}") if "." in each and each in SOURCES
                )


LAZY = {"import_module", "__getattr__"}


def module_of(name):
    """The module of ours that importing a name runs, or None."""
    while name and name not in SOURCES:
        name = name.rpartition(".")[0]
    return None if name == "harness" else name or None


def folder_of(name):
    root, _, rest = name.partition(".")
    return rest.partition(".")[0] if root == "harness" else root


def upward(module, tree):
    """What a module imports and should not: of a higher layer, of its own layer, or pytest."""
    folder = folder_of(module)
    lower = {name for name, layer in LAYERS.items() if layer < LAYERS.get(folder, 1)} | {folder}
    wrong = set()
    for name in imports(tree, module):
        target = folder_of(name)
        if target in ("pytest", "_pytest"):
            fine = folder in ("plugin", "claims")
        else:
            fine = target in lower if target in LAYERS else target != "tests"
        if not fine:
            wrong.add(name)
    return wrong


def circle(graph):
    """The modules of one circle of imports; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return []


GRAPH = {
    module: {module_of(name) for name in imports(tree, module)} - {None, module}
    for module, tree in SOURCES.items()
}


def test_no_imports_form_a_circle():
    assert circle(GRAPH) == []


@pytest.mark.parametrize(
    "package",
    sorted(name for name, tree in SOURCES.items() if "= lazy_exports(" in ast.unparse(tree)),
)
def test_lazy_exports_are_there(package):
    """No type checker sees them: a module was moved, and only the claims that need it failed."""
    exported = [node for node in ast.walk(SOURCES[package]) if isinstance(node, ast.Dict)]
    for modules in exported:
        for module, names in ast.literal_eval(modules).items():
            there = import_module(f"{package}.{module}")
            assert [name for name in names if not hasattr(there, name)] == []


def test_imports_run_one_way():
    found = {
        (module, name.rpartition(".")[0])
        for module, tree in SOURCES.items()
        for name in upward(module, tree)
    }
    assert found == set()


def test_claims_import_at_the_top_of_the_file():
    inside = [
        (module, name)
        for module, tree in SOURCES.items()
        if folder_of(module) == "claims"
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for name in imports(function)
        if module_of(name)
    ]
    assert inside == []


def test_claims_import_no_torch():
    for module, tree in SOURCES.items():
        if folder_of(module) == "claims":
            assert not {name.split(".")[0] for name in imports(tree)} & {"torch", "torchvision"}


@pytest.mark.parametrize(
    ("module", "source", "broken"),
    [
        ("harness.training.x", "def f():\n    from harness.runs.run import Run", True),
        ("harness.evidence.x", "if TYPE_CHECKING:\n    from harness.report import page", True),
        ("harness.models.x", "from harness import data", True),
        ("harness.runs.x", "import pytest", True),
        ("harness.cli.x", "import harness.plugin.options", True),
        ("harness.environment", "from harness.data.catalogue import DATASETS", True),
        ("harness.evidence.x", "if TYPE_CHECKING:\n    from harness.runs.run import Run", False),
        ("harness.training.x", "from harness.models import build_model\nimport torch", False),
        ("harness.environment", "from harness.errors import HarnessError", False),
    ],
)
def test_the_rule_about_layers_can_be_broken(module, source, broken):
    assert bool(upward(module, ast.parse(source))) == broken


def test_circles_are_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) and not circle({"a": {"b"}, "b": set()})
    lazy = "def __getattr__(name):\n    return import_module({'Run': 'harness.runs.run'}[name])"
    assert list(imports(ast.parse(lazy))) == ["harness.runs.run"]
    assert list(imports(ast.parse(lazy.replace("harness.runs.", ".")), "harness.runs"))
    assert "harness.report.figures.paper" in GRAPH["harness.report.drawings"]


def test_training_without_photographs_imports_no_torchvision():
    """It takes as long as PyTorch itself, in every process that trains."""
    code = (
        "import sys, harness.training.loop, harness.runs.trainer;"
        "print([it for it in sys.modules if it.startswith(('torchvision', 'torch._dynamo'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
