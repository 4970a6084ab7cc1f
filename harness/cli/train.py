"""``python -m harness train RECIPE``: one training by hand, with its progress.

Under ``torchrun --nproc-per-node N -m harness train RECIPE`` N processes share it.
"""

import argparse
import contextlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from harness.cli.common import add_precision, add_store, store_of
from harness.errors import InvalidRecipe, UnknownName
from harness.report.terminal import console
from harness.runs.runner import Runner
from harness.training.backend import resolve_backend
from harness.training.custom_options import above_zero
from harness.training.protocol import named_recipe, recipe_names
from harness.training.ranks import Ranks, joined
from harness.training.recipe import Recipe


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "recipe", nargs="?", help="MODEL/DATASET/SETTING, or a recipe's JSON file; none: list them"
    )
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD=VALUE",
        help="change fields of the recipe; may be given several times",
    )
    add_precision(parser)
    seconds = above_zero(float, or_zero=True)
    parser.add_argument(
        "--checkpoint-seconds", type=seconds, default=30.0, metavar="S", help="between checkpoints"
    )
    parser.add_argument("--steps", choices=["eager", "compiled", "graph"], default="eager")
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    add_store(parser, fresh=True)


def run(options: argparse.Namespace) -> int:
    """Train, or take the run from the store; print where it ended."""
    if options.recipe is None:
        print("\n".join(recipe_names()))
        return 0
    recipe = chosen_recipe(options.recipe, parse_changes(options.set))
    device = options.device
    kind = resolve_backend(device).kind
    with joined(kind) as ranks:
        if ranks.joined and kind == "cuda":
            device = f"cuda:{os.environ['LOCAL_RANK']}"
        return _train(recipe, options, device, ranks)


def _train(recipe: Recipe, options: argparse.Namespace, device: str, ranks: Ranks) -> int:
    """Train as one of the processes that share it; only the first prints."""
    store, screen = store_of(options), console()
    if ranks.rank > 0:
        store.notice, screen.quiet = lambda text: None, True
    screen.print(str(recipe))
    with screen.status("starting") as status:
        runner = Runner(
            store,
            device=device,
            data_root=options.data_root,
            workers=int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if ranks.joined else 1,
            precision=options.precision,
            on_progress=lambda progress: status.update(str(progress)),
            checkpoint_seconds=options.checkpoint_seconds,
            steps=options.steps,
        )
        run = runner.run_with(ranks, recipe)
    if ranks.rank > 0:
        return int(run.diverged)
    if run.diverged:
        print(f"diverged in epoch {run.curve.epochs}: {run.outcome.not_finite}")
        return 1
    fitted = run.outcome.epochs_to_fit
    print(
        f"training accuracy {100 * run.train_accuracy:.2f} %,"
        f" test accuracy {100 * run.test_accuracy:.2f} %, {run.curve.epochs} epochs"
        f"{f', fitted after {fitted}' if fitted else ''}, {run.seconds:.1f} s, {run.precision}"
        f" on {run.device}"
    )
    if run.outcome.skipped:
        print(f"{run.outcome.skipped} photographs did not decode, and were left out")
    print(store.entry(run.key) / "run.json")
    return 0


def chosen_recipe(name: str, changes: dict[str, Any]) -> Recipe:
    """A recipe by its name, or from a file that `Recipe.to_json` wrote, with fields changed."""
    if name.endswith(".json"):
        return replace(Recipe.from_json(Path(name)), **changes)
    if named := [field for field in ("model", "dataset") if field in changes]:
        raise InvalidRecipe(
            f"--set {named[0]}={changes[named[0]]}: the {named[0]} is part of a recipe's name,"
            " MODEL/DATASET/SETTING; write it there"
        )
    return named_recipe(name, **changes)


def parse_changes(words: list[str]) -> dict[str, Any]:
    """FIELD=VALUE words as values of the fields' types; raises InvalidRecipe or UnknownName."""
    types = get_type_hints(Recipe)
    changes: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise InvalidRecipe(f"--set {word!r} should be FIELD=VALUE, as in epochs=10")
        if name not in types:
            raise UnknownName("recipe field", name, types)
        changes[name] = _value(text, types[name])
    return changes


def _value(text: str, kind: Any) -> Any:
    """A value of this type, or the text, which the recipe then refuses."""
    if get_origin(kind) is tuple:
        return _entries(text)
    kinds, words = get_args(kind) or (kind,), {"none": None, "true": True, "false": False}
    if text.lower() in words and type(words[text.lower()]) in kinds:
        return words[text.lower()]
    for number in (int, float):
        if number in kinds:
            with contextlib.suppress(ValueError):
                return number(text)
    return text


def _entries(text: str) -> tuple[Any, ...]:
    """Names with or without a number, between commas: ``random crop,flip``, ``weights:0.0005``."""
    entries: list[Any] = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        group, colon, number = entry.rpartition(":")
        entries.append((group, _value(number, float)) if colon else entry)
    return tuple(entries)
