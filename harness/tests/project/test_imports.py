"""Imports run one way, down the layers; claims import no torch, the harness no pytest."""

import ast
import subprocess
import sys

import pytest

from harness.plugin.options import CLAIMS

HARNESS = CLAIMS.parent / "harness"
LAYERS = {
    "report": 7,
    "sabotage": 6,
    "evidence": 5,
    "capacity": 4,
    "runs": 3,
    "training": 2,
    "linear": 2,
    "expressivity": 2,
    "models": 1,
    "data": 1,
}
BASE = {"errors", "files", "environment", "syntax", "values", "__init__", "__version__"}
MODULES = [path for path in sorted(HARNESS.rglob("*.py")) if "tests" not in path.parts]


def imports(tree):
    """The modules that a source imports, also inside functions and for type checking."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "absolute imports only"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def allowed(package, name):
    """Whether a module of this package may import that name; the plugin may import everything."""
    root, _, rest = name.partition(".")
    target = rest.split(".")[0]
    if package == "plugin":
        return target != "tests"
    if root != "harness":
        return root not in ("pytest", "_pytest", "claims")
    if target in ("plugin", "tests"):
        return False
    if target == package or target in BASE:
        return True
    if package in BASE:
        return False
    return package not in LAYERS or LAYERS.get(target, 9) < LAYERS[package]


def wrong_way(package, source):
    """What a source of this package imports, and should not."""
    return {name for name in imports(ast.parse(source)) if not allowed(package, name)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(HARNESS).as_posix())
def test_imports_run_one_way(path):
    inside = path.relative_to(HARNESS)
    package = inside.parts[0] if len(inside.parts) > 1 else inside.stem
    assert wrong_way(package, path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("package", "source", "broken"),
    [
        ("training", "def f():\n    from harness.runs.run import Run", True),
        ("evidence", "if TYPE_CHECKING:\n    from harness.report import scorecard", True),
        ("models", "from harness import data", True),
        ("runs", "import pytest", True),
        ("bench", "from claims.section2_capacity import trials", True),
        ("report", "import harness.plugin.options", True),
        ("environment", "from harness.data.catalogue import DATASETS", True),
        ("evidence", "if TYPE_CHECKING:\n    from harness.runs.run import Run", False),
        ("training", "from harness.models import build_model\nimport torch", False),
        ("bench", "from harness.training.loop import Training", False),
        ("plugin", "import pytest\nfrom harness.report.scorecard import scorecard", False),
    ],
)
def test_the_rule_about_imports_can_be_broken(package, source, broken):
    assert bool(wrong_way(package, source)) == broken


@pytest.mark.parametrize("path", sorted(CLAIMS.rglob("*.py")), ids=lambda path: path.stem)
def test_claims_import_no_torch(path):
    roots = {name.split(".")[0] for name in imports(ast.parse(path.read_text(encoding="utf-8")))}
    assert not roots & {"torch", "torchvision"}


def test_training_without_photographs_imports_no_torchvision():
    """It takes as long as PyTorch itself, in every process that trains."""
    code = (
        "import sys, harness.training.loop, harness.runs.laboratory;"
        "print([it for it in sys.modules if it.startswith(('torchvision', 'torch._dynamo'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
