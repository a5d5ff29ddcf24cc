"""Update rules: which variant each library has, every variant's formula, mistakes planted."""

from collections.abc import Mapping
from typing import Any

from .. import update_matrix
from ..tables import CODE, FORMULA, NUMBER, VERDICT, Column, Table
from ..update_matrix import LIBRARIES
from .section import Part, Rows, Section, plural

CORRECT = "correct"
PLANTED = "mistakes in "
EVERY = 6  # of a variant's mistakes, one in so many is planted
IN = ("momentum", "rmsprop", "adam", "adamw", "clip_norm", "schedule_cosine")
QUICK = ("momentum", "adam")  # in a quick run, the variants that mistakes are planted in
ASKED = ("momentum", "momentum_rate_inside", "adam", "adam_eps_hat")  # and that libraries are asked
FIRST, SAME = "first", "same rule"
MATRIX = (
    Column("rule", "Rule"),
    *(Column(library, library) for library in LIBRARIES),
)
ARGUMENTS = (
    Column("rule", "Rule"),
    Column("variant", "Variant"),
    Column("library", "Library"),
    Column("verdict", "Verdict", VERDICT),
    Column("arguments", "With", CODE),
    Column("power", "Power", NUMBER),
    Column("differs by", "Differs by"),
)
VARIANTS = (
    Column("rule", "Rule"),
    Column("variant", "Variant"),
    Column("formula", "Formula", FORMULA),
    Column("words", "In words"),
    Column("reference", "Reference"),
    Column("none", "In none of"),
)
MISTAKES = (
    Column("rule", "Variant"),
    Column("fault", "Mistake"),
    Column("description", "What it does"),
    Column("verdict", "Verdict", VERDICT),
    Column("named", "Named"),
    Column("also", "Cannot be told from"),
)
LEAD = (
    "The same name stands for different rules. Each library's optimizers are driven through runs "
    "that tell the variants apart: the rate changes on the way, gradients vanish, change their "
    "sign, are tiny and huge. In each cell the variants that the library was found to implement."
)
ARGUMENTS_LEAD = (
    "The arguments that make a library compute a variant, and so two libraries agree: take the "
    "same variant in both. r is the rate, b a memory, e epsilon, l the weight decay."
)
VARIANTS_LEAD = (
    "Every variant as a named thing. In none of: the libraries that have no arguments for it."
)
MISTAKES_LEAD = (
    "Mistakes planted in the variants, a few of many, and judged as anybody's rule would be. "
    "Named: whether the first explanation is this mistake, or the same rule in other words, which "
    "is proven at runs of their own, or only tied with it: these runs cannot tell both."
)


def work(part: str, seed: int, quick: bool) -> Part:
    """One library's cells, or mistakes in one variant."""
    if part in LIBRARIES:
        asked = update_matrix.rows(
            seed, True, libraries=(part,), names=ASKED if quick else update_matrix.implemented()
        )
        return Part([cell(row) for row in asked if row["arguments"]])
    name = part.removeprefix(PLANTED)
    if quick and name not in QUICK:
        return Part([])
    return Part([mistake(row) for row in update_matrix.mistakes(seed, True, [name], EVERY)])


def cell(row: Mapping[str, Any]) -> dict[str, Any]:
    """A library's row; where we say that it implements a variant, it must, digits aside."""
    if row["verdict"] in ("wrong", "rejected"):
        return {**row, "act": f"its arguments were said to make it {row['variant']}"}
    return dict(row)


def mistake(row: Mapping[str, Any]) -> dict[str, Any]:
    kept = {column.key: row[column.key] for column in MISTAKES}
    kept |= {"named": named(row), "also": ", ".join(row["also"])}
    return kept if row["caught"] else kept | {"act": "a planted mistake survived"}


def named(row: Mapping[str, Any]) -> str:
    """How the mistake was named; what is named in its place is said."""
    if row["named"] and row["first"] == row["fault"]:
        return FIRST
    if row["same"]:
        return f"{SAME}: {row['first']}"
    return "tied" if row["named"] else "no"


def tables(parts: Mapping[str, Part]) -> tuple[Table, ...]:
    cells = [row for library in LIBRARIES for row in parts[library].rows]
    rules = list(dict.fromkeys(row["rule"] for row in update_matrix.catalogue()))
    judged = [row for row in cells if row["verdict"] != update_matrix.CANNOT]
    judged.sort(key=lambda row: update_matrix.place(row["variant"]))  # libraries in their order
    return (
        Table(
            "update-rules", "Update rules", LEAD, MATRIX, matrix(rules, judged), "", notes(judged)
        ),
        Table(
            "update-rules-arguments",
            "Arguments that agree",
            ARGUMENTS_LEAD,
            ARGUMENTS,
            tuple(judged),
            "rule",
        ),
        Table("update-variants", "Variants", VARIANTS_LEAD, VARIANTS, variants(), "rule"),
        planted([row for name in IN for row in parts[PLANTED + name].rows]),
    )


def matrix(rules: list[str], judged: Rows) -> tuple[dict[str, Any], ...]:
    has = lambda rule, library: ", ".join(
        row["variant"] + ("" if row["verdict"] == CORRECT else f" ({row['verdict']})")
        for row in judged
        if (row["rule"], row["library"]) == (rule, library)
    )
    return tuple({"rule": rule} | {lib: has(rule, lib) for lib in LIBRARIES} for rule in rules)


def notes(judged: Rows) -> tuple[str, ...]:
    missing = [library for library in LIBRARIES if not update_matrix.installed(library)]
    names = {row["variant"] for row in judged}
    known = len(update_matrix.implemented())
    said = [f"Asked for {len(names)} of the {known} variants that some library implements."]
    if missing:
        said.append(f"Not installed, and so not judged: {', '.join(missing)}.")
    return tuple(said)


def variants() -> tuple[dict[str, Any], ...]:
    lacking = lambda row: ", ".join(
        library for library in LIBRARIES if not update_matrix.cell_of(row["variant"], library)
    )
    return tuple({**row, "none": lacking(row)} for row in update_matrix.catalogue())


def planted(rows: Rows) -> Table:
    first = sum(row["named"] == FIRST for row in rows)
    same = sum(row["named"].startswith(SAME) for row in rows)
    note = f"Of {plural(len(rows), 'mistake')} {first} named first, {same} as the same rule."
    columns = MISTAKES
    return Table(
        "wrong-update-rules", "Wrong update rules", MISTAKES_LEAD, columns, tuple(rows), "", (note,)
    )


SECTION = Section((*LIBRARIES, *(PLANTED + name for name in IN)), work, tables)
