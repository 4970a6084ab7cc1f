"""A run's key changes with everything that could change the run, and with nothing else."""

import hashlib
from dataclasses import replace

from harness.runs import key as key_module
from harness.runs.key import code_fingerprint, run_key, syntax
from harness.training.imagenet import imagenet_recipe
from harness.training.recipe import Recipe

RECIPE = Recipe(
    model="mlp-1x16",
    dataset="digits",
    train_size=32,
    batch_size=16,
    epochs=5,
    label_corruption=1.0,
    redraw="labels each epoch",
    labels="two groups",
    precision="fp32",
)


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
    elsewhere = {*of_photographs, "precision", "model_options"}
    values = {name: v for name, v in RECIPE.as_dict().items() if name not in elsewhere}
    base = (RECIPE, "fp32", "cpu", "data")
    variants = [replace(RECIPE, **{name: other_value(name, v)}) for name, v in values.items()]
    variants += [photographs]
    variants += [replace(photographs, **{name: value}) for name, value in of_photographs.items()]
    custom = replace(RECIPE, model="torchvision:resnet18")
    variants += [custom, replace(custom, model_options=(("norm_layer", None),))]
    keys = [run_key(variant, *base[1:]) for variant in variants]
    keys += [run_key(*base[:i], "another", *base[i + 1 :]) for i in (1, 2, 3)]
    for name in ("code_fingerprint", "version"):
        with monkeypatch.context() as patch:
            patch.setattr(key_module, name, lambda *package: "another")
            keys.append(run_key(*base))
    assert len({run_key(*base), *keys}) == len(keys) + 1
    same = run_key(replace(RECIPE, precision="auto"), *base[1:])
    assert same == run_key(*base), "only the precision that was used counts"


def test_comments_and_docstrings_are_no_code_and_an_operator_is():
    source = 'def f(x):\n    """Add."""\n    y = "text"\n    return x + 1\n'
    for same in (
        source.replace('    """Add."""\n', ""),
        source.replace("Add", "Sum"),
        "# Why.\n\n" + source.replace("+ 1", "+  1  # one"),
        '"""Module."""\n' + source + '"""Below."""\n',
    ):
        assert syntax(same) == syntax(source)
    for other in (source.replace("+", "-"), source.replace("1", "2"), source.replace("text", "u")):
        assert syntax(other) != syntax(source)


def test_the_syntax_has_one_text_in_every_python():
    """3.12 gives functions and classes a field more, 3.13 leaves empty ones out of `ast.dump`."""
    source = """
class A(B):
    async def f(self, x: int = 1, *, y=None, **kw) -> None:
        return f"{x!r:>{y}} \u1fae9\xe9" "b" if x in {**kw, 1.5: [], "k": ()} else -1e-7j
"""
    digest = hashlib.sha256(syntax(source).encode()).hexdigest()[:16]
    assert digest == "eec1bf9d94e4df6f", syntax(source)
    assert syntax("def f(x): return None") == (
        "Module(body=[FunctionDef(name='f', args=arguments(args=[arg(arg='x')]),"
        " body=[Return(value=Constant())])])"
    )
    assert syntax("x = None") != syntax("x = []") != syntax("x = 0") != syntax("x = False")


def test_the_code_that_trains_is_in_the_key_and_no_other(tmp_path):
    fingerprint = code_fingerprint.__wrapped__
    for name in ("data/a.py", "models/b.py", "training/deep/c.py", "report/d.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("x = 1\n")
    prints = [fingerprint(tmp_path)]
    for name in ("data/a.py", "models/b.py", "training/deep/c.py"):
        (tmp_path / name).write_text("x = 2\n")
        prints.append(fingerprint(tmp_path))
    (tmp_path / "data/a.py").rename(tmp_path / "data/other.py")
    prints.append(fingerprint(tmp_path))
    assert len(set(prints)) == 5
    (tmp_path / "report/d.py").write_text("x = 2\n")
    (tmp_path / "data/other.py").write_text('"""Documented."""\nx = 2  # two\n')
    assert fingerprint(tmp_path) == prints[-1]
