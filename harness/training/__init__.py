"""What to train (`recipe`) and how (`loop`): the paper's protocol, and nothing that it lacks."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "inputs": ["prepared_data"],
        "preview": ["learning_rates", "regularizers", "what_differs"],
    },
)
