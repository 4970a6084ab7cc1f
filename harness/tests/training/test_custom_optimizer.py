"""An optimiser in place of the paper's: a step, the schedule, checkpoints, and what is refused."""

import json

import numpy as np
import pytest
import torch

from harness.errors import HarnessError
from harness.training.backend import Backend
from harness.training.batching import can_be_grouped
from harness.training.checkpoint import packed, restore, state_of, unpacked
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.optimizer import default_learning_rate
from harness.training.preflight import examine_optimizer
from harness.training.protocol import paper_recipe

HERE = "harness.tests.training.test_custom_optimizer"
KEEPS_A_NUMBER = f"{HERE}:KeepsANumber"
ADAMW = {"optimizer": "torch.optim:AdamW", "learning_rate": 0.001}


class Needs(torch.optim.SGD):
    def __init__(self, params, lr, strength):
        super().__init__(params, lr=lr * strength)


class WithoutRate(torch.optim.SGD):
    def __init__(self, params):
        super().__init__(params, lr=1.0)


class Raises(torch.optim.SGD):
    def step(self, closure=None):
        raise ZeroDivisionError("division by zero")


class Exits(torch.optim.SGD):
    def step(self, closure=None):
        raise SystemExit("usage: train.py")


class ExitsWhenMade(torch.optim.SGD):
    def __init__(self, params, lr):
        raise SystemExit("usage: train.py")


class WithoutSuper(torch.optim.SGD):
    def __init__(self, params, lr):
        pass


class GroupsWithoutRate(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {})


class RaisesInZeroGrad(torch.optim.SGD):
    def zero_grad(self, set_to_none=True):
        raise ZeroDivisionError


class RaisesInStateDict(torch.optim.SGD):
    def state_dict(self):
        raise ZeroDivisionError


class Keeps(torch.optim.SGD):
    kept = np.ones(2)

    def __init__(self, params, lr=0.1):
        super().__init__(params, lr=lr)
        self.param_groups[0]["kept"] = self.kept


class KeepsANumber(Keeps):
    kept = np.float64(0.5)


class RaisesLater(torch.optim.SGD):
    def step(self, closure=None):
        self.taken = getattr(self, "taken", 0) + 1
        if self.taken > 3:
            raise SystemExit("no more")
        super().step(closure)


class Breaks(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data.fill_(torch.nan)


def number(params, lr=0.1):
    return 1.0


def recipe(**changes):
    chosen = {"train_size": 64, "batch_size": 16, "epochs": 4, "precision": "fp32"}
    return paper_recipe("mlp-1x16", "digits", "random-labels", **{**chosen, **changes})


def trained(of, epochs=4):
    training = Training(of, prepared_data(of, None, "cpu", "fp32"), Backend())
    for _ in range(epochs):
        training.run_epoch()
    return training


def test_sgd_by_its_name_takes_the_papers_steps():
    options = (("momentum", 0.9),)
    named = trained(recipe(optimizer="torch.optim:SGD", optimizer_options=options, decay_every=4))
    papers = trained(recipe(decay_every=4))
    assert named.curve.loss == pytest.approx(papers.curve.loss, rel=1e-5)
    assert named.curve.learning_rate == papers.curve.learning_rate, "the schedule stays"
    assert trained(recipe(**ADAMW)).curve.loss != pytest.approx(papers.curve.loss, rel=1e-2)


@pytest.mark.parametrize("name", ["torch.optim:AdamW", "torch.optim:Adagrad", KEEPS_A_NUMBER])
def test_a_training_goes_on_with_the_same_bits(name):
    of = recipe(**{**ADAMW, "optimizer": name})
    kept = packed(state_of(trained(of, 2)))
    again = trained(of, 0)
    restore(again, unpacked(kept))
    for _ in range(2):
        again.run_epoch()
    for one, other in zip(again.model.parameters(), trained(of).model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_it_trains_alone_and_says_so():
    assert can_be_grouped(recipe())
    of = recipe(**ADAMW, optimizer_options=[["weight_decay", 0.05]])
    assert not can_be_grouped(of)
    assert of.title == "MLP 1x16 with torch.optim:AdamW(weight_decay=0.05)"
    assert "random labels, torch.optim:AdamW(weight_decay=0.05), seed 0" in str(of)
    assert type(of)(**json.loads(json.dumps(of.as_dict()))) == of


def test_the_default_learning_rate_is_the_class_own():
    assert default_learning_rate("torch.optim:AdamW") == 0.001
    assert default_learning_rate(f"{HERE}:Needs") is None


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("AdamW", {}, "it should be a class of optimisers: torch.optim:CLASS"),
        ("torch.optim:AdamWW", {}, "nearest: AdamW"),
        ("no.such:AdamW", {}, "cannot be imported: ModuleNotFoundError"),
        ("torch.nn:Linear", {}, "is another class, but it should be a class of torch.optim.Opt"),
        (f"{HERE}:number", {}, "is a function, but it should be a class of torch.optim.Optimizer"),
        ("torch.optim:LBFGS", {}, "needs a closure.* take another"),
        (f"{HERE}:WithoutRate", {}, "takes no lr"),
        (f"{HERE}:Needs", {}, "cannot be made .*'strength'; give its arguments with --opti"),
        ("torch.optim:AdamW", {"decay": 1}, "cannot be made .*unexpected keyword argument 'decay'"),
        ("torch.optim:AdamW", {"lr": 0.1}, "give --arch-lr 0.1"),
        ("torch.optim:AdamW", {"weight_decay": -1}, r"cannot be made .*Invalid weight_decay value"),
        ("torch.optim:SparseAdam", {}, "raises in its first step on mlp-1x16: RuntimeError"),
        (f"{HERE}:Raises", {}, "raises in its first step .*ZeroDivisionError"),
        (f"{HERE}:Exits", {}, "raises in its first step .*SystemExit: usage: .* another --optim"),
        (f"{HERE}:ExitsWhenMade", {}, "cannot be made .*SystemExit: usage: .* --optimizer-option"),
        (f"{HERE}:WithoutSuper", {}, r"no param_groups with a learning rate, .*: call super\(\)"),
        (f"{HERE}:GroupsWithoutRate", {}, "no param_groups with a learning rate"),
        (f"{HERE}:RaisesInZeroGrad", {}, "raises in zero_grad .*ZeroDivisionError; correct it, or"),
        (f"{HERE}:RaisesInStateDict", {}, "raises in state_dict, which .* on mlp-1x16: ZeroDiv"),
        (f"{HERE}:Keeps", {}, "raises in state_dict, .*more than tensors, numbers and text"),
        ("./no_such_file.py:X", {}, "there is no file .*; write torch.optim:CLASS, PACKAGE"),
        (f"{HERE}:Breaks", {}, "infinite or NaN in its first step: take a smaller --arch-lr"),
    ],
)
def test_what_cannot_train_is_refused_in_one_sentence(name, options, message):
    with pytest.raises(HarnessError, match=message) as refusal:
        examine_optimizer(recipe(optimizer=name, optimizer_options=tuple(options.items())))
    assert "\n" not in str(refusal.value)


def test_one_that_raises_later_is_named_with_its_class():
    of = recipe(optimizer=f"{HERE}:RaisesLater")
    examine_optimizer(of)
    message = "RaisesLater raises in a step of a training on mlp-1x16: SystemExit: no more; correct"
    with pytest.raises(HarnessError, match=message):
        trained(of)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer_options": (("eps", 1),)}, r"should be \(\) without an optimizer"),
        ({**ADAMW, "momentum": 0.5}, "give it momentum by optimizer_options"),
        ({**ADAMW, "weight_decay": (("weights", 1e-4),)}, "give it weight_decay by optimizer_op"),
    ],
)
def test_fields_that_contradict_it_are_refused(changes, message):
    with pytest.raises(HarnessError, match=message):
        recipe(**changes)
