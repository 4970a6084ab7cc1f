"""The harness's speed beside the machine's matrix products and a plain training loop."""
