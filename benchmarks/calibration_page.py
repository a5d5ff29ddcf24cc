"""The record of the calibration as Markdown."""

from typing import Any

from verification.selftest.statistics import CONTROL


def page(r: dict[str, Any]) -> str:
    sizes = ", ".join(f"{count} {name}" for name, count in r["sizes"].items())
    ranges = ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in r["coverage"].items())
    lines = [
        "# False alarms",
        "",
        f"{r['verdicts']:,} verdicts on correct gradients: **{r['false_alarms']} false alarms**, "
        f"{r['undecided']:,} undecided (some entry",
        "may overflow in the format, or has no budget). A verdict is one implementation, one",
        "network at one point, one dtype, every entry of every leaf. With budgets "
        f"{CONTROL:g} times smaller",
        f"there would be {r['control']:,} alarms. Made by `python -m benchmarks.calibration`.",
        "",
        f"Seed {r['seed']}, {r['seconds']} s on one core; {r['met']} configurations of the "
        f"{r['planned']} that were planned. Met: {ranges}.",
        f"Configurations by parameters: {sizes}.",
        "",
        *table(ERRORS, map(error_row, r["rows"])),
        "",
        *spellings_page(r.get("corpus")),
        "## What the budgets see",
        "",
        "Medians over configurations, relative to the root mean square of a leaf: the median",
        "budget, and the error that is certain to be seen at any entry of any leaf.",
        "",
        *table(SEEN, map(seen_row, r["sensitivity"])),
        "",
        "## Right formulas that lose digits",
        "",
        "PyTorch's own activations and losses: softplus linear beyond 20, 1 + erf. Their alarms",
        "are no false ones: where units saturate these forms lose digits, which a correct",
        "implementation keeps. They are not in the count. (Slopes 1 - a^2 and a (1 - a) are inside",
        "the budget since it has room for stored outputs; older rows have their alarms.)",
        "",
        *table(ERRORS, map(error_row, r["lossy"])),
        "",
        "## Every run so far",
        "",
        *table(RUNS, ([run[key] for key in RUNS] for run in r["runs"])),
        "",
        f"Python {r['python']}; {', '.join(f'{n} {v}' for n, v in r['versions'].items())}.",
    ]
    return "\n".join(lines) + "\n"


def spellings_page(r: dict[str, Any] | None) -> list[str]:
    """The corpus of right gradients; nothing where none was drawn."""
    if r is None:
        return []
    return [
        "## Right gradients by many hands",
        "",
        f"{r['spellings']} spellings of {r['functions']} functions (NumPy, SciPy, PyTorch,",
        "scikit-learn, loops, JAX; slopes from the input and from the stored output, fused and",
        "composed, sums in several orders), at ordinary and large scales: "
        f"{r['verdicts']:,} verdicts, **{r['false_alarms']} false alarms**,",
        f"{r['undecided']:,} undecided (a naive form may overflow in float16);",
        f"{r['control']:,} alarms with budgets {CONTROL:g} times smaller.",
        f"Seed {r['seed']}, {r['seconds']} s; {r.get('planned', r['verdicts']):,} were planned.",
        "",
        *table(ERRORS, map(error_row, r["rows"])),
        "",
    ]


ERRORS = ("implementation", "dtype", "verdicts", "alarms", "undecided", "entries")
ERRORS += ("median", "0.999", "largest", f"alarms at 1/{CONTROL:g}")
SEEN = ("dtype", "widest layer", "configurations", "budget", "seen")
RUNS = ("seed", "verdicts", "false_alarms", "undecided", "control", "seconds", "note")


def error_row(row: dict[str, Any]) -> list[Any]:
    counts = [row[key] for key in ("verdicts", "false_alarms", "undecided")]
    errors = (row["quantiles"]["0.5"], row["quantiles"]["0.999"], row["worst"])
    entries = f"{row['entries']:,}"
    about = [f"{error:.2g}" for error in errors]
    return [row["implementation"], row["dtype"], *counts, entries, *about, row["control"]]


def seen_row(row: dict[str, Any]) -> list[Any]:
    low, high = row["widths"]
    about = [f"{row[key]:.2g}" for key in ("allowed", "seen")]
    return [row["dtype"], f"{low} to {high}", row["configurations"], *about]


def table(header, body) -> list[str]:
    line = lambda cells: f"| {' | '.join(map(str, cells))} |"
    return [line(header), line(["---"] * len(header)), *map(line, body)]
