"""What to train (`recipe`) and how (`loop`): the paper's protocol, and nothing that it lacks."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "comparison": ["what_differs"],
        "inputs": ["prepared_data"],
        "schedule": ["learning_rates", "regularizers"],
    },
)
