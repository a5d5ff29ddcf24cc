"""The curves of a sweep as one SVG: the median over seeds, and the middle half of them."""

import io
from collections.abc import Mapping

import numpy as np

MOST = 12  # curves in one figure: those that end lowest


def drawn(title: str, losses: Mapping[tuple, np.ndarray], examples: int) -> str:
    """losses: (method, rate, batch) -> (seeds, epochs).  The same numbers give the same text."""
    import matplotlib
    from matplotlib.figure import Figure

    end = lambda item: np.nan_to_num(np.median(item[1][:, -1]), nan=np.inf)
    chosen = sorted(losses.items(), key=end)[:MOST]
    with matplotlib.rc_context({"svg.hashsalt": "refnet", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7.0, 4.6), layout="constrained")
        axes = figure.add_subplot()
        for (method, rate, batch), runs in chosen:
            with np.errstate(invalid="ignore"):  # a run that stopped may be infinite
                low, middle, high = np.percentile(runs, (25, 50, 75), axis=0)
            seen = examples * np.arange(1, len(middle) + 1)
            (line,) = axes.plot(seen, middle, label=f"{method}, rate {rate:g}, batch {batch}")
            axes.fill_between(seen, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
        axes.set(title=title, xlabel="examples seen", ylabel="validation loss", yscale="log")
        axes.legend(fontsize="small")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
