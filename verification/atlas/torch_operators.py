"""PyTorch's own database of operators: each differentiable one at its first small samples.

An operator is a function of the tensors that its sample has gradients for; points are drawn around
the sample, so that they stay in the operator's domain.  It wants `expecttest`, which PyTorch's
testing needs.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..adapters.torch_programs import Program
from .families import Kind
from .found import Found

ENTRIES, SAMPLES = 64, 3
NEAR = 2.0**-4
SEED = 0
NONE = f"it has no sample of at most {ENTRIES} real entries"


class Sampled(NamedTuple):
    """An operator as a function of tensors, at one of its samples."""

    name: str
    of: Callable
    point: tuple[np.ndarray, ...]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return tuple(Kind(str(x.shape).replace(" ", ""), lambda rng: rng) for x in self.point)

    @property
    def argnums(self) -> tuple[int, ...]:
        return tuple(k for k, x in enumerate(self.point) if x.size)

    @property
    def derivative(self) -> Callable:
        """Its own, by autograd."""
        return self.of

    def sample(self, rng: np.random.Generator) -> tuple:
        return tuple(x * (1.0 + NEAR * rng.uniform(-1.0, 1.0, x.shape)) for x in self.point)


def functions() -> Iterator[Found]:
    """All of them at their first sample, then at their second one, and so on."""
    import torch  # pyright: ignore[reportMissingImports]

    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every = [(name, taken(torch, op)) for name, op in operators(torch)]
    for turn in range(SAMPLES):
        for name, (samples, said) in every:
            if turn < max(len(samples), 1):
                key = f"torch.{name}/{turn}"
                yield Found(key, samples[turn]._replace(name=key) if samples else said)


def every_suited(found: Found) -> Iterator[Any]:
    """The sample, or why there is none: other samples are functions of their own."""
    yield found.function


def operators(torch: Any) -> Iterator[tuple[str, Any]]:
    """The differentiable ones, by name."""
    from torch.testing._internal.common_methods_invocations import (  # pyright: ignore[reportMissingImports]
        op_db,
    )

    for op in op_db:
        if op.supports_autograd and torch.float64 in op.supported_dtypes("cpu"):
            yield op.name + (f":{op.variant_test_name}" if op.variant_test_name else ""), op


def taken(torch: Any, op: Any) -> tuple[list[Sampled], str]:
    """The first small samples; what PyTorch's own testing raises is why there is none."""
    torch.manual_seed(SEED)
    try:
        return list(samples(torch, op)), NONE
    except Exception as error:  # of PyTorch's testing, such as a package that is missing
        return [], f"{type(error).__name__}: {error}".partition("\n")[0]


def samples(torch: Any, op: Any) -> Iterator[Sampled]:
    tree, count = torch.utils._pytree, 0
    is_tensor = lambda x: isinstance(x, torch.Tensor)
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=True):
        flat, spec = tree.tree_flatten((sample.input, sample.args, sample.kwargs))
        tensors = [x for x in flat if is_tensor(x)]
        strange = any(x.is_complex() or x.layout != torch.strided for x in tensors)
        moving = [k for k, x in enumerate(flat) if is_tensor(x) and x.requires_grad]
        flat = [short(x.detach()) if is_tensor(x) else x for x in flat]
        strange = strange or any(bool(flat[k].isnan().any()) for k in moving)
        is_small = sum(x.numel() for x in tensors) <= ENTRIES
        if strange or not is_small or not any(flat[k].numel() for k in moving):
            continue
        whole = called(tree, op, sample, flat, spec, moving)
        point = [flat[k].clone() for k in moving]
        if (chosen := with_slopes(torch, whole, point)) is None:
            continue
        of = lambda *leaves, f=whole, ks=chosen: [tree.tree_leaves(f(*leaves))[k] for k in ks]
        of.__name__ = op.name
        yield Sampled(op.name, Program(of, of), tuple(x.detach().numpy() for x in point))
        if (count := count + 1) == SAMPLES:
            return


def short(x: Any) -> Any:
    """Numbers that float32 holds as well: what is not moved is the same in each dtype."""
    return x.float().double() if x.is_floating_point() else x


def with_slopes(torch: Any, of: Callable, point: list) -> list[int] | None:
    """Which of its results have a slope, as gradcheck has it; None where they are no numbers."""
    try:
        found = torch.utils._pytree.tree_leaves(of(*(x.requires_grad_() for x in point)))
    except Exception:  # a view of what is not there any more, or an error that is meant
        return None
    chosen = [k for k, x in enumerate(found) if isinstance(x, torch.Tensor) and x.requires_grad]
    is_known = all(not bool(found[k].isnan().any()) for k in chosen)
    return chosen if chosen and is_known else None


def called(
    tree: Any, op: Any, sample: Any, constants: list, spec: Any, moving: list[int]
) -> Callable:
    is_float = lambda x: hasattr(x, "is_floating_point") and x.is_floating_point()

    def of(*leaves):
        dtype = next(x.dtype for x in leaves if is_float(x))
        flat = [x.to(dtype) if is_float(x) else x for x in constants]
        whole = dict(enumerate(flat)) | dict(zip(moving, leaves, strict=True))
        first, args, kwargs = tree.tree_unflatten([whole[k] for k in range(len(flat))], spec)
        out = op.gradcheck_wrapper(op.get_op(), first, *args, **kwargs)
        return sample.output_process_fn_grad(out)

    of.__name__ = op.name
    return of
