"""The layout of an answer: the structure, the shapes and the dtypes of what it is the gradient of.

What is laid out otherwise is no answer; the sentence says what came and what was wanted.
"""

import re
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..adapters.trees import Held, inward
from . import listed
from .contract import Rejection


def leaves_of(
    answer: Any, args: tuple, argnums: tuple[int, ...], single: bool, typed: bool = False
) -> list:
    """The answer's leaves where the arguments have real numbers.  Raises Rejection.

    `typed` arguments came in the dtype under test: the answer must have it too.
    """
    wanted = [args[i] for i in argnums]
    answer = _asked_alone(answer, args, argnums, single)
    _gradient_alone(answer, wanted[0] if single else tuple(wanted))
    parts = zip(_parts(answer, wanted, single), wanted, strict=True)
    found = [leaf for part, arg in parts for leaf in _matched(part, arg)]
    reals = [x for x in jax.tree.leaves(wanted) if is_real(x)]
    for got, arg in zip(map(np.asarray, found), map(np.asarray, reals), strict=True):
        if typed and got.dtype != arg.dtype:
            raise Rejection(f"the answer is of dtype {got.dtype}; the argument is {arg.dtype}")
    return found


def _asked_alone(answer: Any, args: tuple, argnums: tuple[int, ...], single: bool) -> Any:
    """The parts that were asked for, of an answer with one for each argument and None at the rest.

    So autograd functions of PyTorch answer, and layers that look rows up.
    """
    if type(answer) is not tuple or not len(answer) == len(args) > len(argnums):
        return answer
    if single and isinstance(args[argnums[0]], tuple):
        return answer
    rest = [part for k, part in enumerate(answer) if k not in argnums]
    if any(part is not None for part in rest) or any(answer[k] is None for k in argnums):
        return answer
    return answer[argnums[0]] if single else tuple(answer[k] for k in argnums)


def _gradient_alone(answer: Any, wanted: Any) -> None:
    if type(answer) is not tuple or len(answer) != 2 or not _is_number(answer[0]):
        return
    if _is_number(answer[1]) and np.shape(wanted) == (2,):
        return  # a pair of numbers for an array of two
    if jax.tree.structure(inward(answer[1])) == jax.tree.structure(wanted):
        raise Rejection(
            "it answers a value and a gradient, as value_and_grad does: hand over the gradient "
            "alone, such as lambda *args: value_and_gradient(*args)[1]"
        )


def _is_number(x: Any) -> bool:
    return isinstance(x, float | int) or (hasattr(x, "dtype") and np.ndim(x) == 0)


def _parts(answer: Any, wanted: list, single: bool) -> list:
    if single:
        _one_of_several(answer, wanted[0])
        is_pair = type(answer) is tuple and len(answer) == 1
        wraps = is_pair and not (type(wanted[0]) is tuple and len(wanted[0]) == 1)
        return list(answer) if wraps else [answer]
    if not isinstance(answer, tuple | list) or len(answer) != len(wanted):
        each = "a tuple of one" if len(wanted) == 1 else f"a tuple of {len(wanted)}"
        raise Rejection(
            f"it answered {_kind(answer)}; one part for each of {len(wanted)} argnums was asked "
            f"for: {each}{', or give argnums as a number' * (len(wanted) == 1)}"
        )
    return list(answer)


def _one_of_several(answer: Any, wanted: Any) -> None:
    """Raises Rejection for more gradients than the one that was asked for."""
    if type(answer) is not tuple or len(answer) < 2 or isinstance(wanted, tuple | list):
        return
    if not all(map(_is_array, answer)) or not _is_array(wanted):
        return
    if np.shape(answer[0]) == np.shape(wanted):
        raise Rejection(
            f"it answered {len(answer)} parts, where the gradient by one argument was asked for: "
            "name all of them in argnums, or hand over lambda *args: gradients(*args)[0]"
        )


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") or isinstance(x, float)


def _matched(part: Any, arg: Any) -> list:
    real = jax.tree.map(lambda x: float(x) if type(x) is int else x, part)
    if isinstance(arg, float | np.ndarray) and isinstance(real, float):
        part = real  # 2 is as good as 2.0
    part = inward(listed.arrays_for(part, arg))
    ours, theirs = _bare(arg), _bare(part)
    if jax.tree.structure(ours) == jax.tree.structure(theirs):
        return _shaped(jax.tree.leaves(theirs), jax.tree.leaves(ours), _names(ours))
    if jax.tree.structure(arg) == jax.tree.structure(part):  # something for the integers too
        pairs = zip(jax.tree.leaves(part), jax.tree.leaves(arg), strict=True)
        chosen = [(x, a) for x, a in pairs if is_real(a)]
        return _shaped([x for x, _ in chosen], [a for _, a in chosen])
    said = f"its answer is {layout(part)}, where the argument is {layout(arg)}"
    raise Rejection(_what_differs(part, arg) + said + "; is its `return` missing?" * (part is None))


def _what_differs(part: Any, arg: Any) -> str:
    """Which keys, as the beginning of a sentence; empty where nothing short can be said."""
    if type(arg) is not dict or part is None:
        return ""
    if type(part) is not dict:
        return f"a dict with {', '.join(map(repr, arg))} is wanted: "
    missing, more = [k for k in arg if k not in part], [k for k in part if k not in arg]
    if missing and more:
        return f"{_listed(missing)} wanted, and {_listed(more)} given instead: "
    if missing or more:
        return f"{_listed(missing)} missing: " if missing else f"{_listed(more)} too many: "
    other = (k for k in arg if jax.tree.structure(part[k]) != jax.tree.structure(arg[k]))
    return next((f"in {k!r} {_what_differs(part[k], arg[k])}" for k in other), "")


def _listed(keys: list) -> str:
    return f"{', '.join(map(repr, keys))} {'is' if len(keys) == 1 else 'are'}"


def _bare(tree: Any) -> Any:
    """The tree with None where there is no real number."""
    is_held = lambda x: isinstance(x, Held)
    kept = lambda x: None if is_held(x) or not _may_be_slope(x) else x
    return jax.tree.map(kept, tree, is_leaf=is_held)


def _may_be_slope(x: Any) -> bool:
    return is_real(x) or np.asarray(x).dtype.kind not in "iu"


def is_real(x: Any) -> bool:
    return isinstance(x, float) or jnp.issubdtype(np.asarray(x).dtype, jnp.floating)


def _names(tree: Any) -> list[str]:
    return [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(tree)]


def _shaped(leaves: list, wanted: list, names: list[str] | None = None) -> list:
    called = iter(names or [""] * len(wanted))
    for got, arg in zip(map(np.asarray, leaves), map(np.asarray, wanted), strict=True):
        name = next(called)
        if arg.shape and got.shape == 2 * arg.shape:
            raise Rejection(
                f"the answer is of shape {got.shape}, as a Hessian is; the gradient has the shape "
                f"of the argument, {arg.shape}"
            )
        if got.shape != arg.shape:
            shapes = [np.shape(x) for x in leaves], [np.shape(x) for x in wanted]
            said = f"the answer has leaves of shapes {shapes[0]}; the gradient has {shapes[1]}"
            if len(leaves) == 1:
                said = (
                    f"the answer is of shape {got.shape}; the gradient has the shape of the "
                    f"argument, {arg.shape}"
                )
            where = f"{name} is of shape {got.shape}, not {arg.shape}: " if name else ""
            raise Rejection(where + said + _instead(got.shape, arg.shape))
        if not is_real(got):
            raise Rejection(f"the answer is of dtype {got.dtype}; the argument is {arg.dtype}")
    return leaves


def _instead(got: tuple, wanted: tuple) -> str:
    """What a shape is known for, as the rest of a sentence."""
    if got[1:] == wanted and got[:1] > (1,):
        return (
            f": if these are gradients of each of {got[0]} examples, sum them over the first axis"
        )
    if len(got) > 1 and got == wanted[::-1]:
        return ": it may be transposed"
    if [n for n in got if n != 1] == [n for n in wanted if n != 1]:
        return f": reshape it to {wanted}; was an axis of length 1 kept, or dropped?"
    return ""


NAMED = re.compile(
    r"CustomNode\((?:Fields\[\(<class '(?:[^']*\.)?(\w+)'>, .*?\)\]|namedtuple\[(\w+)\]), "
    r"\[([^\[\]]*)\]\)"
)


def layout(tree: Any) -> str:
    """ "an array", "{'b': *, 'w': *}", "a string": * is an array."""
    if isinstance(tree, Held):
        return f"a {type(tree.value).__name__}"
    held = lambda x: isinstance(x, Held)
    named = jax.tree.map(lambda x: type(x.value).__name__ if held(x) else x, tree, is_leaf=held)
    if any(map(held, jax.tree.leaves(tree, is_leaf=held))):
        return f"{type(tree).__name__} of {', '.join(map(_in_a_word, jax.tree.leaves(named)))}"
    said = str(jax.tree.structure(tree)).removeprefix("PyTreeDef(").removesuffix(")")
    said = NAMED.sub(lambda found: f"{found[1] or found[2]}({found[3]})", said)
    if said == "*":
        return "an array"
    return said if len(said) <= 120 else said[:117] + "..."


def _in_a_word(leaf: Any) -> str:
    return leaf if isinstance(leaf, str) else "an array"


def _kind(answer: Any) -> str:
    if hasattr(answer, "shape"):
        return f"an array of shape {tuple(answer.shape)}"
    return (
        f"{type(answer).__name__} of {len(answer)}" if hasattr(answer, "__len__") else repr(answer)
    )
