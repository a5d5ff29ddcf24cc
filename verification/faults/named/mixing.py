"""Mistakes of layers that mix rows, draws or derivatives: class, and where people meet them."""

from .named import Named

NAMED: dict[str, Named] = {
    "half forgotten": Named("factor", "e^(v/2) has the slope 1/2 e^(v/2); the 1/2 is lost."),
    "variance for the deviation of a draw": Named(
        "wrong variable", "e^v where e^(v/2) belongs: sigma^2 for sigma in a variational network."
    ),
    "noise forgotten": Named("missing term", "The slope in the log variance without the noise."),
    "shares not transposed": Named(
        "transpose", "S for S' on the way back: unseen while the graph is undirected."
    ),
    "neighbors forgotten": Named("missing term", "dx = dy w': the way back does not mix rows."),
    "rows before they were mixed": Named(
        "wrong variable", "dw = x' dy for (S x)' dy: the wrong saved tensor."
    ),
    "last step only": Named(
        "missing term", "The gradient of one more step, for that of where all steps end."
    ),
    "slope of the last step only": Named(
        "missing term", "The slope s left out of the steps back, but for the last."
    ),
    "slopes taken as constant": Named(
        "missing term", "Derivatives in a loss held constant: detach() on u' and u''."
    ),
    "square's slope without its 2": Named("factor", "The slope of z'^2 as z'."),
}
