"""The paper's table of contents: what is claimed, and how it is judged."""
