"""The committed atlas of JAX: its page, the table in docs/validate.md, and what was convicted.

    python -m benchmarks.atlas [JOURNAL]

takes the journal of `refnet atlas jax` and writes all three; without one the rows stay, and
functions without a row are asked for the reason.  Every conviction has been looked at
by hand: LOOKED_AT says what was found, with a line that is True in JAX alone, with 64 bits on;
AT_EDGES likewise what `validate` convicts at a far edge, where the atlas does not look.
"""

import argparse
import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from verification.atlas import campaign, refused, tables, tried
from verification.atlas.found import functions

RECORD = Path(__file__).with_suffix(".json")
PAGE = Path(__file__).with_suffix(".md")
GUIDE = Path(__file__).parents[1] / "docs" / "validate.md"
BEGIN, END = "<!-- table of benchmarks/atlas.json -->\n", "\n<!-- end of table -->"
DIGITS = 3
CONVICTED = ("wrong", "inaccurate", "rejected")


class Look(NamedTuple):
    """What was found by hand, and a line that shows it: an expression of jax, jnp, np."""

    found: str
    line: str


NONE: dict[str, Look] = {}

TRIANGLE = Look(
    "It reads the upper triangle alone, and has a slope in the lower one all the same: right for "
    "symmetric changes, which is how it is meant, and wrong for others. `jnp.linalg.cholesky` "
    "symmetrizes first, and is correct.",
    "(lambda f, a: bool(f(a) == f(a.at[1, 0].add(0.5)) and jax.grad(f)(a)[1, 0] != 0))"
    "(lambda a: jax.scipy.linalg.cholesky(a)[1, 1], jnp.array([[2.0, 0.5], [0.5, 1.0]]))",
)
LOOKED_AT: dict[str, Look] = {
    "jax.nn.dot_product_attention": Look(
        "Real: its softmax is in float32, for float64 arguments too.",
        "(lambda x: bool(1e-12 < abs(jax.nn.dot_product_attention(x, x, x) - jnp.einsum("
        "'bnts,bsnh->btnh', jax.nn.softmax(jnp.einsum('btnh,bsnh->bnts', x, x) / 2**0.5), x))"
        ".max() < 1e-5))(jnp.sin(jnp.arange(16.0)).reshape(1, 4, 2, 2))",
    ),
    "jax.nn.scaled_dot_general": Look(
        "Real: without a configuration its product is in float32, for float64 arguments too.",
        "bool(1e-12 < abs(jax.nn.scaled_dot_general(a := jnp.sin(jnp.arange(9.0)).reshape(3, 3), a,"
        " (((1,), (0,)), ((), ()))) - a @ a).max())",
    ),
    "jax.lax.reduce_precision": Look(
        "No mistake: to drop digits is what it is for. It is judged beside the identity, whose "
        "slope it has.",
        "bool(jax.lax.reduce_precision(0.1, 8, 10) != 0.1)",
    ),
    "jax.scipy.stats.poisson.entropy": Look(
        "Real: in float32 its slope below about 0.36 is NaN, and its value a number: all of its "
        "formulas are taken everywhere, and that for large means overflows on the way back.",
        "bool(jnp.isnan(jax.grad(jax.scipy.stats.poisson.entropy)(jnp.float32(0.3)))"
        " and jnp.isfinite(jax.scipy.stats.poisson.entropy(jnp.float32(0.3))))",
    ),
    "jax.scipy.special.wofz": Look(
        "Real, and small: its approximation, and with it its slope, is up to 1e-13 off in float64; "
        "that of its real part is -2 x exp(-x^2) on the axis.",
        "(lambda x: bool(1e-14 < abs(jax.vmap(jax.grad(lambda t: jax.scipy.special.wofz(t + 0j)"
        ".real))(x) + 2 * x * jnp.exp(-x * x)).max() < 1e-12))(jnp.linspace(-1.5, 1.5, 31))",
    ),
    "jax.scipy.sparse.linalg.cg": Look(
        "Its slope is that of the solution of a symmetric system: right for symmetric changes, "
        "which is how it is meant, and wrong for others. `bicgstab` and `gmres`, which solve any "
        "system, are correct.",
        "(lambda f, a: bool(abs(jax.grad(f)(a)[0, 1] - (f(a.at[0, 1].add(1e-6)) - f(a)) / 1e-6)"
        " > 0.01))(lambda a: jax.scipy.sparse.linalg.cg(a, jnp.array([1.0, 3.0]))[0][0], "
        "jnp.array([[2.0, 0.5], [0.5, 1.0]]))",
    ),
    "jax.experimental.ode.odeint": Look(
        "No mistake: its slope is that of the differential equation, from an adjoint equation, to "
        "its tolerance of 1.4e-8. That of its own steps, which it is judged beside, is 1e-6 off.",
        "(lambda f, y: bool(abs(jax.grad(f)(0.6) - 0.6 * jnp.sin(y)) < 1e-7 < abs((f(0.6001) - "
        "f(0.5999)) / 2e-4 - 0.6 * jnp.sin(y))))(lambda t: __import__('jax.experimental.ode', "
        "fromlist=['odeint']).odeint(lambda y, s: jnp.sin(y) * s, 1.2, jnp.stack([0.2, t]))[-1], "
        "2 * jnp.arctan(jnp.tan(0.6) * jnp.exp(0.16)))",
    ),
    "jax.scipy.linalg.cholesky": TRIANGLE,
    "jax.scipy.linalg.cho_factor": TRIANGLE,
}

AT_EDGES: dict[str, Look] = dict.fromkeys(
    ("jax.scipy.special.log_ndtr", "jax.scipy.stats.norm.logcdf"),
    Look(
        "Real, at some seeds: at x times 64 an entry lies below -20. There log_ndtr is a series of "
        "three terms, so that its slope, pdf / cdf, is 105 / x^8 off, by all digits but eight just "
        "below -20: more digits make it no better. Just above -20 it has thirteen.",
        "(lambda slope, x: bool((abs(slope(x) / (-x / (1 - 1 / x**2 + 3 / x**4 - 15 / x**6 "
        "+ 105 / x**8 - 945 / x**10)) - 1) * x**8 > 95).all()))"
        "(jax.vmap(jax.grad(jax.scipy.special.log_ndtr)), jnp.array([-21.0, -25.0, -32.0]))",
    ),
)


def convicted(atlas: tables.Document) -> list[str]:
    """The functions with a row that is no pass; of samples of one (`name/0`) it is that one."""
    named = (row["name"] for row in atlas["rows"] if row["verdict"] in CONVICTED)
    return sorted({name.partition("/")[0] for name in named})


def page(atlas: tables.Document) -> str:
    """What was run, the tables, and the convictions."""
    dtypes = ", ".join(dict.fromkeys(row["dtype"] for row in atlas["rows"]))
    ran = (
        f"Run in {dtypes}, two draws for each verdict and no edges, on a machine that was busy. "
        "The rows come from several versions of refnet of two days: not every row was judged again "
        "after a later one. A function whose budget is as large as its slope is undecided at these "
        "arguments and is judged at others; what is undecided at all of them has a row. Of these, "
        "`bessel_jn` in float32 and bfloat16 is NaN at all of its arguments (fifty steps of its "
        "recurrence overflow), and `poisson.entropy` in bfloat16 at the smaller ones: there is no "
        "bound for a program that overflows. The series of `hyp2f1` ends where a comparison of "
        "rounded numbers says, so that in float32 its slope is measured, and digits it may have "
        "lost are not told apart by that. `odeint` steps on by such comparisons, and is measured. "
        "Functions that take functions, or what is structured, are called by a recipe each."
    )
    alone = "Each line is True in JAX alone, with 64 bits on."
    return paged(atlas, ran, alone, LOOKED_AT, AT_EDGES) + without_a_row(atlas)


def without_a_row(atlas: tables.Document) -> str:
    """The functions that are not judged, by what was seen at the arguments that were tried."""
    names: dict[str, list[str]] = {}
    for name, reason in atlas["not judged"].items():
        names.setdefault(reason, []).append(f"`{name}`")
    rows = [(reason, ", ".join(found)) for reason, found in names.items()]
    return "\n## Functions without a row\n" + tables.table(("why", "functions"), rows) + "\n"


def with_reasons(atlas: tables.Document) -> dict[str, Any]:
    """The functions that nothing suits are tried again, for the reason."""
    every = {one.name: one for one in functions(atlas["library"])}
    unsaid = [n for n, why in atlas["not judged"].items() if why == tried.NONE and n in every]
    with tempfile.TemporaryDirectory() as room, contextlib.chdir(room):  # some of them write files
        said = {name: refused.why(every[name]) for name in unsaid}
    return {**atlas, "not judged": {**atlas["not judged"], **said}}


def paged(
    atlas: tables.Document,
    ran: str,
    alone: str,
    looks: dict[str, Look],
    at_edges: dict[str, Look] = NONE,
) -> str:
    """The atlas as Markdown, with what was run, and what was looked at by hand."""
    nothing = Look("Not looked at yet.", "False")
    looked = listed({name: looks.get(name, nothing) for name in convicted(atlas)})
    far = listed(at_edges) and f"## Convictions at far edges alone\n{listed(at_edges)}\n"
    head, rest = tables.markdown(atlas).split("\n\n", 1)
    shown = f"## Convictions, looked at by hand\n{alone}\n\n{looked}\n{far}"
    return f"{head}\n\n{ran}\n\n{shown}{rest}"


def listed(looks: dict[str, Look]) -> str:
    """A paragraph for what was found, with the names that it is true of, and its line."""
    names: dict[Look, list[str]] = {}
    for name, look in looks.items():
        names.setdefault(look, []).append(f"`{name}`")
    found = [f"* {', '.join(n)}. {k.found}\n\n      {k.line}\n" for k, n in names.items()]
    return "\n".join(found)


def guided(guide: str, atlas: tables.Document) -> str:
    """The guide with the table of this atlas."""
    before, rest = guide.split(BEGIN)
    return before + BEGIN + tables.modules(atlas) + END + rest.split(END, 1)[1]


def read() -> Any:
    return json.loads(RECORD.read_text())


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {k: float(f"{v:.{DIGITS}g}") if isinstance(v, float) else v for k, v in row.items()}


def remade(library: str, version: str, record: Path, shown: Callable) -> None:
    """The record and its page, shown(atlas), from the journal that the command line names.

    Without one the rows stay, and functions without a row are asked for the reason.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("journal", type=Path, nargs="?")
    journal = parser.parse_args().journal
    if journal is None:
        made = with_reasons(json.loads(record.read_text()))
    else:
        made = tables.document(library, version, campaign.read(journal).values())
    committed(made, record)
    record.with_suffix(".md").write_text(shown(json.loads(record.read_text())))


def committed(made: dict[str, Any], record: Path) -> None:
    """The document as a file: a line for each row."""
    rows = ",\n".join(json.dumps(_short(row)) for row in made.pop("rows"))
    record.write_text(json.dumps(made)[:-1] + f', "rows": [\n{rows}\n]}}\n')


def main() -> None:
    import jax

    remade("jax", jax.__version__, RECORD, page)
    GUIDE.write_text(guided(GUIDE.read_text(), read()))


if __name__ == "__main__":
    main()
