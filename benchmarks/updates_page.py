"""The page of benchmarks.updates: libraries beside their variants, mistakes, what came later."""

from typing import Any


def is_first(row: dict[str, Any]) -> bool:
    """Whether the mistake itself came first, and not only tied with what did."""
    return row["named"] and row["first"] == row["fault"]


def by_mistake(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each mistake, over the variants that it can be made in."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row["fault"], []).append(row)
    return [
        {
            "fault": fault,
            "description": mine[0]["description"],
            "rules": len(mine),
            "caught": sum(row["caught"] for row in mine),
            "first": sum(map(is_first, mine)),
            "same": sum(row["same"] for row in mine),
            "named": sum(row["named"] for row in mine),
        }
        for fault, mine in groups.items()
    ]


def page(r: dict[str, Any]) -> str:
    lines = [
        "# Update rules",
        "",
        *agreed_or_not_run(r),
        "",
        f"Of {r['planted']:,} mistakes, one in {r['every']} of each variant's, {r['caught']:,} are",
        f"caught. {r['first']:,} ({share(r, 'first')}) are named first. {r['same']:,} more are the",
        "same rule as what is named first, in other words: at fresh runs both are equal, in",
        "fractions or in balls of 128 bits, and nothing could rank them. Together that is",
        f"**{score(r):.2%}**; {wrong(r):,} are named wrongly, or not. One in {r['every']} of the",
        f"mistakes that can be made in each variant was planted; {len(r['tied']):,} are said to be",
        "what these runs cannot tell from another rule.",
        "",
        f"Seed {r['seed']}, {r['seconds']} s.",
        "",
        *table(
            ("library", "variant", "dtype", "settings", "outside", "worst", "known"), r["libraries"]
        ),
        "",
        "## Mistakes",
        "",
        *table(
            ("fault", "description", "rules", "caught", "first", "same", "named"), r["mistakes"]
        ),
        "",
        "## Named first instead",
        "",
        *table(("fault", "instead", "same rule", "tied", "rules"), instead(r["not_first"])),
        "",
        *planted_later(r.get("later", [])),
        *cost_of(r.get("cost", [])),
        f"Python {r['python']}; {', '.join(f'{n} {v}' for n, v in r['versions'].items())}.",
    ]
    return "\n".join(lines) + "\n"


def planted_later(rows: list[dict[str, Any]]) -> list[str]:
    """Mistakes and variants that came after the whole run, if any: benchmarks.updates_later."""
    if not rows:
        return []
    named = sum(is_first(row) or row["same"] for row in rows)
    kinds = ("fault", "description", "rules", "caught", "first", "same", "named")
    return [
        "## Planted later",
        "",
        f"Made by `python -m benchmarks.updates_later`: {len(rows):,} mistakes in",
        f"{len({row['rule'] for row in rows})} variants, {sum(row['caught'] for row in rows):,}"
        f" caught, {sum(map(is_first, rows)):,} named first,",
        f"{named / len(rows):.2%} with those that are the same rule as what is.",
        "",
        *table(kinds, by_mistake(rows)),
        "",
        *table(
            ("fault", "instead", "same rule", "tied", "rules"),
            instead([row for row in rows if not is_first(row)]),
        ),
        "",
    ]


def cost_of(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    return [
        "## Cost",
        "",
        "A warm verdict on Adam over a tree of ten leaves, 16 steps, in processor seconds; and",
        "what the rule takes by itself for the steps that it is asked for.",
        "",
        *table(("rule", "dtype", "verdict", "seconds", "of them the rule"), rows),
        "",
    ]


def agreed_or_not_run(r: dict[str, Any]) -> list[str]:
    """The libraries beside their variants; nothing is said of runs that were not made."""
    made = "Made by `python -m benchmarks.updates`."
    if not r["libraries"]:
        return [f"The run was ended before the libraries: none was judged. {made}"]
    plain = [row for row in r["libraries"] if not row["known"]]
    judged = sum(row["settings"] for row in plain)
    out = sum(row["outside"] for row in plain)
    return [
        f"{r['settings']:,} drawn settings of hyperparameters for every rule of optax and dtype,",
        f"{r['stepped']:,} for those of the other libraries:",
        f"{judged:,} runs of 12 steps with a changing rate, **{out} outside the budget** of the",
        "variant that the rule is. Rules that are known to lose digits are not among them; the",
        "table says why.",
        made,
        "",
        *table(tuple(ALARMS), r["false_alarms"]),
    ]


ALARMS = ("library", "rules", "runs", "false alarms", "runs that lose digits", "of them outside")


def share(r: dict[str, Any], key: str) -> str:
    return f"{r[key] / max(r['planted'], 1):.2%}"


def score(r: dict[str, Any]) -> float:
    """Of what was planted: named first, or the same rule as what was."""
    return (r["first"] + r["same"]) / max(r["planted"], 1)


def wrong(r: dict[str, Any]) -> int:
    return r["planted"] - r["first"] - r["same"]


def instead(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What came first in the place of a mistake, and in which variants."""
    groups: dict[tuple, list[str]] = {}
    for row in rows:
        key = (row["fault"], row["first"], row["same"], row["named"] and not row["same"])
        groups.setdefault(key, []).append(row["rule"])
    return [
        {
            "fault": fault,
            "instead": first,
            "same rule": same,
            "tied": tied,
            "rules": ", ".join(rules),
        }
        for (fault, first, same, tied), rules in groups.items()
    ]


def table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> list[str]:
    shown = lambda x: f"{x:.3g}" if isinstance(x, float) else str(x).replace("|", "\\|")
    head = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    return head + ["| " + " | ".join(shown(row[c]) for c in columns) + " |" for row in rows]
