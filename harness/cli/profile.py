"""``python -m harness profile --arch NETWORK``: how many random labels it memorises, how fast."""

import argparse
import json
import time
from pathlib import Path

from harness.capacity.profile import profile
from harness.capacity.profile_results import Profile
from harness.capacity.profile_search import Search
from harness.data.catalogue import data_root, dataset_spec
from harness.data.custom import check_images, custom_dataset
from harness.environment import describe
from harness.errors import NetworkError
from harness.files import write_atomically
from harness.models.custom import is_custom
from harness.runs.runner import Runner
from harness.runs.store import Store, default_store
from harness.training.custom_options import above_zero, add_network_options, custom_networks


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "profile", help="how many random labels a network memorises within a budget, and how fast"
    )
    add_network_options(parser.add_argument)
    parser.add_argument("--dataset", default="digits", metavar="FOLDER|NAME")
    parser.add_argument("--budget", type=above_zero(int), default=2_000, metavar="STEPS")
    parser.add_argument("--seeds", type=above_zero(int), default=3, metavar="N")
    parser.add_argument("--images", type=int, metavar="N", help="at most (default: all)")
    parser.add_argument(
        "--resolution", type=float, default=0.1, help="of the largest n, as a share (default: 0.1)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="for profile.json, .md and .svg")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    parser.add_argument("--runs", type=Path, metavar="DIR", help="the store of finished runs")
    parser.add_argument("--fresh", action="store_true", help="train even if the store has it")
    parser.set_defaults(command=run_profile)


def run_profile(options: argparse.Namespace) -> int:
    """Measure each network, print the tables, write the files.

    Raises HarnessError, before anything trains, for a network that cannot be examined.
    """
    if not options.arch:
        raise NetworkError("name a network: --arch torchvision:resnet18, say, or --arch mlp-1x512")
    dataset = custom_dataset(options.dataset, options.data_root, options.image_size)
    networks = custom_networks(
        options.arch,
        learning_rate=options.arch_lr,
        batch_size=options.arch_batch_size,
        image_size=options.image_size,
    )
    searches = [
        Search(
            network,
            dataset,
            options.budget,
            tuple(range(options.seeds)),
            options.resolution,
            options.images,
        )
        for network in networks
    ]
    root, data = data_root(options.data_root).absolute(), dataset_spec(dataset)
    if data.custom and (note := check_images(dataset, root)):
        print(f"notice: {data.title}: {note}")
    for search in searches:
        recipe = search.recipe(min(128, search.images), 0)
        if is_custom(search.network.model):
            from harness.training.preflight import examine

            if note := examine(recipe).note:
                print(f"notice: {search.network.title}: {note}")
    store = Store(
        options.runs or default_store(),
        fresh_since=time.time() if options.fresh else None,
        notice=lambda text: print(f"notice: {text}"),
    )
    runner = Runner(store, device=options.device, data_root=options.data_root)
    profiles = []
    for search in searches:
        print(f"{search.network.title} on {dataset}, at most {search.steps:,} steps", flush=True)
        profiles.append(profile(search, runner, lambda text: print(f"  {text}", flush=True)))
    text = tables(profiles)
    print(f"\n{text}")
    if options.out:
        for path in write_profiles(options.out, profiles, text):
            print(path)
    return 0


def write_profiles(folder: Path, profiles: list[Profile], text: str) -> list[Path]:
    """Write profile.json, profile.md and profile.svg; raises StoreError where that fails."""
    from harness.report.drawings import as_svg
    from harness.report.figures.profile import profiles as drawn

    content = {
        "environment": describe(),
        "profiles": [it.as_dict() for it in profiles],
    }
    files = {
        "profile.json": json.dumps(content, indent=1, allow_nan=False) + "\n",
        "profile.md": text,
        "profile.svg": as_svg(drawn(content["profiles"])),
    }
    for name, each in files.items():
        write_atomically(folder / name, each.encode())
    return [folder / name for name in files]


def tables(profiles: list[Profile]) -> str:
    """What was measured, as tables in Markdown."""
    lines = [
        "| network | data | budget | random labels memorised | interval | by seed |",
        "|---|---|---|---|---|---|",
    ]
    for it in profiles:
        search = it.search
        low, high = it.interval
        at_least = "at least " if it.is_lower_bound else ""
        upper = "no end" if high is None else f"{high:,.0f}"
        by_seed = ", ".join(
            f"{b.memorised:,}" + (f" (not {b.failed:,})" if b.failed else " (all)")
            for b in it.brackets
        )
        lines.append(
            f"| {search.network.title} | {search.dataset}, {search.images:,} images"
            f" | {search.steps:,} steps | {at_least}{it.memorised:,.0f} | {low:,.0f} to {upper}"
            f" | {by_seed} |"
        )
    lines += ["", *_times(profiles, "random labels, n", lambda it: it.over_n, lambda t: f"{t.n:,}")]
    lines += [
        "",
        *_times(
            profiles,
            "corrupted labels",
            lambda it: it.over_corruption,
            lambda t: f"{100 * t.corruption:.0f} % of {t.n:,}",
        ),
    ]
    return "\n".join(lines) + "\n"


def _times(profiles: list[Profile], heading: str, series: object, name: object) -> list[str]:
    """Steps to fit, a row a sample."""
    lines = [
        f"| network | {heading} | steps to fit | interval | seconds | test accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for it in profiles:
        for t in series(it):
            steps = "not by every seed" if t.mean is None else f"{t.mean:,.0f}"
            span = "" if t.interval is None else f"{t.interval[0]:,.0f} to {t.interval[1]:,.0f}"
            seconds = sum(t.seconds) / len(t.seconds)
            accuracy = 100 * sum(t.test_accuracy) / len(t.test_accuracy)
            lines.append(
                f"| {it.search.network.title} | {name(t)} | {steps} | {span} | {seconds:.1f}"
                f" | {accuracy:.1f} % |"
            )
    return lines
