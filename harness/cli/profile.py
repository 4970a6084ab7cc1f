"""``python -m harness profile --arch NETWORK``: how many random labels it memorises, how fast."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.capacity.profile import Profile, Search, Time, in_logs, profile
from harness.cli.common import add_store, store_of
from harness.data.catalogue import data_root, dataset_spec
from harness.data.custom import check_images, custom_dataset
from harness.environment import describe
from harness.errors import NetworkError
from harness.files import write_atomically
from harness.models.registry import is_custom
from harness.report.drawings import as_svg
from harness.report.figures.networks import profiles as drawn
from harness.report.terminal import markdown_table, warn
from harness.runs.runner import Runner
from harness.training.custom_options import above_zero, add_network_options, custom_networks
from harness.training.preflight import examine


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_network_options(parser.add_argument)
    parser.add_argument("--dataset", default="digits", metavar="FOLDER|NAME")
    parser.add_argument("--budget", type=above_zero(int), default=2_000, metavar="STEPS")
    parser.add_argument("--seeds", type=above_zero(int), default=3, metavar="N")
    parser.add_argument(
        "--images", type=above_zero(int), metavar="N", help="at most (default: all)"
    )
    parser.add_argument(
        "--resolution",
        type=above_zero(float),
        default=0.1,
        help="of the largest n, as a share (default: 0.1)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="for profile.json, .md and .svg")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-root", type=Path, metavar="DIR")
    add_store(parser, fresh=True)


def run(options: argparse.Namespace) -> int:
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
        warn(f"{data.title}: {note}")
    for search in searches:
        recipe = search.recipe(min(128, search.images), 0)
        if is_custom(search.network.model) and (note := examine(recipe).note):
            warn(f"{search.network.title}: {note}")
    runner = Runner(store_of(options), device=options.device, data_root=options.data_root)
    profiles = []
    for search in searches:
        print(f"{search.network.title} on {dataset}, at most {search.steps:,} steps", flush=True)
        profiles.append(profile(search, runner, lambda text: print(f"  {text}", flush=True)))
    text = tables(profiles)
    print(f"\n{text}")
    content = {"environment": describe(), "profiles": [asdict(it) for it in profiles]}
    if options.out:
        for name, file in (
            ("profile.json", json.dumps(content, indent=1) + "\n"),
            ("profile.md", text),
            ("profile.svg", as_svg(drawn(profiles))),
        ):
            write_atomically(options.out / name, file.encode())
            print(options.out / name)
    return 0


def tables(profiles: Sequence[Profile]) -> str:
    """The measurements as tables in Markdown."""
    head = ("network", "data", "budget", "random labels memorised", "interval", "by seed")
    times = ("steps to fit", "interval", "seconds", "test accuracy")
    over_n = (_times(it, time, f"{time.n:,}") for it in profiles for time in it.over_n)
    over_corruption = (
        _times(it, time, f"{100 * time.corruption:.0f} % of {time.n:,}")
        for it in profiles
        for time in it.over_corruption
    )
    return "\n".join(
        (
            markdown_table(head, map(_memorised, profiles)),
            markdown_table(("network", "random labels, n", *times), over_n),
            markdown_table(("network", "corrupted labels", *times), over_corruption),
        )
    )


def _memorised(it: Profile) -> tuple[str, ...]:
    mean, low, high = it.capacity
    by_seed = (
        f"{largest:,}" + (f" (not {failed:,})" if failed else " (all)")
        for largest, failed in zip(it.memorised, it.failed, strict=True)
    )
    return (
        it.network,
        f"{it.dataset}, {it.images:,} images",
        f"{it.budget:,} steps",
        f"{'at least ' * (None in it.failed)}{mean:,.0f}",
        f"{low:,.0f} to {'no end' if None in it.failed else f'{high:,.0f}'}",
        ", ".join(by_seed),
    )


def _times(profile: Profile, time: Time, sample: str) -> tuple[str, ...]:
    """A row: steps to fit a sample."""
    found = in_logs(time.steps)
    return (
        profile.network,
        sample,
        f"{found[0]:,.0f}" if found else "not by every seed",
        f"{found[1]:,.0f} to {found[2]:,.0f}" if found else "",
        f"{time.seconds:.1f}",
        f"{100 * time.test_accuracy:.1f} %",
    )
