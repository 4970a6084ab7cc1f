"""Eager, compiled and graph steps agree; a CUDA graph is refused where it cannot run.

Over 300 lines, since each way to take a step is held against the others.
"""

import gc
import weakref
from dataclasses import replace

import pytest
import torch

from harness.errors import DeviceError
from harness.tests.training_helpers import data_of, finished, started, tiny_recipe
from harness.training import steps
from harness.training.backend import Backend, resolve_backend
from harness.training.checkpoint import packed, restore, state_of, unpacked
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.learner import image_layout
from harness.training.loop import Training
from harness.training.optimizer import make_optimizer, set_learning_rate
from harness.training.recipe import Recipe
from harness.training.steps import (
    WARM_UP,
    batches_of,
    chosen_steps,
    steps_together,
)
from harness.training.turns import on

pytestmark = pytest.mark.usefixtures("restored_threads")


def recipe(**changes: object) -> Recipe:
    # The last batch of an epoch is ragged.
    return tiny_recipe(**{"train_size": 40, "decay_every": 2, **changes})


def test_a_learning_rate_on_the_device_follows_the_same_schedule():
    rates = {}
    for rate_on in (None, torch.device("cpu")):
        parameters = list(torch.nn.Linear(2, 2).named_parameters())
        it = recipe(weight_decay=(("weights", 0.1),), decay=0.5)
        optimizer, schedule = make_optimizer(it, parameters, rate_on)
        own = optimizer.param_groups[0]["lr"]
        seen = []
        for _ in range(6):
            seen += [float(group["lr"]) for group in optimizer.param_groups]
            optimizer.step()
            schedule.step()
        assert (optimizer.param_groups[0]["lr"] is own) == (rate_on is not None)
        set_learning_rate(optimizer, 0.25)
        assert {float(group["lr"]) for group in optimizer.param_groups} == {0.25}
        rates[rate_on is None] = seen
    assert rates[True] == pytest.approx(rates[False], rel=1e-6)
    assert len(set(rates[True])) == 3


@pytest.fixture
def graphs_on_a_cpu(monkeypatch):
    """CUDA graphs replaced: a capture runs nothing, a replay what was captured, on its tensors.

    The fixture is the number of images of each replay.
    """
    replays = []

    def capture(work, *inputs):
        held, results, work = [it.clone() for it in inputs], [None, None], weakref.WeakMethod(work)

        def replay():
            replays.append(held[-1].shape[-1])
            results[:] = work()(*held)

        return replay, held, results

    monkeypatch.setattr(steps, "capture", capture)
    return replays


@pytest.mark.parametrize(("decay_every", "together"), [(2, 1), (3, 2)])
def test_captured_steps_are_replayed_with_new_images_and_learning_rates(
    graphs_on_a_cpu, decay_every, together
):
    """The logic around the capture; the capture itself needs a GPU."""
    it = recipe(epochs=6, weight_decay=(("weights", 0.01),), decay_every=decay_every)
    eager = finished(started(it))
    graph = finished(started(it, "graph"))
    assert graph.curve.loss == pytest.approx(eager.curve.loss, rel=1e-5)
    assert graph.outcome.first_losses == pytest.approx(eager.outcome.first_losses, rel=1e-5)
    assert graph.curve.learning_rate == pytest.approx(eager.curve.learning_rate)
    assert graph.curve.online_accuracy == eager.curve.online_accuracy
    # Two whole batches an epoch, in one graph if the rate allows, and a ragged one of 8.
    assert graphs_on_a_cpu.count(16 * together) == 12 // together - WARM_UP
    assert graphs_on_a_cpu.count(8) == 6 - WARM_UP and len(set(graphs_on_a_cpu)) == 2


@pytest.mark.parametrize(("decay_every", "together"), [(2, 1), (3, 2)])
def test_a_group_takes_captured_steps(graphs_on_a_cpu, decay_every, together):
    """For a checkpoint in between, members get their weights back: then all is captured anew."""
    its = [recipe(epochs=8, decay_every=decay_every, decay=0.5, seed=seed) for seed in range(3)]
    ended = []
    for way in ("eager", "graph"):
        group = GroupTraining(its, [data_of(it) for it in its], Backend("cpu", 1, way))
        finished(group, 5).hand_back()
        ended.append(finished(group).members)
    for eager, graph in zip(*ended, strict=True):
        assert graph.curve.loss == pytest.approx(eager.curve.loss, rel=1e-5)
        assert graph.curve.learning_rate == pytest.approx(eager.curve.learning_rate)
        assert type(graph.optimizer.param_groups[0]["lr"]) is float
    calls = (10 // together, 6 // together)
    assert graphs_on_a_cpu.count(16 * together) == sum(it - WARM_UP for it in calls)


def test_a_graph_holds_what_divides_an_epoch_at_one_learning_rate():
    mlp = Recipe(model="mlp-1x512", dataset="cifar10")
    assert steps_together(mlp) == 30
    sizes = [len(it) for it in batches_of(torch.arange(50_000), 128, 30)]
    assert sizes == [30 * 128] * 13 + [80]
    for changes in (
        {"model": "alexnet"},
        {"decay_every": 100},
        {"redraw": "inputs each access", "inputs": "gaussian"},
        {"train_size": 127},
    ):
        together = steps_together(replace(mlp, **changes))
        assert len(batches_of(torch.arange(127), 128, together)) == 1
        assert together == 1 or "train_size" in changes
    assert [len(it) for it in batches_of(torch.arange(256), 128)] == [128, 128]


def test_a_training_with_graphs_resumes_from_a_checkpoint(graphs_on_a_cpu):
    """The learning rate is a tensor there, and a number in the checkpoint."""
    it = recipe(epochs=6)
    straight = finished(started(it, "graph"))
    interrupted = started(it, "graph")
    for _ in range(4):
        interrupted.run_epoch()
    kept = packed(state_of(interrupted))
    resumed = started(it, "graph")
    restore(resumed, unpacked(kept))
    finished(resumed)
    assert resumed.curve.loss == pytest.approx(straight.curve.loss, rel=1e-5)
    assert resumed.curve.learning_rate == pytest.approx(straight.curve.learning_rate)


def test_a_graph_needs_a_gpu_and_no_dropout(graphs_on_a_cpu):
    with pytest.raises(DeviceError, match="needs a CUDA device, and this is 'cpu'"):
        resolve_backend("cpu", steps="graph")
    dropping = recipe(dropout=0.5)
    for way in ("graph", "compiled"):
        with pytest.raises(DeviceError, match=f"steps = '{way}' leaves out dropout"):
            started(dropping, way)


def weights_of(training):
    return torch.cat([it.detach().flatten() for it in training.model.parameters()])


def departures(training, eager):
    """How far each step's loss and change of the weights are from an eager step's, relatively.

    Both start from one state each time: over many steps an Inception magnifies mere rounding.
    """
    training.model.train()
    eager.model.train()
    found = []
    for _ in range(6):
        for batch in batches_of(training.next_order().to(training.device), 16, training.together):
            eager.model.load_state_dict(training.model.state_dict())
            for one, other in zip(
                training.model.parameters(), eager.model.parameters(), strict=True
            ):
                kept = training.optimizer.state.get(one, {})
                eager.optimizer.state[other] = {name: it.clone() for name, it in kept.items()}
            before = weights_of(eager)
            with on(training.stream):
                losses = training.step(batch)[0]
            if training.stream is not None:
                training.stream.synchronize()
            expected = torch.stack([eager.step(part)[0] for part in batch.split(16)])
            after, right = weights_of(training), weights_of(eager)
            found.append(float((losses.reshape(-1) / expected - 1).abs().max()))
            found.append(float((after - right).norm() / (right - before).norm()))
            buffers = zip(training.model.buffers(), eager.model.buffers(), strict=True)
            found += [float((a - b).float().norm() / (1 + b.float().norm())) for a, b in buffers]
    return found


def test_each_captured_step_is_an_eager_one(graphs_on_a_cpu):
    it = recipe(epochs=6, model="alexnet")
    assert max(departures(started(it, "graph"), started(it))) < 1e-4
    assert graphs_on_a_cpu


DECAYED = (("hidden dense layers", 0.004), ("convolutions", 0.001))
ON_A_GPU = {
    "mlp-1x16": {"decay_every": 3},  # Two steps in one graph.
    "mlp-3x512": {"decay_every": 3, "weight_decay": (("weights", 0.01),)},
    "inception": {},
    "inception-without-batchnorm": {},
    "alexnet": {"weight_decay": DECAYED},
}
"""BatchNorm, local response normalisation, and two groups of weight decay beside one without."""
needs_a_gpu = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="a CUDA graph needs a GPU; ci/gpu runs this there"
)


def on_the_gpu(it, way):
    backend = resolve_backend("cuda", steps=way)
    return Training(it, prepared_data(it, None, "cuda", it.precision), backend)


@needs_a_gpu
@pytest.mark.parametrize("precision", ["bf16", "fp32"])
@pytest.mark.parametrize("model", ON_A_GPU)
@pytest.mark.parametrize("way", ["graph", "compiled"])
def test_steps_agree_on_a_gpu(way, model, precision):
    """Each epoch ends with a ragged batch, and its third step has another rate.

    What was captured wrongly (images, labels, rate, momentum) is off by about 1.
    """
    it = recipe(model=model, epochs=6, precision=precision, **ON_A_GPU[model])
    found = departures(on_the_gpu(it, way), on_the_gpu(it, "eager"))
    assert max(found) < (0.1 if precision == "bf16" else 1e-2)


def seeds_of_an_mlp():
    return [recipe(epochs=8, decay_every=3, seed=seed) for seed in range(3)]


def in_turns_of(trainings):
    """All of them to their end, a step each in turn."""
    while left := [it.epoch() for it in trainings if not it.over]:
        while left:
            left = [turns for turns in left if next(turns, turns) is None]
    return trainings


def agree(trainings, others):
    """MLPs, whose rounding stays small."""
    for one, other in zip(trainings, others, strict=True):
        assert one.curve.loss == pytest.approx(other.curve.loss, rel=1e-3)
        assert one.outcome.order_digest == other.outcome.order_digest


def test_trainings_in_turns_with_graphs_are_those_alone(graphs_on_a_cpu):
    made = in_turns_of([started(it, "graph") for it in seeds_of_an_mlp()])
    agree(made, [finished(started(it)) for it in seeds_of_an_mlp()])


@needs_a_gpu
def test_graphs_in_turns_agree_on_a_gpu():
    """Three at once, each on its own stream: one that overtakes another would be seen here."""
    made = in_turns_of([on_the_gpu(it, "graph") for it in seeds_of_an_mlp()])
    agree(made, [finished(on_the_gpu(it, "eager")) for it in seeds_of_an_mlp()])


@needs_a_gpu
def test_graphs_of_a_group_agree_on_a_gpu():
    its = seeds_of_an_mlp()
    data = [prepared_data(it, None, "cuda", it.precision) for it in its]
    group = finished(GroupTraining(its, data, resolve_backend("cuda", steps="graph")))
    agree(group.members, [finished(on_the_gpu(it, "eager")) for it in its])


def test_every_training_is_compiled_however_many_there_are(monkeypatch):
    """PyTorch stops at 8 versions of a function, over all trainings, and says nothing."""
    compiled, compile_ = [], torch.compile

    def counted(module, inputs):
        compiled.append(module)
        return module.forward

    monkeypatch.setattr(
        torch, "compile", lambda work, dynamic: compile_(work, dynamic=dynamic, backend=counted)
    )
    it = recipe(epochs=1, train_size=16)
    for seed in range(9):
        before = len(compiled)
        made = started(replace(it, seed=seed), "compiled")
        made.step(torch.arange(16))
        assert len(compiled) > before, f"training {seed} ran without being compiled"
    with torch._dynamo.config.patch(recompile_limit=1):
        made = started(it, "compiled")
        made.step(torch.arange(16))
        with pytest.raises(torch._dynamo.exc.FailOnRecompileLimitHit):
            made.step(torch.arange(8))


def test_a_training_with_graphs_leaves_no_cycle(graphs_on_a_cpu):
    """A cycle would hold the graphs' memory until Python looks for cycles."""
    made = started(recipe(), "graph")
    gone = weakref.ref(made.take_step)
    gc.disable()
    try:
        del made
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("model", "device", "precision", "layout"),
    [
        ("alexnet", "cuda:0", "bf16", torch.channels_last),
        ("alexnet", "cuda", "fp32", torch.contiguous_format),
        ("alexnet", "cpu", "fp32", torch.channels_last),
        ("mlp-1x16", "cpu", "bf16", torch.contiguous_format),
    ],
)
def test_fp32_on_a_gpu_has_the_layout_of_its_kernels(model, device, precision, layout):
    assert image_layout(recipe(model=model), device, precision) is layout


@pytest.mark.parametrize(
    ("changes", "device", "steps_"),
    [
        ({}, "cuda:0", "graph"),
        ({}, "cpu", "eager"),
        ({"dropout": 0.5}, "cuda", "eager"),
        ({"rank_batch": 8}, "cuda", "eager"),
        ({"rank_batch": 16}, "cuda", "graph"),
        ({"model": "harness.tests.custom_networks:small_vit"}, "cuda", "eager"),
    ],
)
def test_a_graph_is_chosen_where_it_can_hold_the_step(changes, device, steps_):
    assert chosen_steps(recipe(**changes), Backend(device, 1, "auto")) == steps_
    assert chosen_steps(recipe(**changes), Backend(device, 1, "compiled")) == "compiled"


@pytest.fixture
def tf32():
    """TF32 is allowed for cuDNN and cuBLAS while a test runs."""
    libraries = (torch.backends.cudnn, torch.backends.cuda.matmul)
    before = [library.allow_tf32 for library in libraries]
    for library in libraries:
        library.allow_tf32 = True
    yield libraries
    for library, allowed in zip(libraries, before, strict=True):
        library.allow_tf32 = allowed


def test_fp32_on_a_gpu_is_not_tf32(monkeypatch, tf32):
    with monkeypatch.context() as pretended:
        pretended.setattr(torch.cuda, "is_available", lambda: True)
        pretended.setattr(torch.cuda, "device_count", lambda: 1)
        assert resolve_backend("cuda").kind == "cuda"
    assert not any(library.allow_tf32 for library in tf32)


@pytest.mark.parametrize(
    ("said", "threads"), [("1", 1), ("3", 3), ("99", 4), ("2,1", 2), ("", 4), ("0", 4), ("all", 4)]
)
def test_omp_num_threads_limits_the_threads(monkeypatch, said, threads):
    """Two trainings of a thread each, started side by side, took two each, and far longer."""
    monkeypatch.setattr("harness.training.backend.available_cores", lambda: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert resolve_backend("cpu").threads == threads
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    assert resolve_backend("cpu").threads == 4, "torchrun says 1 to everyone"
