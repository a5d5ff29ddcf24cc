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
RULES = {  # what JAX says of a rule of one's own -> what to do
    r"Custom VJP bwd rule.*container": "its backward rule must return a tuple with one gradient "
    "for each argument of the function, None where there is none",
    r"Custom VJP fwd rule.*must produce a pair": "its forward rule must return a pair: the value, "
    "and what the backward rule needs",
    r"No VJP defined for custom_vjp function (\w+)": r"it has no rule yet: call "
    r"\1.defvjp(forward, backward)",
    r"No JVP defined for custom_jvp function (\w+)": r"it has no rule yet: call \1.defjvp(rule)",
}
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
    for pattern, advice in RULES.items():
        if found := re.match(pattern, str(error), re.DOTALL):
            return f"{name}: {found.expand(advice)}"
    first = str(error).strip().split("\n\n")[0].split("\nThe error occurred")[0]
    said = TREE.sub(r"\1", TRACER.sub("a traced array", " ".join(first.split())))
    said = ADDRESS.sub("", said)
    return f"{name}: {said[:LONGEST]}" if said else name
