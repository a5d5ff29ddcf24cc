"""GradBench's hand tracking: a skeleton posed by angles, skinned, and held against points.

theta: rotation 3, translation 3, then four angles to each of five fingers
us:    where a point lies in its triangle, 2 to each point
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

BONES, FINGERS, JOINTS = 22, 5, 3  # two bones before the fingers, which have four bones each
PARENTS = [-1, 0] + [0 if k % 4 == 0 else k + 1 for k in range(4 * FINGERS)]


def made(points: int = 2, vertices: int = 5) -> dict[str, Any]:
    """A small hand, the same every time, as GradBench writes one."""
    rng = np.random.default_rng(7)
    relatives = np.tile(np.eye(4), (BONES, 1, 1))
    relatives[:, :3] += rng.normal(size=(BONES, 3, 4)) / 8
    inverses = np.tile(np.eye(4), (BONES, 1, 1))
    inverses[:, :3] += rng.normal(size=(BONES, 3, 4)) / 8
    weights = rng.random((vertices, BONES))
    model = {
        "bone_count": BONES,
        "bone_names": [f"bone{k}" for k in range(BONES)],
        "parents": PARENTS,
        "base_relatives": relatives.tolist(),
        "inverse_base_absolutes": inverses.tolist(),
        "base_positions": np.c_[rng.normal(size=(vertices, 3)), np.ones(vertices)].tolist(),
        "weights": (weights / weights.sum(1, keepdims=True)).tolist(),
        "triangles": [[0, 1, 2], [2, 3, 4], [1, 3, 4]],
        "is_mirrored": True,
    }
    return {
        "model": model,
        "correspondences": [2, 0][:points],
        "points": rng.normal(size=(points, 3)).tolist(),
    }


DATA = made()


def turned(x, y, z):
    """The rotation about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = map(jnp.cos, (x, y, z)), map(jnp.sin, (x, y, z))
    return jnp.stack(
        [
            jnp.stack([cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx]),
            jnp.stack([sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx]),
            jnp.stack([-sy, cy * sx, cy * cx]),
        ]
    )


def about(rotation):
    """The rotation by |rotation| about it: cos I + (1 - cos) n n^T + sin [n]."""
    angle = jnp.sqrt(jnp.sum(rotation**2))
    x, y, z = axis = rotation / angle
    zero = jnp.zeros_like(x)
    cross = jnp.stack([jnp.stack(row) for row in ((zero, -z, y), (z, zero, -x), (-y, x, zero))])
    outer = axis[:, None] * axis[None]
    identity = jnp.eye(3, dtype=rotation.dtype)
    return jnp.cos(angle) * identity + (1 - jnp.cos(angle)) * outer + jnp.sin(angle) * cross


def vertices(theta):
    """Where the vertices of the hand are: each a mean over bones of where they carry it."""
    model = DATA["model"]
    relatives = np.array(model["base_relatives"])
    posed: list[Any] = [relatives[k] for k in range(BONES)]
    for finger in range(FINGERS):
        bend, spread, *others = theta[6 + 4 * finger : 10 + 4 * finger]
        angles = [(bend, spread), *((x, jnp.zeros_like(x)) for x in others)]
        for joint, (x, z) in enumerate(angles):
            bone = 2 + 4 * finger + joint
            turn = jnp.eye(4, dtype=theta.dtype).at[:3, :3].set(turned(x, jnp.zeros_like(x), z))
            posed[bone] = relatives[bone] @ turn
    absolute: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        absolute.append(posed[bone] if parent < 0 else absolute[parent] @ posed[bone])
    inverses = np.array(model["inverse_base_absolutes"])
    carried = jnp.stack([jnp.asarray(a) for a in absolute]) @ inverses
    placed = jnp.einsum("bij,vj->bvi", carried[:, :3], np.array(model["base_positions"]))
    skinned = jnp.einsum("bvi,vb->vi", placed, np.array(model["weights"]))
    if model["is_mirrored"]:
        skinned = skinned * np.array([[-1.0, 1.0, 1.0]])
    return skinned @ about(theta[:3]).T + theta[None, 3:6]


def errors(theta, us):
    """points - (u v1 + v v2 + (1 - u - v) v3), 3 to each point, in one row."""
    corners = np.array(DATA["model"]["triangles"])[DATA["correspondences"]]
    v1, v2, v3 = (vertices(theta)[corners[:, k]] for k in range(3))
    u, v = us[:, :1], us[:, 1:]
    return (np.array(DATA["points"]) - (u * v1 + v * v2 + (1 - u - v) * v3)).ravel()


def sample(rng: np.random.Generator) -> tuple:
    return rng.normal(size=26) / 2, rng.random((len(DATA["correspondences"]), 2)) / 2
