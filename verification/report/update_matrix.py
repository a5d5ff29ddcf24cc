"""Which variant of each update rule every library implements, and what makes libraries agree."""

from collections.abc import Iterable, Iterator
from typing import Any

from ..adapters.update_libraries import LIBRARIES, Cell, installed
from ..derivations.rules import VARIANTS, family_of
from ..updates.planted import planted
from ..updates.validate import validate_update

COLUMNS = (
    "rule",
    "library",
    "variant",
    "formula",
    "verdict",
    "arguments",
    "differs by",
    "power",
)
CANNOT = "not installed here"


def rows(
    seed: int = 0,
    quick: bool = False,
    dtype: str = "float64",
    libraries: Iterable[str] = (),
    names: Iterable[str] = (),
) -> list[dict[str, Any]]:
    """One row for each library of every variant that some library implements.

    Where a library has no arguments that make it so, `verdict` is "none" and `differs by` says
    which of the same rule's variants it has instead.  `quick` judges one run for each, not two.
    """
    return [
        _row(name, library, seed, 1 if quick else 2, dtype)
        for name in names or implemented()
        for library in libraries or LIBRARIES
    ]


def implemented() -> list[str]:
    """The variants that some library implements, in the order of the table of variants."""
    met = {cell.variant for cells in LIBRARIES.values() for cell in cells}
    return [name for name in VARIANTS if name in met]


def agreements() -> list[dict[str, str]]:
    """For each of those variants the arguments by library; empty where there are none."""
    return [
        {"variant": name} | {lib: _arguments(name, lib) for lib in LIBRARIES}
        for name in implemented()
    ]


def catalogue() -> list[dict[str, str]]:
    """Every variant: its rule, formula in words and in LaTeX, and reference."""
    return [
        {
            "rule": v.family,
            "variant": v.name,
            "words": v.formula,
            "formula": v.latex,
            "reference": v.reference,
            "exact": "fractions" if v.rational else "balls",
        }
        for v in VARIANTS.values()
    ]


def mistakes(
    seed: int = 0, quick: bool = False, names: Iterable[str] = (), every: int = 9
) -> list[dict[str, Any]]:
    """Rows of the kill table: each mistake in each variant, whether it was caught and named.

    `quick` plants one mistake in `every`, at one run.
    """
    every, cases = (every, 1) if quick else (1, 2)
    return [
        one._asdict()
        for name in names or VARIANTS
        for one in planted(name, cases=cases, seed=seed, every=every)
    ]


def place(name: str) -> int:
    """Where a variant stands in the table of variants."""
    return list(VARIANTS).index(name)


def cell_of(name: str, library: str) -> Cell | None:
    return next((cell for cell in LIBRARIES[library] if cell.variant == name), None)


def _arguments(name: str, library: str) -> str:
    cell = cell_of(name, library)
    return cell.arguments if cell else ""


def _row(name: str, library: str, seed: int, cases: int, dtype: str) -> dict[str, Any]:
    variant, cell = VARIANTS[name], cell_of(name, library)
    row = {
        "rule": variant.family,
        "library": library,
        "variant": name,
        "formula": variant.latex,
        "arguments": cell.arguments if cell else "",
        "power": None,
    }
    if cell is None:
        return row | {"verdict": "none", "differs by": _instead(name, library)}
    if not installed(library):
        return row | {"verdict": CANNOT, "differs by": ""}
    fixed: dict[str, Any] = dict(cell.fixed)
    finding = validate_update(cell.make, against=name, dtype=dtype, cases=cases, seed=seed, **fixed)
    differs = "" if finding.verdict == "correct" else _reason(finding)
    return row | {
        "verdict": str(finding.verdict),
        "differs by": differs,
        "power": max(finding.power.values(), default=None),
    }


def _reason(finding) -> str:
    said = finding.explanation[0] if finding.explanation else None
    return str(said) if said else finding.reason.rpartition("; ")[2]


def _instead(name: str, library: str) -> str:
    """The variants of the same rule that a library does have."""
    return ", ".join(_others(name, library)) or f"{library} has no such rule"


def _others(name: str, library: str) -> Iterator[str]:
    for variant in family_of(name):
        if cell_of(variant.name, library):
            yield f"has {variant.name}: {variant.formula}"
