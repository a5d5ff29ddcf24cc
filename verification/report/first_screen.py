"""What is seen first: one sentence, a strip of counts, and convictions in other libraries."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..vocabulary import Evidence, Verdict
from .document import UNPROVEN
from .summary import plural, share, whole

Document = Mapping[str, Any]
OTHERS = "other-implementations"
OUR_OWN = ("NumPy",)  # a course's network, right and planted wrong: no library


class Tile(NamedTuple):
    """A count that leads to its rows; `good` is False where something is to be done."""

    anchor: str
    number: str
    label: str
    good: bool = True


def tiles(document: Document, acting: int) -> list[Tile]:
    """The status strip: how many of each kind are as they must be."""
    counts, tables = document["counts"], rows_of(document)
    found = [Tile("attention", f"{acting:,}", "to act on", acting == 0)]
    if rows := document["derivations"]:
        names = whole(rows)
        right = sum(row["verdict"] == Verdict.CORRECT for row in names)
        label = "derivations correct"
        found.append(Tile("derivations", of(right, len(names)), label, right == len(names)))
    if claims := document["claims"]:
        fell = counts[Evidence.REFUTED]
        stand = len(claims) - fell - counts[UNPROVEN]
        found.append(Tile("claims", f"{stand} + {fell}", "claims stand, and fall"))
    if rows := document["faults"]:
        caught = sum(row["caught"] for row in rows)
        found.append(Tile("faults", of(caught, len(rows)), "mistakes caught", caught == len(rows)))
    if rows := document["calibration"]:
        verdicts, false = (sum(row[key] for row in rows) for key in ("verdicts", "false_alarms"))
        found.append(Tile("calibration", of(false, verdicts), "false alarms", not false))
    if rows := document["implementations"]:
        right = sum(row["verdict"] == Verdict.CORRECT for row in rows)
        label = "on real data correct"
        found.append(Tile("implementations", of(right, len(rows)), label, right == len(rows)))
    if rows := tables.get("kill-table"):
        survived = sum(row["status"] == "survived" for row in rows)
        found.append(Tile("kill-table", of(survived, len(rows)), "twins survived", not survived))
    if rows := convictions(document):
        found.append(Tile("convictions", f"{len(rows)}", "convictions elsewhere"))
    return found


def of(some: int, all_: int) -> str:
    return f"{some:,} of {all_:,}"


def rows_of(document: Document) -> dict[str, Any]:
    return {table["id"]: table["rows"] for table in document["tables"]}


def sentence(document: Document) -> str:
    """What came out, in one sentence; the counts stand in the strip."""
    parts = []
    if rows := document["derivations"]:
        dtypes = list(dict.fromkeys(row["dtype"] for row in rows))
        where = f"all {len(dtypes)} dtypes" if len(dtypes) > 2 else " and ".join(dtypes)
        parts.append(f"{share(whole(rows), Verdict.CORRECT)} derivations are correct in {where}")
    if claims := document["claims"]:
        fell = document["counts"][Evidence.REFUTED]
        open_ = document["counts"][UNPROVEN]
        ending = f", {open_} unproven" if open_ else ""
        parts.append(
            f"of {plural(len(claims), 'claim')} {len(claims) - fell - open_} stood and {fell} "
            f"fell, each with its correction{ending}"
        )
    if rows := document["faults"]:
        caught = sum(row["caught"] for row in rows)
        parts.append(f"{caught:,} of {len(rows):,} planted mistakes were caught")
    text = "; ".join(parts) or "nothing was judged"
    return text[0].upper() + text[1:] + "."


# --- convictions -----------------------------------------------------------------------------


class Conviction(NamedTuple):
    """A gradient of another library that is not correct: what, in which dtype, and why."""

    library: str
    name: str
    dtype: str
    verdict: str
    convention: str
    why: str


def convictions(document: Document) -> list[Conviction]:
    """Every row about another library that is not correct, the wrong ones first."""
    order = [str(v) for v in (Verdict.WRONG, Verdict.REJECTED, Verdict.INACCURATE)]
    found = [
        conviction(row, row["implementation"], row["dtype"], row["conventions"], row["reason"])
        for row in rows_of(document).get(OTHERS, ())
        if row["verdict"] in order and row["library"] not in OUR_OWN
    ]
    found += of_update_rules(rows_of(document).get("update-rules-arguments", ()))
    return sorted(found, key=lambda one: order.index(one.verdict))


def of_update_rules(rows: Iterable[Mapping[str, Any]]) -> list[Conviction]:
    return [
        conviction(row, row["variant"], "float64", "", row["differs by"])
        for row in rows
        if row["verdict"] in (Verdict.INACCURATE, Verdict.WRONG, Verdict.REJECTED)
    ]


def conviction(row: Mapping[str, Any], name: str, dtype: str, how: str, why: str) -> Conviction:
    return Conviction(row["library"], name, dtype, row["verdict"], how, why)


def by_library(found: Iterable[Conviction]) -> list[tuple[str, str, list[Conviction]]]:
    """(library, verdict, its rows): one line of the page each, the wrong ones first."""
    groups: dict[tuple[str, str], list[Conviction]] = {}
    for one in found:
        groups.setdefault((one.library, one.verdict), []).append(one)
    return [(library, verdict, rows) for (library, verdict), rows in groups.items()]
