"""Hyperparameters that are handed over in the wrong order: every function swaps two of them."""

from dataclasses import replace

from ...derivations.rules import DECAYS, Variant
from .change import given, has, stepping

Wrong = Variant | None


def epsilon_and_second_beta_swapped(v: Variant) -> Wrong:
    """b2 and epsilon are swapped: adam(rate, b1, eps, b2), by position."""
    return _swapped(v, "eps", "b2")


def epsilon_and_first_beta_swapped(v: Variant) -> Wrong:
    """b1 and epsilon are swapped: adam(rate, eps, b2, b1), by position."""
    return _swapped(v, "eps", "b1")


def epsilon_and_decay_swapped(v: Variant) -> Wrong:
    """epsilon and weight_decay are swapped: both are small numbers at the end of the list."""
    return _swapped(v, "eps", "weight_decay")


def first_beta_and_decay_swapped(v: Variant) -> Wrong:
    """b1 and weight_decay are swapped: a list that begins with the decay."""
    return _swapped(v, "b1", "weight_decay")


def second_beta_and_decay_swapped(v: Variant) -> Wrong:
    """b2 and weight_decay are swapped: Lion's arguments handed over as those of AdamW."""
    return _swapped(v, "b2", "weight_decay")


def momentum_and_weight_decay_swapped(v: Variant) -> Wrong:
    """The momentum and weight_decay are swapped: SGD(rate, weight_decay, momentum), by position."""
    return _swapped(v, "decay", "weight_decay")


def momentum_and_dampening_swapped(v: Variant) -> Wrong:
    """The momentum and the dampening are swapped: neighbours in PyTorch's list of arguments."""
    return _swapped(v, "decay", "dampening")


def momentum_and_smoothing_swapped(v: Variant) -> Wrong:
    """RMSProp's decay and its momentum are swapped: both are called 0.9."""
    return _swapped(v, "decay", "momentum")


def epsilon_and_smoothing_swapped(v: Variant) -> Wrong:
    """The decay of the mean and epsilon are swapped: rmsprop(rate, eps, decay), by position."""
    return _swapped(v, "eps", "decay")


def epsilon_and_start_swapped(v: Variant) -> Wrong:
    """Epsilon and the start of the sum are swapped: PyTorch has the start first, optax as well."""
    if v.start.get("s") != "initial_accumulator_value":
        return None
    return _swapped(v, "eps", "initial_accumulator_value", start={**v.start, "s": "eps"})


def _swapped(v: Variant, one: str, other: str, **more) -> Wrong:
    if not has(v, one, other):
        return None
    decay = DECAYS[v.decay]

    def change(step, k, h, *rest):
        values = {one: getattr(h, other), other: getattr(h, one)}
        return decay(k, given(h, **values), step, *rest)

    return replace(stepping(v, change), decay="", **more)
