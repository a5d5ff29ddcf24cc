"""Where weight decay enters a step, whatever the rule: one line each.

Each is called as decay(k, h, step, g, w, s, t, r) and answers what a step answers.
"""

from collections.abc import Callable, Mapping


def none(k, h, step, g, w, s, t, r):
    """no decay"""
    return step(k, h, g, w, s, t, r)


def l2(k, h, step, g, w, s, t, r):
    """g + weight_decay w for g"""
    return step(k, h, g + h.weight_decay * w, w, s, t, r)


def decoupled(k, h, step, g, w, s, t, r):
    """w - r weight_decay w first, then the step"""
    return _first(r * h.weight_decay, k, h, step, g, w, s, t, r)


def after(k, h, step, g, w, s, t, r):
    """the step first, then w - r weight_decay w of the new w"""
    w, s = step(k, h, g, w, s, t, r)
    return k.decayed(w, r * h.weight_decay), s


def without_rate(k, h, step, g, w, s, t, r):
    """w - weight_decay w first, whatever the rate, then the step"""
    return _first(h.weight_decay, k, h, step, g, w, s, t, r)


def eta(k, h, step, g, w, s, t, r):
    """w - eta weight_decay w first, eta the rate over the first rate, then the step"""
    return _first(r / h.first_rate * h.weight_decay, k, h, step, g, w, s, t, r)


def _first(by, k, h, step, g, w, s, t, r):
    return step(k, h, g, k.decayed(w, by), s, t, r)


DECAYS: Mapping[str, Callable] = {
    "": none,
    "l2": l2,
    "decoupled": decoupled,
    "after": after,
    "without_rate": without_rate,
    "eta": eta,
}
