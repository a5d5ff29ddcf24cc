"""What all losses ask of their arguments: shapes that are the same."""

from jaxtyping import Array, Float, Shaped

Scalar = Float[Array, ""]


def same_shape(loss: str, **arrays: Shaped[Array, "..."]) -> None:
    """Raises ValueError with both names where two shapes differ."""
    (first, a), (second, b) = arrays.items()
    if a.shape != b.shape:
        raise ValueError(
            f"{loss}: {first} has shape {a.shape} and {second} {b.shape}; "
            "they must be the same, reshape one of them"
        )
