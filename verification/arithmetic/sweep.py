"""One reverse sweep in any arithmetic: record the program's equations, then pull back.

The rules of `Arithmetic` give values; a table of slopes gives each elementwise derivative.  What
moves entries, adds them or multiplies matrices is linear, and is transposed here once for all.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..vocabulary import NoRule
from .arrays import box, moved
from .interpreter import Arithmetic, is_plain, run, solve_parts
from .moves import MOVES, carried, landing


class Node:
    """A value on the tape: where it came from, and the cotangent that has reached it.

    `slices`: cotangents of parts of it, which are added in one by one when it is its turn.
    """

    __slots__ = ("cotangent", "ins", "name", "needed", "params", "slices", "value")

    def __init__(self, value, name="", ins=(), params: dict | None = None, needed=False):
        self.value, self.name, self.ins, self.params = value, name, ins, params or {}
        self.needed = needed or any(isinstance(i, Node) and i.needed for i in ins)
        self.cotangent: Any = None
        self.slices: list[tuple[tuple, Any]] = []

    @property
    def shape(self):
        return self.value.shape

    @property
    def ndim(self):
        return self.value.ndim


class Pullback(NamedTuple):
    """Among the slopes, a primitive of whole matrices: of (above, outputs, operands, params)."""

    rule: Callable


Watch = Callable[[str, list, Mapping, Any], None]


def value_and_gradient(
    program, args, wanted, arithmetic: Arithmetic, slopes: Mapping, watch: Watch | None = None
) -> tuple:
    """The scalar output of `program` and its gradient in args[i] for i in `wanted`: two passes.

    `args` are lifted already.  watch(primitive, inputs, params, output) is told of every operation
    that depends on what is wanted.  Raises NoRule for a primitive without a rule or a slope.
    """
    leaves = [a if is_plain(a) else Node(a, needed=i in wanted) for i, a in enumerate(args)]
    tape: list[Node] = []
    (out,) = run(program, leaves, recording(arithmetic, tape, watch))
    out.cotangent = arithmetic.lift(np.ones(out.shape))
    for node in reversed(tape):
        gather_slices(node)
        if node.cotangent is not None:
            pull(node, slopes, arithmetic)
            node.cotangent = None if node is not out else node.cotangent
    for i in wanted:
        gather_slices(leaves[i])
    zero = lambda leaf: arithmetic.lift(np.zeros(leaf.shape))
    return out.value, [
        leaves[i].cotangent if leaves[i].cotangent is not None else zero(leaves[i]) for i in wanted
    ]


def recording(arithmetic: Arithmetic, tape: list[Node], watch: Watch | None = None) -> Arithmetic:
    """The same arithmetic on Nodes: every result goes on the tape."""
    rules = {
        name: partial(record, tape, watch, name, rule) for name, rule in arithmetic.rules.items()
    }
    bare = lambda p: p.value if isinstance(p, Node) else p
    return Arithmetic(
        arithmetic.name,
        lambda array: Node(arithmetic.lift(array)),
        rules,
        lambda predicate: arithmetic.decide(bare(predicate)),
        {"custom_linear_solve": implicit},
    )


def implicit(params, ins: list, arithmetic: Arithmetic) -> list:
    """x with A x = b, whose slopes are those of A^-1 (db - dA x): no solver is differentiated.

    The solver is run for x, and for the residual b - A x, in which x is a constant: that is 0, but
    for the width of the balls, and has the slopes.
    """
    consts, b = solve_parts(params, ins)
    rules, programs = arithmetic.rules, params["jaxprs"]
    still = lambda values: [v if is_plain(v) else rules["stop_gradient"](v) for v in values]
    solver = still(consts.solve)
    x = still(run(programs.solve, [*solver, *b], arithmetic))
    reached = run(programs.matvec, [*consts.matvec, *x], arithmetic)
    residual = [rules["sub"](c, r) for c, r in zip(b, reached, strict=True)]
    rest = run(programs.solve, [*solver, *residual], arithmetic)
    return [rules["add"](one, more) for one, more in zip(x, rest, strict=True)]


def record(tape: list[Node], watch: Watch | None, name: str, rule: Callable, /, *ins, **params):
    """Apply a rule, and put the result on the tape unless it is plain."""
    values = [i.value if isinstance(i, Node) else i for i in ins]
    value = rule(*values, **params)
    if watch is not None and any(isinstance(i, Node) and i.needed for i in ins):
        watch(name, values, params, value)
    if is_plain(value):
        return value
    tape.append(Node(value, name, ins, params))
    return tape[-1] if not isinstance(value, tuple) else _parts(tape, tape[-1])


def _parts(tape: list[Node], whole: Node) -> list:
    """The outputs of a primitive that has several; `whole` collects their cotangents."""
    parts = [
        v if is_plain(v) else Node(v, PART, (whole,), {"index": k})
        for k, v in enumerate(whole.value)
    ]
    tape.extend(part for part in parts if isinstance(part, Node))
    return parts


def pull(node: Node, slopes: Mapping, arithmetic: Arithmetic) -> None:
    """Hand the cotangent of `node` on to its inputs."""
    if not node.needed:
        return
    if node.name == PART:
        (whole,) = node.ins
        whole.cotangent = whole.cotangent or [None] * len(whole.value)
        whole.cotangent[node.params["index"]] = node.cotangent
        return
    if node.name == "slice":
        node.ins[0].slices.append((cut(node.params), node.cotangent))
        return
    values = [i.value if isinstance(i, Node) else i for i in node.ins]
    d, needed = node.cotangent, [isinstance(i, Node) and i.needed for i in node.ins]
    if node.name in PULLBACKS:
        cotangents = PULLBACKS[node.name](d, values, node.params, needed, arithmetic)
    elif node.name in MOVES:
        cotangents = pull_move(d, node.name, values, node.params)
    elif isinstance(slope := slopes.get(node.name), Pullback):
        whole = isinstance(node.value, tuple)
        above, outs = (d, node.value) if whole else ([d], [node.value])
        cotangents = slope.rule(above, outs, values, node.params)
    elif node.name in slopes:
        factors = slopes[node.name](node.value, *values, **node.params)
        if node.name in REDUCTIONS:
            d = np.expand_dims(d, tuple(node.params["axes"]))
        times = handed if node.name in CHOICES else np.multiply
        cotangents = [
            unstretch(times(d, s), v.shape) if n else None
            for s, v, n in zip(factors, values, needed, strict=True)
        ]
    else:
        raise NoRule(f"{arithmetic.name} have no slope for the primitive {node.name!r}")
    for source, cotangent, wanted in zip(node.ins, cotangents, needed, strict=True):
        if wanted and cotangent is not None:
            old = source.cotangent
            source.cotangent = box(cotangent if old is None else old + cotangent)


def _handed(d, slope):
    """What goes back: nothing through what was not chosen, though a root of 0 may be behind it.

    Beside such a point the result does not depend on it at all, so that an infinite slope above is
    no slope of this path: sqrt(max(x, 0)) is 0 on both sides of x = -1.
    """
    return 0 if isinstance(slope, int) and slope == 0 else d * slope


handed = np.frompyfunc(_handed, 2, 1)


def cut(params: Mapping) -> tuple[slice, ...]:
    """Where the entries of a slice are in its operand."""
    starts, limits = params["start_indices"], params["limit_indices"]
    return tuple(map(slice, starts, limits, params["strides"] or (1,) * len(starts)))


def gather_slices(node: Node) -> None:
    """Add what came to parts of a value to its cotangent: a loop reads a row at each step."""
    if not node.slices:
        return
    total = np.zeros(node.shape, object) if node.cotangent is None else box(node.cotangent).copy()
    for where, cotangent in node.slices:
        total[where] = total[where] + cotangent
    node.cotangent, node.slices = total, []


def unstretch(cotangent, shape):
    """Sum back along the axes that the operand was stretched along."""
    cotangent = box(cotangent)
    axes = tuple(range(cotangent.ndim - len(shape)))
    cotangent = box(cotangent.sum(axis=axes)) if axes else cotangent
    ones = tuple(i for i, n in enumerate(shape) if n == 1 and cotangent.shape[i] != 1)
    return cotangent.sum(axis=ones, keepdims=True) if ones else cotangent


def pull_move(d, name: str, values, params) -> list:
    """Send every entry of the cotangent back to the place it was picked from."""
    if name == "squeeze" or (name == "reshape" and params.get("dimensions") is None):
        return [box(d).reshape(values[0].shape)]
    operands, positions = moved(name, values, params)
    pool = np.zeros(sum(v.size for v in operands), dtype=object)
    np.add.at(pool, positions.ravel(), d.ravel())
    bounds = np.cumsum([v.size for v in operands])[:-1]
    pieces = dict(zip(carried(name, len(values)), np.split(pool, bounds), strict=True))
    return [pieces[i].reshape(v.shape) if i in pieces else None for i, v in enumerate(values)]


def _pull_sum(d, values, params, *_):
    (x,) = values
    return [np.broadcast_to(np.expand_dims(d, tuple(params["axes"])), x.shape)]


def _pull_cumsum(d, values, params, *_):
    flip = (lambda a: a) if params["reverse"] else (lambda a: np.flip(a, params["axis"]))
    return [flip(np.cumsum(flip(d), axis=params["axis"]))]


def _pull_scatter_add(d, values, params, *_):
    x, indices, updates = values
    into = landing(x.shape, indices, updates.shape, params)
    picked = np.where(into >= 0, d.ravel()[np.maximum(into, 0)], 0)
    return [d, None, picked.reshape(updates.shape)]


def _pull_dot(d, values, params, needed, arithmetic):
    """d(a . b): contract the cotangent with the other factor, then put the axes back."""
    a, b = values
    (contract_a, contract_b), (batch_a, batch_b) = params["dimension_numbers"]
    n = len(batch_a)
    free_a = [i for i in range(a.ndim) if i not in (*contract_a, *batch_a)]
    free_b = [i for i in range(b.ndim) if i not in (*contract_b, *batch_b)]
    out_a, out_b = range(n, n + len(free_a)), range(n + len(free_a), d.ndim)
    da = db = None
    if needed[0]:
        da = _contract(d, b, (out_b, free_b), (range(n), batch_b), arithmetic)
        order = [*batch_a, *free_a, *_sorted_like(contract_a, contract_b)]
        da = da.transpose(_back(order))
    if needed[1]:
        db = _contract(d, a, (out_a, free_a), (range(n), batch_a), arithmetic)
        order = [*batch_b, *free_b, *_sorted_like(contract_b, contract_a)]
        db = db.transpose(_back(order))
    return [da, db]


def _back(order: list[int]) -> list[int]:
    """The permutation that undoes another; of a few axes NumPy's sort takes ten times as long."""
    return sorted(range(len(order)), key=order.__getitem__)


def _contract(d, other, contract, batch, arithmetic):
    numbers = (tuple(map(tuple, contract)), tuple(map(tuple, batch)))
    return arithmetic.rules["dot_general"](d, other, dimension_numbers=numbers)


def _sorted_like(mine, theirs):
    """My contracted axes, in the order in which the other factor's stay behind."""
    return [m for _, m in sorted(zip(theirs, mine, strict=True))]


def _pull_select(d, values, params, *_):
    which, *cases = values
    if is_plain(which):
        return pull_move(d, "select_n", values, params)
    unknown = d * np.frompyfunc(lambda w: float("nan") if w is None else 1, 1, 1)(which)
    hit = lambda k: np.frompyfunc(lambda w, u: u if w is None or int(w) == k else 0, 2, 1)
    return [None, *(box(hit(k)(which, unknown)) for k in range(len(cases)))]


PART = "part"
REDUCTIONS = ("reduce_max", "reduce_min")
CHOICES = ("max", "min", "clamp", *REDUCTIONS)
STEPS = ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "is_finite")
PULLBACKS = {
    **dict.fromkeys(STEPS, lambda d, values, *_: [None] * len(values)),  # flat where decided
    "stop_gradient": lambda d, values, *_: [None],
    "reduce_sum": _pull_sum,
    "cumsum": _pull_cumsum,
    "scatter-add": _pull_scatter_add,
    "dot_general": _pull_dot,
    "select_n": _pull_select,
}
