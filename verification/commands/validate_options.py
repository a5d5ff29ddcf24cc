"""The options of `refnet validate`: a name, a type and a sentence each."""

from pathlib import Path
from typing import Annotated

import typer

GRADIENT = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE.py:GRADIENT]",
        help="The gradient to judge; with --update, the update rule. Also package.module:GRADIENT.",
    ),
]
OF = Annotated[
    str | None,
    typer.Option(
        help="FILE.py:LOSS, the function whose gradient it is. A custom_vjp, custom_jvp or "
        "autograd.Function needs none: it is its own forward pass.",
        metavar="LOSS",
    ),
]
ARGS = Annotated[
    str | None,
    typer.Option(
        help="FILE.py:SAMPLE, a function of a NumPy random generator that returns the arguments."
    ),
]
ARGNUMS = Annotated[
    str | None,
    typer.Option(
        help="The arguments differentiated by: 0 or w, or several as 0,1 or w,b. Default: 0; "
        "with --forward, all."
    ),
]
DTYPE = Annotated[
    list[str] | None,
    typer.Option(
        help="float64, float32, float16, bfloat16, bfloat16_float32 or float16_float32; "
        "may be repeated. Default: float64."
    ),
]
CASES = Annotated[
    int | None,
    typer.Option(help="How many cases are drawn. Default: 16; with --samples, 2."),
]
SEED = Annotated[int, typer.Option(help="Seed of the cases.")]
ALLOW = Annotated[
    list[str] | None,
    typer.Option(
        help="Accept this convention: sum, mean, half, double, negative, ...; may be repeated."
    ),
]
VARY = Annotated[
    list[str] | None,
    typer.Option(
        help="An argument, by number or name, whose integers and numbers get edges, too; "
        "may be repeated."
    ),
]
EDGES = Annotated[
    str,
    typer.Option(help="Where edges decide: judge (near and far), near, note (nowhere) or none."),
]
KWARGS = Annotated[
    str | None,
    typer.Option(
        help='Keyword arguments as JSON, such as {"rate": 0.5}; they stay fixed. Of an update '
        "rule: its hyperparameters."
    ),
]
RESUME = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER",
        help="Truth and budget of what is large are kept there, and not found again.",
    ),
]
SIGNATURE = Annotated[
    str | None,
    typer.Option(
        help="With --process and --of: how the program names the arguments, a file of JSON or "
        'JSON itself, such as {"output": "bare"}.',
        metavar="FILE.json|JSON",
    ),
]
HTML = Annotated[
    Path | None, typer.Option(help="Write the finding to this file as a page of HTML.")
]
JSON = Annotated[Path | None, typer.Option(help="Write the finding to this file as JSON.")]
JUNIT = Annotated[Path | None, typer.Option(help="Write the finding to this file as JUnit XML.")]
SARIF = Annotated[Path | None, typer.Option(help="Write the finding to this file as SARIF 2.1.0.")]
AGAINST = Annotated[
    str | None,
    typer.Option(help="The name of one of our derivations, instead of --of and --args."),
]
UPDATE = Annotated[
    str | None,
    typer.Option(
        help="The update rule that it should be, such as adam (see `refnet list updates`).",
        metavar="NAME",
    ),
]
ORDER = Annotated[
    int, typer.Option(help="2 or 3: judge the second or third derivative.", metavar="1|2|3")
]
UNDER = Annotated[
    list[str] | None,
    typer.Option(
        help="Judge it under this transformation, too: vmap, jit, remat, scan or linearize; "
        "may be repeated."
    ),
]
MEANT = Annotated[
    str | None,
    typer.Option(
        help="The derivative that is meant: straight-through, reversed, stopped, or "
        "FILE.py:SURROGATE, a function whose derivative it is.",
        metavar="NAME|SURROGATE",
    ),
]
FORWARD = Annotated[
    bool,
    typer.Option("--forward", help="It is a tangent rule: jvp(*args, *tangents), or a custom_jvp."),
]
SAMPLES = Annotated[
    int | None,
    typer.Option(
        help="It is random, with a parameter key, rng or seed, and right on average: draw at most "
        "so many answers at each case."
    ),
]
BIAS = Annotated[
    float | None,
    typer.Option(help="With --samples: the smallest bias to be seen, in RMS. Default: 0.01."),
]
ERROR = Annotated[
    float | None,
    typer.Option(help="With --samples: the chance of a wrong verdict. Default: 1e-6."),
]
PROCESS = Annotated[
    str | None,
    typer.Option(help="A program that answers over stdin and stdout, as docs/protocol.md says."),
]
STEPS = Annotated[
    int | None, typer.Option(help="With --update: the steps of each case. Default: 16.")
]
PARAMS = Annotated[
    str | None,
    typer.Option(
        help="With --update: the shapes of the parameters, as JSON, such as "
        '{"w": [3, 2], "b": [2]}.'
    ),
]
SECONDS = Annotated[
    float | None, typer.Option(help="Time limit of a gradient, or of --process, for one answer.")
]
START = Annotated[
    float | None, typer.Option(help="Time limit of --process to start, once. Default: 60.")
]
MEMORY = Annotated[float | None, typer.Option(help="Memory limit of --process, in bytes.")]
OUTPUT = Annotated[
    float | None, typer.Option(help="Size limit of one answer of --process, in bytes.")
]
FAILURES = Annotated[
    int | None,
    typer.Option(help="Failures of --process in a row, after which it is not asked. Default: 3."),
]
