"""Convex hulls that are sums of simplices: whether an answer is a mixture of one-sided gradients.

A point of the hull is sum over blocks b, sum over columns j of b, of w_j column_j, with weights
w_j >= 0 that are 1 in all for each block.  A block is a tie, or several that hang together.
"""

import numpy as np

SOLVED = 1e-10  # the feasibility that is asked of the solver, relative to the largest entry


def excess(
    columns: np.ndarray, blocks: np.ndarray, point: np.ndarray, room: np.ndarray, convex=True
):
    """How far each entry is from the nearest mixture (in sum) beyond its room.

    columns is (columns, entries).  With `convex` False weights may be negative: the affine hull.
    """
    moving = np.ptp(columns, axis=0) > 0.0 if len(columns) else np.zeros(len(point), bool)
    out = np.zeros(len(point))
    if moving.any():
        out[moving] = _excess(columns[:, moving], blocks, point[moving], room[moving], convex)
    return out


def _excess(columns, blocks, point, room, convex: bool) -> np.ndarray:
    """What is left over beside the room; the solver's own error is no excess."""
    scale = max(float(np.abs(columns).max()), float(np.abs(point).max()))
    solved = _solved(columns / scale, blocks, point / scale, room / scale, convex)
    count, n = columns.shape
    if solved.x is None:
        return np.zeros(n)
    off = np.abs(point - solved.x[:count] @ columns) - room
    return np.where(off > SOLVED * count * scale, off, 0.0)


def separation(columns: np.ndarray, point: np.ndarray, room: np.ndarray) -> np.ndarray | None:
    """A direction d with point . d - room . |d| > max of columns . d; None where there is none.

    There is one exactly where no mixture of the columns is within the room of the point.
    """
    scale = max(float(np.abs(columns).max()), float(np.abs(point).max())) or 1.0
    blocks, n = np.zeros(len(columns), int), len(point)
    solved = _solved(columns / scale, blocks, point / scale, room / scale, True)
    if solved.x is None:
        return None
    d = solved.ineqlin.marginals[:n] - solved.ineqlin.marginals[n:]
    gap = point @ d - room @ np.abs(d) - (columns @ d).max()
    return d if gap > SOLVED * len(columns) * scale * np.abs(d).sum() else None


def _solved(columns, blocks, point, room, convex: bool):
    """min sum of e with |point - w columns| <= room + e."""
    from scipy import sparse
    from scipy.optimize import linprog

    count, n = columns.shape
    each = np.unique(blocks)
    eye, mix = sparse.eye(n, format="csr"), sparse.csr_matrix(columns.T)
    sums = sparse.csr_matrix((each[:, None] == blocks).astype(float))
    above = sparse.vstack([sparse.hstack([mix, -eye]), sparse.hstack([-mix, -eye])])
    return linprog(
        np.concatenate([np.zeros(count), np.ones(n)]),
        A_ub=above,
        b_ub=np.concatenate([point + room, room - point]),
        A_eq=sparse.hstack([sums, sparse.csr_matrix((len(each), n))]),
        b_eq=np.ones(len(each)),
        bounds=[(0.0 if convex else None, None)] * count + [(0.0, None)] * n,
        method="highs",
        options={"primal_feasibility_tolerance": SOLVED},
    )
