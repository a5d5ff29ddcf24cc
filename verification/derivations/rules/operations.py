"""The named operations that update rules are made of; whoever mistakes one mistakes it everywhere.

The numbers handed in bring operators and sqrt, absolute, sign, larger, power, exceeds, ratio,
cosine, mix, piled, shrunk, leaf_sum, leaf_largest, axis_sum, matrices, newton_schulz, finite,
total, largest; of square matrices beside a matrix of weights eye, gram, times, inverse_root;
either: a number beside another way to compute it; kept and written: a memory and the parameters at
the end of a step.
"""

from typing import Any


class Operations:
    """One mathematical operation, one line.  A fault is a subclass with another line."""

    def __init__(self, numbers: Any):
        self.n = numbers

    def square(self, g):
        return g * g

    def mean(self, beta, old, g):
        """beta old + (1 - beta) g."""
        return self.n.mix(beta, old, g)

    def mean_square(self, beta, old, g):
        """beta old + (1 - beta) g^2."""
        return self.n.mix(beta, old, self.square(g))

    def unbiased(self, m, beta, t):
        """m / (1 - beta^t)."""
        return m / (1 - beta**t)

    def unbiased_square(self, v, beta, t):
        """v / (1 - beta^t)."""
        return v / (1 - beta**t)

    def slow(self, n, beta, t):
        """A mean that is not corrected for its start at 0."""
        return n

    def outside(self, v, eps):
        """sqrt v + eps."""
        return self.n.sqrt(v) + eps

    def inside(self, v, eps):
        """sqrt(v + eps)."""
        return self.n.sqrt(v + eps)

    def velocity(self, decay, v, g):
        """decay v + g."""
        return decay * v + g

    def added(self, s, g, t):
        """s + g^2; t is there for who would take the mean."""
        return s + self.square(g)

    def sign(self, x):
        return self.n.sign(x)

    def deviation(self, g, m, old):
        """g - m, with the new mean."""
        return g - m

    def turned(self, v, square):
        """The sign of v - g^2: whether v is to fall."""
        return self.sign(v - square)

    def tractable(self, rho, least):
        return self.n.exceeds(rho, least)

    def forgetting(self, beta, t):
        """2 t beta^t / (1 - beta^t)."""
        return 2 * t * beta**t / (1 - beta**t)

    def rectification(self, rho, last):
        """sqrt((rho - 4) (rho - 2) last / ((last - 4) (last - 2) rho))."""
        return self.n.sqrt((rho - 4) * (rho - 2) * last / ((last - 4) * (last - 2) * rho))

    def ratio(self, above, below):
        """above / below, or 1 where either is 0."""
        return self.n.ratio(above, below)

    def with_decay(self, g, w, by):
        """|g| + by |w|, by leaf."""
        return self.norm(g) + by * self.norm(w)

    def maximum(self, x, y):
        return self.n.larger(x, y)

    def norm(self, x):
        """The Euclidean norm of each leaf, at every entry of it."""
        return self.n.sqrt(self.n.leaf_sum(x * x))

    def global_norm(self, x):
        """The Euclidean norm of all leaves together."""
        return self.n.sqrt(self.n.total(x * x))

    def decayed(self, w, by):
        """w - by w."""
        return self.n.shrunk(w, by)

    def vanishing(self, rate, t):
        """1 - t^-rate: nothing of the past at the first step."""
        n = self.n
        return n.scalar(0.0) if t == 1 else 1 - n.power(n.scalar(float(t)), -rate)

    def row_mean(self, x):
        """The mean of each row of a matrix, at every entry of it; other leaves as they are."""
        return self.n.axis_sum(x, -1) / self.n.axis_sum(x * 0 + 1, -1)

    def column_mean(self, x):
        return self.n.axis_sum(x, -2) / self.n.axis_sum(x * 0 + 1, -2)

    def factored(self, rows, columns, least=None):
        """R C / mean R of matrices; R of other leaves."""
        whole = self.leaf_mean(rows)
        if least is not None:
            whole = self.n.larger(whole, rows * 0 + least)
        return rows * self.n.matrices(columns / whole)

    def leaf_mean(self, x):
        return self.n.leaf_sum(x) / self.n.leaf_sum(x * 0 + 1)

    def rms(self, x):
        """The root mean square of each leaf, at every entry of it."""
        return self.n.sqrt(self.leaf_mean(x * x))

    def scale_of(self, w, least):
        """max(least, rms w)."""
        return self.n.larger(self.rms(w), w * 0 + least)

    def column_norm(self, x):
        """The norm of each column of a matrix, at every entry of it; of other leaves the norm."""
        return self.n.sqrt(self.n.matrices(self.n.axis_sum(x * x, -2), self.n.leaf_sum(x * x)))

    def row_norm(self, x):
        """The norm of each row of a matrix, at every entry of it; of other leaves the norm."""
        return self.n.sqrt(self.n.matrices(self.n.axis_sum(x * x, -1), self.n.leaf_sum(x * x)))

    def agreeing(self, step, g):
        """1 where the step and the gradient have one sign, else 0."""
        return self.n.larger(self.n.sign(step) * self.n.sign(g), g * 0)

    def ahead(self, beta, m, g):
        """beta m + (1 - beta) g, with the new m."""
        return self.n.mix(beta, m, g)

    def rows_over_columns(self, x):
        """How many rows a matrix has for each column, at every entry of it."""
        one = x * 0 + 1
        return self.n.axis_sum(one, -2) / self.n.axis_sum(one, -1)

    def tall(self, x):
        """sqrt(max(1, rows / columns))."""
        return self.n.sqrt(self.n.larger(self.rows_over_columns(x), x * 0 + 1))

    def wide(self, x):
        """sqrt(max(1, columns / rows))."""
        return self.n.sqrt(self.n.larger(1 / self.rows_over_columns(x), x * 0 + 1))

    def longest(self, x):
        """0.2 sqrt(max(rows, columns))."""
        one = x * 0 + 1
        sides = self.n.axis_sum(one, -2), self.n.axis_sum(one, -1)
        return self.n.scalar(0.2) * self.n.sqrt(self.n.larger(*sides))

    def gram(self, x, axis):
        """x x^T of each leaf for axis -2, x^T x for -1."""
        return self.n.gram(x, axis)

    def gathered(self, squares, new):
        """squares + new."""
        return squares + new

    def ridged(self, squares, eps, axis):
        """squares + eps I."""
        return squares + eps * self.n.eye(axis)

    def from_left(self, x, squares, eps, p):
        """(squares + eps I)^(-1/p) x."""
        return self.n.times(self.n.inverse_root(self.ridged(squares, eps, -2), p, -2), x, -2)

    def from_right(self, x, squares, eps, p):
        """x (squares + eps I)^(-1/p)."""
        return self.n.times(self.n.inverse_root(self.ridged(squares, eps, -1), p, -1), x, -1)

    def basis(self, squares, axis):
        """The eigenvectors of each matrix as columns, by rising eigenvalue."""
        return self.n.basis(squares, axis)

    def into(self, x, left, right):
        """P^T x Q; no Q is the identity."""
        x = self.n.times(self.n.transposed(left, -2), x, -2)
        return x if right is None else self.n.times(right, x, -1)

    def back(self, x, left, right):
        """P x Q^T."""
        x = self.n.times(left, x, -2)
        return x if right is None else self.n.times(self.n.transposed(right, -1), x, -1)

    def finite(self, g):
        """Whether every entry is a number."""
        return self.n.finite(g)

    def unscaled(self, g, scale):
        return g / scale

    def grown(self, scale):
        return scale * 2

    def backed_off(self, scale):
        return scale / 2

    def shortened(self, g, most):
        """g min(1, most / (|g| + 1e-6)), |g| the norm of all leaves together."""
        factor = most / (self.global_norm(g) + self.n.scalar(1e-6))
        return g * -self.n.larger(-factor, self.n.scalar(-1.0))

    def bounded(self, u, threshold):
        """u / max(1, rms u / threshold)."""
        return u / self.n.larger(self.rms(u) / threshold, u * 0 + 1)
