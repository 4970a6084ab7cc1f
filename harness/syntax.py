"""Python source as text for fingerprints, the same whichever Python reads it."""

import ast


def as_text(node: object) -> str:
    """A syntax tree without line numbers, comments and white space.

    Unlike `ast.dump`, whose text changes with Python's minor version: fields that are empty are
    left out, as a newer Python has more of them, and strings are in ASCII. Python 3.12 also ends
    some f-strings with an empty constant.
    """
    if isinstance(node, ast.JoinedStr):
        parts = [it for it in node.values if not (isinstance(it, ast.Constant) and it.value == "")]
        return f"JoinedStr({as_text(parts)})"
    if isinstance(node, ast.AST):
        filled = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
        fields = ", ".join(f"{name}={as_text(value)}" for name, value in filled)
        return f"{type(node).__name__}({fields})"
    if isinstance(node, list):
        return f"[{', '.join(map(as_text, node))}]"
    return ascii(node)
