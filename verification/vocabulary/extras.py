"""What the base installation leaves out: which extra brings a module, and the command to type."""

EXTRAS = {
    "sympy": "report",
    "matplotlib": "report",
    "sklearn": "report",
    "latex2mathml": "report",
    "jsonschema": "report",
    "orbax": "train",
    "safetensors": "train",
    "pyarrow": "train",
    "torch": "torch",
    "distributed": "cluster",
    "pycparser": "c",
}


def missing(error: BaseException) -> str:
    """ "matplotlib is not installed: pip install 'refnet[report]'"; empty for another error."""
    module = (getattr(error, "name", "") or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or module not in EXTRAS:
        return ""
    return f"{module} is not installed: pip install 'refnet[{EXTRAS[module]}]'"
