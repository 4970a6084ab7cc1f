"""A run's key changes with everything that could change the run, and with nothing else."""

import ast
import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from harness.linear.recipe import KernelRecipe
from harness.runs import key as key_module
from harness.runs.key import (
    SOLVING,
    TRAINING,
    code_fingerprint,
    run_key,
)
from harness.syntax import as_text
from harness.tests.training_helpers import tiny_recipe
from harness.training.imagenet import imagenet_recipe

RECIPE = tiny_recipe(
    epochs=5, label_corruption=1.0, redraw="labels each epoch", labels="two groups"
)
SOLVE = KernelRecipe(dataset="digits", gamma=0.1)


def other_value(name: str, value: object) -> object:
    if isinstance(value, str):
        names = {"model": "linear", "dataset": "mnist", "inputs": "gaussian", "redraw": "never"}
        return {**names, "evaluation": "once nearly fitted", "labels": "classes"}[name]
    if value is None:
        return {"replaced": 3, "rank_batch": 8, "image_size": 28}[name]
    if isinstance(value, tuple):
        return {"augmentation": ("flip",), "weight_decay": (("weights", 1e-4),)}[name]
    if name == "dropout":
        return 0.5
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value / 2


def test_the_key_changes_with_everything_that_could_change_the_run(monkeypatch):
    photographs = replace(imagenet_recipe("true-labels"), precision="fp32")
    of_photographs = {"auxiliary": False, "skip_corrupt": True}
    below = {*of_photographs, "precision", "model_options"}
    values = {name: v for name, v in RECIPE.as_dict().items() if name not in below}
    base = (RECIPE, "fp32", "cpu", "data")
    variants = [replace(RECIPE, **{name: other_value(name, v)}) for name, v in values.items()]
    variants += [photographs]
    variants += [replace(photographs, **{name: value}) for name, value in of_photographs.items()]
    custom = replace(RECIPE, model="torchvision:resnet18")
    variants += [custom, replace(custom, model_options=(("norm_layer", None),))]
    adam = replace(RECIPE, optimizer="torch.optim:Adam")
    variants += [adam, replace(adam, optimizer_options=(("eps", 1e-6),))]
    variants += [SOLVE, replace(SOLVE, gamma=0.2), replace(SOLVE, corruptions=(1.0,))]
    keys = [run_key(variant, *base[1:]) for variant in variants]
    keys += [run_key(*base[:i], "another", *base[i + 1 :]) for i in (1, 2, 3)]
    for name in ("code_fingerprint", "version"):
        with monkeypatch.context() as patch:
            patch.setattr(key_module, name, lambda *given: "another")
            keys.append(run_key(*base))
    assert len({run_key(*base), *keys}) == len(keys) + 1
    same = run_key(replace(RECIPE, precision="auto"), *base[1:])
    assert same == run_key(*base), "only the precision that was used counts"


def text(source):
    return as_text(ast.parse(source))


def test_only_code_counts_and_no_comment_or_docstring():
    source = 'def f(x):\n    """Add."""\n    y = "text"\n    return x + 1\n'
    for same in (
        source.replace('    """Add."""\n', ""),
        source.replace("Add", "Sum"),
        "# Why.\n\n" + source.replace("+ 1", "+  1  # one"),
        '"""Module."""\n' + source + '"""Below."""\n',
    ):
        assert text(same) == text(source)
    for other in (source.replace("+", "-"), source.replace("1", "2"), source.replace("text", "u")):
        assert text(other) != text(source)


def test_every_python_gives_a_syntax_tree_the_same_text():
    """3.12 gives functions and classes a field more, 3.13 leaves empty ones out of `ast.dump`."""
    source = """
class A(B):
    async def f(self, x: int = 1, *, y=None, **kw) -> None:
        return f"{x!r:>{y}} \u1fae9\xe9" "b" if x in {**kw, 1.5: [], "k": ()} else -1e-7j
"""
    digest = hashlib.sha256(text(source).encode()).hexdigest()[:16]
    assert digest == "eec1bf9d94e4df6f", text(source)
    assert text("def f(x): return None") == (
        "Module(body=[FunctionDef(name='f', args=arguments(args=[arg(arg='x')]),"
        " body=[Return(value=Constant())])])"
    )
    assert text("x = None") != text("x = []") != text("x = 0") != text("x = False")


SOURCES = {
    "runs/job.py": "from harness.data import a\nfrom harness.runs import store",
    "runs/store.py": "import harness.data.unused",
    "data/__init__.py": "",
    "data/a.py": "def f():\n    import harness.models.b",
    "data/unused.py": "x = 1",
    "models/b.py": "if TYPE_CHECKING:\n    from harness.data import unused",
    "models/helper.py": "x = 1",
}


def test_a_key_covers_all_modules_that_the_making_of_a_run_imports(tmp_path):
    package = tmp_path / "harness"

    def write(name, source):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(source)
        return code_fingerprint.__wrapped__("job.py", package / "runs")

    for name, source in SOURCES.items():
        before = write(name, source)
    for name in ("models/helper.py", "data/unused.py", "runs/store.py"):
        assert write(name, "x = 2") == before, f"{name} is not imported, or only keeps runs"
    assert write("data/a.py", f'"""Documented."""\n{SOURCES["data/a.py"]}  # one') == before
    for name in ("runs/job.py", "data/__init__.py", "data/a.py", "models/b.py"):
        after = write(name, f"{SOURCES[name]}\ny = 2")
        assert after != before, name
        before = after
    before = write("models/b.py", "from harness.models.helper import x")
    assert before != after, "a new helper module"
    assert write("models/helper.py", "x = 3") != before, "a changed helper module"


def test_a_key_covers_all_modules_that_are_loaded(tmp_path, monkeypatch):
    """An import by other means than a statement would escape it."""
    code = f"""
import os, sys
from pathlib import Path
import torch._dynamo
import harness.runs.key
from harness.linear.recipe import *
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.training.recipe import Recipe
before = set(sys.modules)
for recipe in {RECIPE!r}, {SOLVE!r}:
    if os.fork() == 0:
        Runner(Store(Path({str(tmp_path)!r})), "cpu").run(recipe)
        modules = [sys.modules[name] for name in set(sys.modules) - before]
        print(*(it.__file__ for it in modules if it.__name__.startswith("harness.")), flush=True)
        os._exit(0)  # To tidy PyTorch up would take longer than the run.
    os.wait()
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    covered = []
    monkeypatch.setattr(key_module, "fingerprint", lambda files, root: covered.extend(files))
    for entry, files in zip((TRAINING, SOLVING), done.stdout.splitlines(), strict=True):
        loaded, covered[:] = {Path(file) for file in files.split()}, []
        code_fingerprint.__wrapped__(entry)
        assert key_module.RUNS / entry in loaded
        assert {path for path in loaded if path.parent != key_module.RUNS} <= set(covered)
