"""Gradients in which one use of a weight sees it already updated: what writing in place does.

The gradient's program reads a weight several times, in the forward pass and in the backward pass.
Each of these uses in turn is given the weight after the step.
"""

from collections.abc import Iterator

import jax
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from ..measurement.sample import Sample
from ..oracles.question import as_exact
from .local import Reference, loose, sloped
from .steps import Step


def partly_updated(
    reference: Reference, before: list, step: Step, batch: tuple
) -> Iterator[tuple[str, Sample]]:
    """(tensor, loss and gradient) for every use of every weight."""
    args = (reference.tree(before), reference.tree(step.weights), *batch)
    with loose():
        leaves, tree = jax.tree.flatten(jax.tree.map(as_exact, args))
        flat = lambda *xs: _ignoring(reference, jax.tree.unflatten(tree, xs))
        program = jax.make_jaxpr(flat)(*leaves)
    for tensor, path in enumerate(reference.paths):
        for use in _uses(program, tensor):
            altered = _altered(program, tensor, len(before), use)

            def slopes(params, *data, altered=altered):
                after = list(map(as_exact, step.weights))
                flat = [*jax.tree.leaves(params), *after, *jax.tree.leaves(data)]
                loss, *gradient = jaxpr_as_fun(altered)(*flat)
                return loss, reference.tree(gradient)

            yield path, sloped(slopes, reference, before, batch)


def _ignoring(reference: Reference, args: tuple) -> list:
    """The slopes, of a program that has the new weights too and does not read them."""
    params, _, *batch = args
    return jax.tree.leaves(reference.slopes(params, *batch))


def _uses(program: ClosedJaxpr, tensor: int) -> list[int]:
    var = program.jaxpr.invars[tensor]
    return [n for n, eqn in enumerate(program.jaxpr.eqns) if any(v is var for v in eqn.invars)]


def _altered(program: ClosedJaxpr, tensor: int, count: int, use: int) -> ClosedJaxpr:
    jaxpr = program.jaxpr
    old, new = jaxpr.invars[tensor], jaxpr.invars[count + tensor]
    eqns = list(jaxpr.eqns)
    invars = [new if v is old else v for v in eqns[use].invars]
    eqns[use] = eqns[use].replace(invars=invars)
    return ClosedJaxpr(jaxpr.replace(eqns=eqns), program.consts)
