"""A panel of data as inline SVG, in colours that are variables of page.css.

One drawing reads in light and dark, and needs no library, no script and no font.  The same data
give the same text.  What is pointed at says its name: every curve has a title.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import escape

from .axes import DECADES, Axis, over

WIDTH, HEIGHT = 460, 300  # a phone's width, so that letters keep their size on one
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 30, 46
CURVES = 7  # colours there are
DASHES = ("", "8 3", "2 2.4", "9 3 2 3", "4 2", "13 3", "7 2 2 2 2 2")
BOUND = "1.4 2.6"

Row = Mapping[str, Any]


def svg(panel: Row) -> str:
    """One panel of the document as an <svg> element without scripts, styles or addresses."""
    rows = panel["series"]
    across = over(panel["x_scale"], numbers(row["x"] for row in rows))
    flat = DECADES if panel["y_scale"] == "log" else 0.0
    up = over(panel["y_scale"], numbers(heights(row) for row in rows), flat)
    curves = "".join(curve(row, k, across, up) for k, row in enumerate(rows))
    said = escape(f"{panel['title']}: {panel['y_label']} over {panel['x_label']}")
    return (
        f'<svg role="img" aria-label="{said}" class="plot" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f"{grid(across, up)}{curves}{words(panel)}</svg>"
    )


def numbers(rows: Iterable[Iterable]) -> list[float]:
    return [float(value) for values in rows for value in values]


def heights(row: Row) -> list:
    """All that the axis must reach: the curve, and both ends of its band."""
    return [*row["y"], *row["low"], *row["high"]]


def at_x(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(value)


def at_y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * axis.share(value)


def points(row: Row, key: str, across: Axis, up: Axis) -> list[tuple[float, float]]:
    """Where the curve goes, in the drawing; nan where it has no place."""
    pairs = zip(row["x"], row[key], strict=True)
    return [(at_x(across, float(x)), at_y(up, float(y))) for x, y in pairs]


# --- what is drawn ---------------------------------------------------------------------------


def grid(across: Axis, up: Axis) -> str:
    """Lines at the ticks, their labels, and the two axes."""
    right, floor = WIDTH - RIGHT, HEIGHT - BOTTOM
    lines, labels = [], []
    for share, text in across.ticks():
        x = LEFT + (right - LEFT) * share
        lines.append(f"M{x:.1f} {TOP}V{floor}")
        labels.append(f'<text x="{x:.1f}" y="{floor + 16}" text-anchor="middle">{text}</text>')
    for share, text in up.ticks():
        y = floor - (floor - TOP) * share
        lines.append(f"M{LEFT} {y:.1f}H{right}")
        labels.append(f'<text x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    return (
        f'<path class="grid" d="{"".join(lines)}"/>{"".join(labels)}'
        f'<path class="axis" d="M{LEFT} {TOP}V{floor}H{right}"/>'
    )


def words(panel: Row) -> str:
    """The title and the names of the axes."""
    middle, floor, across = (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM, escape(panel["x_label"])
    upright = f"rotate(-90 13 {(TOP + floor) / 2})"
    return (
        f'<text class="title" x="{LEFT}" y="18">{escape(panel["title"])}</text>'
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{across}</text>'
        f'<text x="13" y="{(TOP + floor) / 2}" text-anchor="middle" transform="{upright}">'
        f"{escape(panel['y_label'])}</text>"
    )


def curve(row: Row, k: int, across: Axis, up: Axis) -> str:
    """One curve; colour, dash and marker all tell it apart."""
    middle = points(row, "y", across, up)
    low, high = (points(row, key, across, up) if row[key] else [] for key in ("low", "high"))
    if row["kind"] == "points":
        parts = [bar(*ends) for ends in zip(low, high, strict=True)]
        parts += [
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.4"/>' for x, y in known(middle)
        ]
    else:
        parts = [band(low, high), line(middle, row["kind"], k), *crosses(row, k, across)]
    name = f"<title>{escape(row['label'].replace('$', ''))}</title>"
    return f'<g style="--curve: var({colour(row, k)})">{name}{"".join(parts)}</g>'


def colour(row: Row, k: int) -> str:
    return "--ink-soft" if row["kind"] == "bound" else f"--curve-{k % CURVES + 1}"


def known(pairs: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def line(pairs: Sequence[tuple[float, float]], kind: str, k: int) -> str:
    """A path that is broken where there is no number."""
    steps, pen = [], "M"
    for x, y in pairs:
        if math.isfinite(x) and math.isfinite(y):
            steps.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L" if math.isfinite(x) and math.isfinite(y) else "M"
    dash = f' stroke-dasharray="{dashes(kind, k)}"' if dashes(kind, k) else ""
    return f'<path class="curve {kind}"{dash} d="{"".join(steps)}"/>' if steps else ""


def dashes(kind: str, k: int) -> str:
    return BOUND if kind == "bound" else DASHES[k % len(DASHES)]


def band(low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]]) -> str:
    around = [*known(low), *reversed(known(high))]
    return (
        f'<path class="band" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in around)}Z"/>'
        if around
        else ""
    )


def bar(low: tuple[float, float], high: tuple[float, float]) -> str:
    return f'<path class="curve" d="M{low[0]:.1f} {low[1]:.1f}V{high[1]:.1f}"/>'


def crosses(row: Row, k: int, across: Axis) -> list[str]:
    """Where the answer is not finite: at the upper edge, for no number belongs there."""
    lost = [
        float(x) for x, y in zip(row["x"], row["y"], strict=True) if not math.isfinite(float(y))
    ]
    y, xs = TOP + 3.0 + 7.0 * k, [at_x(across, x) for x in lost]
    arms = "".join(f"M{x - 2:.1f} {y - 2:.1f}l4 4m0 -4l-4 4" for x in xs if math.isfinite(x))
    return [f'<path class="lost" d="{arms}"/>'] if arms else []


def swatch(row: Row, k: int) -> str:
    """The sample of a curve that stands in the legend."""
    dash = f' stroke-dasharray="{dashes(row["kind"], k)}"' if dashes(row["kind"], k) else ""
    mark = f'<path class="curve {row["kind"]}"{dash} d="M1 6h26"/>'
    if row["kind"] == "points":
        mark = '<circle class="dot" cx="14" cy="6" r="3.4"/>'
    style = f'style="--curve: var({colour(row, k)})"'
    return f'<svg class="swatch" viewBox="0 0 28 12" aria-hidden="true" {style}>{mark}</svg>'
