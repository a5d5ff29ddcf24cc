"""An exception of somebody's code in one sentence: nothing of what runs it is shown."""

import re

TRACED = "inside what JAX traces"
KNOWN = {  # exception of JAX -> what was done, and what to do
    "TracerArrayConversionError": f"NumPy is called {TRACED}: write jax.numpy, or leave jit out",
    "TracerBoolConversionError": f"an `if` or `while` asks a number {TRACED}: write jnp.where",
    "TracerIntegerConversionError": f"a number {TRACED} is used as a Python integer",
    "ConcretizationTypeError": f"a Python number is wanted of an array {TRACED}",
    "NonConcreteBooleanIndexError": f"a boolean mask indexes {TRACED}: write jnp.where there",
    "UnexpectedTracerError": f"a number {TRACED} was kept and used after it",
    "KeyReuseError": "a random key is used twice",
}
OVERDUE = "Overdue"  # adapters/time_limit.py
TREE = re.compile(r"PyTreeDef\(((?:[^()]|\([^()]*\))*)\)")
TRACER = re.compile(
    r"(?:\w*Traced<[^>]*>(?:with<[^>]*>(?:\([^)]*\))?)?|\w*Tracer<[^>]*>|\w*Tracer\b)"
)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
CALLED = re.compile(r"Expected a callable value, got")  # of JAX's transformations
CALLED_FIRST = "hand over what a transformation makes of a function, such as jax.grad(loss)"
LONGEST = 300  # characters


def kind_of(error: BaseException) -> str:
    """The name of the exception, or what was done where its name is one of the insides."""
    name = type(error).__name__
    return KNOWN.get(name, name)


def in_words(error: BaseException) -> str:
    """ "ValueError: shapes (3,) and (4,) not aligned"; the first paragraph of the message alone."""
    name = type(error).__name__
    if CALLED.match(str(error)):
        return f"{name}: it was called with arrays where a function was wanted; {CALLED_FIRST}"
    if name in KNOWN:
        return f"an error of JAX: {KNOWN[name]}"
    if name == OVERDUE:
        return f"TimeoutError: {error}"
    first = str(error).strip().split("\n\n")[0].split("\nThe error occurred")[0]
    said = TREE.sub(r"\1", TRACER.sub("a traced array", " ".join(first.split())))
    said = ADDRESS.sub("", said)
    return f"{name}: {said[:LONGEST]}" if said else name
