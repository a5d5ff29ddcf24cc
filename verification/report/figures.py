"""A panel of data as inline SVG: matplotlib draws it, CSS variables colour it.

Every colour is a sentinel that is exchanged for a variable of page.css, so one drawing reads in
light and dark.  The same data give the same text: fixed salt for the ids, no date, no fonts.
"""

import io
import math
import re
from collections.abc import Mapping
from typing import Any

INK, GRID, PAPER = "#010203", "#040506", "#070809"
CURVES = tuple(f"#0a0b0{k}" for k in range(1, 8))
VARIABLES = {INK: "--ink-soft", GRID: "--rule", PAPER: "--paper"} | {
    colour: f"--curve-{k}" for k, colour in enumerate(CURVES, 1)
}
DASHES = (
    *((), (6.0, 2.2), (1.4, 1.8), (7.0, 2.0, 1.4, 2.0)),
    *((3.2, 1.4), (10.0, 2.4), (5.0, 1.6, 1.2, 1.6, 1.2, 1.6)),
)
MARKERS = "osD^"
SIZE = (4.6, 3.2)  # inches: a phone's width, so that letters keep their size on one
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "mathtext.default": "regular",
}
LOST = "lost"  # the label of the rug that marks answers without a single right digit


def svg(panel: Mapping[str, Any], salt: str) -> str:
    """One panel of the document as an <svg> element without scripts, styles or addresses."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**STYLE, "svg.hashsalt": salt}):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        for k, series in enumerate(panel["series"]):
            draw(axes, series, k)
        dress(axes, panel)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return themed(out.getvalue(), f"{panel['title']}: {panel['y_label']} over {panel['x_label']}")


def draw(axes, series: Mapping[str, Any], k: int) -> None:
    """One curve; colour, dash and marker all tell it apart."""
    x, y = numbers(series["x"]), numbers(series["y"])
    low, high = numbers(series["low"]), numbers(series["high"])
    colour = INK if series["kind"] == "bound" else CURVES[k % len(CURVES)]
    if series["kind"] == "points":
        bars = (
            [
                [b - a for a, b in zip(low, y, strict=True)],
                [b - a for a, b in zip(y, high, strict=True)],
            ]
            if low
            else None
        )
        axes.errorbar(
            x,
            y,
            yerr=bars,
            color=colour,
            linestyle="none",
            elinewidth=1.2,
            marker=MARKERS[k % len(MARKERS)],
            markersize=4.2,
            zorder=3,
        )
        return
    width = 1.1 if series["kind"] == "bound" else 1.7
    (line,) = axes.plot(x, y, color=colour, linewidth=width)
    if dashes(series, k):
        line.set_dashes(dashes(series, k))
    if low:
        axes.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
    lost = [a for a, b in zip(x, y, strict=True) if not math.isfinite(b)]
    if lost:  # at the upper edge, in axis coordinates: no number belongs there
        height = [0.995 - 0.035 * k] * len(lost)
        axes.plot(
            lost,
            height,
            transform=axes.get_xaxis_transform(),
            color=colour,
            linestyle="none",
            marker="x",
            markersize=3.4,
            clip_on=False,
        )


def dashes(series: Mapping[str, Any], k: int) -> tuple[float, ...]:
    return (1.0, 2.0) if series["kind"] == "bound" else DASHES[k % len(DASHES)]


def dress(axes, panel: Mapping[str, Any]) -> None:
    axes.set_xscale(panel["x_scale"])
    if panel["x_scale"] == "symlog":
        axes.set_xticks(both_sides(*axes.get_xlim()))
    axes.set_yscale(panel["y_scale"])
    if panel["y_scale"] == "log":  # a curve that stays within one decade is to look flat
        low, high = axes.get_ylim()
        axes.set_ylim(low, max(high, 100.0 * low))
    axes.set_title(panel["title"])
    axes.set_xlabel(panel["x_label"])
    axes.set_ylabel(panel["y_label"])
    axes.grid(True, which="major")
    axes.set_axisbelow(True)
    axes.minorticks_off()


def both_sides(low: float, high: float) -> list[float]:
    """0 and a few powers of ten on each side of it, as far as the axis goes."""
    step = max(1, round(math.log10(max(-low, high, 1.0)) / 3))
    powers = [10.0**k for k in range(step, 308, step) if 10.0**k < max(-low, high)]
    return [*(-p for p in reversed(powers) if -p > low), 0.0, *(p for p in powers if p < high)]


def numbers(values: list) -> list[float]:
    return [float(value) for value in values]


def themed(text: str, label: str) -> str:
    """The bare element, its colours variables, its letters the page's own, its names local."""
    from markupsafe import escape

    text = text[text.index("<svg") :].strip()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", text)
    text = re.sub(r"font: (?:(bold|\d+) )?([\d.]+)px [^;\"]*", _font, text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    head = f'<svg role="img" aria-label="{escape(label)}" class="plot" viewBox='
    text = re.sub(r"<svg [^>]*?viewBox=", head, text, count=1, flags=re.DOTALL)
    text = re.sub(r'(<svg [^>]*?)\s+xmlns="[^"]*"\s+version="[^"]*"', r"\1", text, count=1)
    return text.replace("xlink:href", "href")


def _font(match: re.Match) -> str:
    weight = f"font-weight: {match[1]}; " if match[1] else ""
    return f"{weight}font-size: {match[2]}px"


def swatch(series: Mapping[str, Any], k: int) -> str:
    """The sample of a curve that stands in the legend."""
    bound = series["kind"] == "bound"
    colour = f"var({VARIABLES[INK if bound else CURVES[k % len(CURVES)]]})"
    if series["kind"] == "points":
        mark = f'<circle cx="14" cy="6" r="3.4" fill="{colour}"/>'
    else:
        dash = " ".join(f"{d * 1.4:g}" for d in dashes(series, k))
        mark = f'<path d="M1 6h26" stroke="{colour}" stroke-width="2.2" stroke-dasharray="{dash}"/>'
    return f'<svg class="swatch" viewBox="0 0 28 12" aria-hidden="true">{mark}</svg>'
