"""What a session of claims imports, for a process that tests fork theirs from."""
# ruff: noqa: F401

import gc
from importlib import import_module

import hypothesis
import jinja2
import matplotlib.figure
import pytest_regressions.plugin
import scipy.stats
import sklearn.datasets
import torch._dynamo
import torchvision
import xdist.plugin

import harness.report.page
import harness.training.protocol
from harness.plugin import pytest_plugins

for name in pytest_plugins:
    import_module(name)

# pytest collects garbage five times as it ends. What is here already never is, and to look at all
# of it again would take longer than most sessions.
gc.collect()
gc.freeze()
