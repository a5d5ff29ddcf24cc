"""From deviations and bounds to what is allowed: entry by entry, for NumPy and under tracing.

A leaf is judged by the running bound where that is sharp: where it leaves two thirds of the digits
of the format at every entry, relative to the leaf's root mean square.  Elsewhere each entry has the
smaller of the bound and K sigma.

K is the quantile of Student's t that an entry of a correct gradient passes with a probability of
FALSE_ALARM over the number of entries judged; 32 draws of each entry of a leaf are its degrees of
freedom, because no entry is trusted alone: sigma is at least what the running bound suggests,
scaled to sigma by the leaf's mean of both, and the root mean square of the leaf's sigmas where
that is less.  As K > sqrt(32), whatever one draw did is allowed.  The probability holds for
rounding errors as independent as the model's; benchmarks/calibration.py measures what is seen.
"""

from collections.abc import Sequence

import numpy as np

from ..arithmetic.formats import Format, format_of
from ..arithmetic.namespaces import namespace, where
from ..arithmetic.noise import DRAWS, underflow

FALSE_ALARM = 1e-9  # per case, of a correct implementation that rounds as the model does


def lost(target: Format, leaves: Sequence):
    """What another order of the same products may lose to underflow.

    What is flushed there may have been multiplied by the largest of the arguments; by more than
    1 / sqrt(u), and half of the digits would be gone before.
    """
    xp = namespace(*leaves)
    sizes = [xp.max(abs(x), initial=1.0) for x in leaves if x.dtype.kind == "f"]
    largest = xp.max(xp.stack(sizes)) if sizes else 1.0
    return underflow(target) * xp.minimum(largest, target.unit**-0.5)


def is_sharp(value, error, dtype: str):
    """Whether the bound leaves two thirds of the digits; of a leaf of zeros, whether it is 0."""
    xp = namespace(value, error)
    finite = xp.isfinite(value)
    scale = root_mean_square(value, finite)
    return xp.all(finite) & xp.all(error <= format_of(dtype).unit ** (2 / 3) * scale)


def allowances(sigmas: list, errors: list, least) -> list:
    """K sigma for every leaf, and no less than `least`, what underflow takes."""
    entries = sum(sigma.size for sigma in sigmas)
    pairs = zip(sigmas, errors, strict=True)
    return [namespace(s, e).maximum(allowance(s, e, entries), least) for s, e in pairs]


def allowance(sigma, bound, entries: int):
    """K sigma, with no sigma smaller than its neighbours say."""
    if not sigma.size:
        return sigma
    from scipy.special import stdtrit  # here: importing SciPy takes as long as a verdict

    quantile = -stdtrit(DRAWS * sigma.size, FALSE_ALARM / (2 * entries))
    return quantile * namespace(sigma, bound).maximum(sigma, least(sigma, bound))


def least(sigma, bound):
    """What the rest of the leaf says of an entry's sigma."""
    xp = namespace(sigma, bound)
    finite = xp.isfinite(sigma)
    usual = root_mean_square(sigma, finite)
    bounded = xp.isfinite(bound)
    known = finite & bounded & (bound > 0.0)
    total = lambda x: where(known, x, 0.0).sum()
    scale = total(sigma) / where(total(bound) > 0.0, total(bound), 1.0)
    said = where(bounded, scale * where(bounded, bound, 0.0), usual)
    return where(known.any(), xp.minimum(said, usual), where(bound > 0.0, usual, 0.0))


def root_mean_square(x, among):
    """The root mean square of the chosen entries; squares of small numbers are not 0 here."""
    xp = namespace(x)
    size = where(among, abs(x), 0.0)
    largest = xp.max(size, initial=0.0)
    scale = where(largest > 0.0, largest, 1.0)
    return scale * xp.sqrt(((size / scale) ** 2).sum() / xp.maximum(among.sum(), 1))


def root_of_squares(deviations, axis: int = 0):
    """sqrt of the sum of squares along an axis."""
    xp = namespace(deviations)
    scale = xp.max(abs(deviations), axis=axis, keepdims=True, initial=0.0)
    scale = where((scale > 0.0) & (scale < np.inf), scale, 1.0)
    return (scale * xp.sqrt(((deviations / scale) ** 2).sum(axis, keepdims=True))).squeeze(axis)
