"""The named operations that update rules are made of; whoever mistakes one mistakes it everywhere.

The numbers handed in bring operators and sqrt, absolute, sign, larger, power, exceeds, ratio,
cosine, mix, piled, shrunk, leaf_sum, axis_sum, matrices, total; either: a number beside another
way to compute it; kept and written: a memory and the parameters at the end of a step.
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

    def bounded(self, u, threshold):
        """u / max(1, rms u / threshold)."""
        return u / self.n.larger(self.rms(u) / threshold, u * 0 + 1)
