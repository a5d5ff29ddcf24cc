"""Numbers as a person reads them: rounded to the digits that matter, and no further."""

import math

FEWEST, MOST = 4, 17


def rounded(got: float, expected: float) -> tuple[str, str]:
    """Both, to two digits more than tell them apart: 22.41, 2.802; 1.0000012, 1.0000000."""
    size, off = max(abs(got), abs(expected)), abs(got - expected)
    if not (math.isfinite(size) and off > 0.0):
        return f"{got:.{FEWEST}g}", f"{expected:.{FEWEST}g}"
    wanted = min(max(math.ceil(math.log10(size / off)) + 2, FEWEST), MOST)
    return f"{got:.{wanted}g}", f"{expected:.{wanted}g}"


def short(value: float) -> str:
    """Two digits of a size: 2.1e-15, 0.25, 8."""
    return f"{value:.2g}"
