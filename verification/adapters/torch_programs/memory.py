"""What a tensor holds while a program is traced: a JAX value, by views and writes in place.

Tensors of one storage see each other's writes.  Until something is written each has its own value;
from then on the storage is one flat array, and each tensor reads its entries there.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np


class NotTraced(Exception):
    """The program does what a graph of arrays cannot say; the message says what."""


class Own(NamedTuple):
    """The value of a tensor, as it was when its storage had been written `version` times."""

    tensor: Any  # kept, so that no other has its identity
    value: Any
    version: int


class Memory:
    """The values of tensors, and the storages that were written to."""

    def __init__(self):
        self.own: dict[int, Own] = {}  # by the identity of the tensor
        self.first: dict[int, Any] = {}  # storage -> the tensor that was made with it
        self.flat: dict[int, Any] = {}  # storage -> all its entries, once something was written
        self.versions: dict[int, int] = {}

    def put(self, tensor: Any, value: Any) -> None:
        """A tensor that is new."""
        key = storage_of(tensor)
        self.first.setdefault(key, tensor)
        self.own[id(tensor)] = Own(tensor, value, self.versions.get(key, 0))

    def has(self, tensor: Any) -> bool:
        return id(tensor) in self.own

    def get(self, tensor: Any) -> Any:
        """The value of a tensor now."""
        own, key = self.own[id(tensor)], storage_of(tensor)
        if own.version == self.versions.get(key, 0):
            return own.value
        value = self.flat[key][entries(tensor).ravel()].reshape(tuple(tensor.shape))
        self.own[id(tensor)] = Own(tensor, value, self.versions[key])
        return value

    def write(self, tensor: Any, value: Any) -> None:
        """tensor.copy_(value), seen by every view.  Raises NotTraced where it is seen as bits."""
        key = storage_of(tensor)
        whole = self.whole(tensor)
        places = entries(tensor)
        if places.size == whole.size and is_in_order(places):
            self.flat[key] = value.reshape(-1)
        else:
            self.flat[key] = put(whole, places.ravel(), value.reshape(-1))
        self.versions[key] = self.versions.get(key, 0) + 1
        self.own[id(tensor)] = Own(tensor, value, self.versions[key])

    def whole(self, tensor: Any) -> Any:
        """Every entry of the storage, in one row."""
        key = storage_of(tensor)
        if key in self.flat:
            return self.flat[key]
        owner = self.first[key]
        if owner.dtype != tensor.dtype:
            raise NotTraced("it writes numbers that it reads as those of another type")
        places, value = entries(owner), self.get(owner).reshape(-1)
        if places.size == count(owner) and is_in_order(places):
            return value
        return put(np.zeros(count(owner), value.dtype), places.ravel(), value)

    def behind(self, tensor: Any) -> Any:
        """What the storage has where the tensor lies, with the slopes of its first owner."""
        return self.whole(tensor)[entries(tensor).ravel()].reshape(tuple(tensor.shape))

    def strided(self, tensor: Any, like: Any) -> Any:
        """The value of `like`, a view of the storage of `tensor` by strides of its own."""
        return self.whole(tensor)[entries(like).ravel()].reshape(tuple(like.shape))

    def scattered(self, tensor: Any, source: Any, like: Any) -> Any:
        """The value of `tensor` where `like`, a view of its storage, has the numbers of source."""
        whole = put(self.whole(tensor), entries(like).ravel(), source.reshape(-1))
        return whole[entries(tensor).ravel()].reshape(tuple(tensor.shape))


def put(whole: Any, places: np.ndarray, values: Any) -> Any:
    """whole[places] = values, in another array; constants of the program stay NumPy's."""
    if not isinstance(whole, np.ndarray) or not isinstance(values, np.ndarray):
        return jnp.asarray(whole).at[places].set(values)
    whole = whole.copy()
    whole[places] = values
    return whole


def storage_of(tensor: Any) -> int:
    return tensor.untyped_storage()._cdata


def count(tensor: Any) -> int:
    """Entries of its storage."""
    return tensor.untyped_storage().nbytes() // tensor.element_size()


def entries(tensor: Any) -> np.ndarray:
    """Where in the storage its entries lie."""
    places = np.full(tuple(tensor.shape), tensor.storage_offset(), np.int64)
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        steps = stride * np.arange(size)
        places += steps.reshape([-1 if k == axis else 1 for k in range(places.ndim)])
    return places


def is_in_order(places: np.ndarray) -> bool:
    return bool((places.ravel() == np.arange(places.size)).all())
