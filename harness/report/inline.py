"""A figure's SVG as part of a page: unique ids, and colours that follow light and dark."""

import re
from dataclasses import dataclass

DARK = {
    "#000000": "#e8e5df",
    "#ffffff": "#1b1e23",
    "#0072b2": "#5aaeea",
    "#d55e00": "#f58a45",
    "#009e73": "#3cc79c",
    "#cc79a7": "#e79fc4",
    "#56b4e9": "#8fd0f5",
    "#e69f00": "#f0b840",
}
"""Colours and their counterparts on dark pages, as in the style sheet; grey is legible on both."""


@dataclass(frozen=True)
class Inline:
    """An ``<svg>`` element without XML's preamble."""

    markup: str
    width: int
    """In CSS pixels, as drawn."""
    on_paper: bool
    """Whether it holds an image, whose colours are fixed: on a dark page it has a light ground."""


def inline(svg: str, name: str, description: str) -> Inline:
    """Prefix all ids by ``name``, to be unique in a page, and add the description for readers."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'(xlink:href|href)="#([^"]+)"', rf'\1="#{name}-\2"', body)
    for colour in DARK:
        variable = f"var(--c{colour[1:]}, {colour})"
        body = re.sub(rf"{colour}\b", variable, body, flags=re.IGNORECASE)
    (points,) = re.findall(r'<svg\b[^>]*? width="([\d.]+)pt"', body)
    width = round(float(points) * 4 / 3)
    body = re.sub(r'(<svg\b[^>]*?) width="[\d.]+pt"', r"\1", body, count=1)
    body = re.sub(r'(<svg\b[^>]*?) height="[\d.]+pt"', r"\1", body, count=1)
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    body = body.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return Inline(body, width, "<image" in body)


def standalone(svg: str, name: str, description: str) -> str:
    """A figure as a file that follows light and dark, for an image in Markdown."""
    drawing = inline(svg, name, description)
    variables = " ".join(f"--c{light[1:]}: {dark};" for light, dark in DARK.items())
    style = (
        "<style>text { fill: var(--c000000, #000000); }"
        f" @media (prefers-color-scheme: dark) {{ svg {{ {variables} }} }}</style>"
    )
    start = drawing.markup.index(">") + 1
    return f"{drawing.markup[:start]}\n{style}{drawing.markup[start:]}"
