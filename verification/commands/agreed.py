"""Which options of `refnet validate` go together: what contradicts another, what is missing."""

from .mistakes import Mistake


def agree(given: dict[str, str]) -> None:
    """Raises a Mistake for an option that contradicts another, or that is missing."""
    by = next((option for option in ("--update", "--against") if option in given), "")
    if "--process" in given:
        of_mine = not by and not OF_A_FUNCTION.isdisjoint(given)
        apart: tuple[str, ...] = ("FILE.py:GRADIENT", *(KINDS if of_mine else OF_NO_FUNCTION))
        wanted = ("--of", "--args") if of_mine else ("--against",)
        head = f"--process is {given['--process']!r}"
    elif "FILE.py:GRADIENT" in given:
        of_itself = "--args" in given and "--samples" not in given  # it is looked at later
        apart = (*OF_PROCESSES, "--signature")
        wanted = () if of_itself else ("--of", "--args")
        what = "rule" if by == "--update" else "gradient"
        head = f"the {what} is {given['FILE.py:GRADIENT']!r}"
    else:
        raise Mistake("there is nothing to judge; give FILE.py:GRADIENT, or --process COMMAND")
    if by:
        head, wanted = f"{head} and {by} {given[by]!r}", ()
        apart += ("--of", "--args", "--signature")
    if by == "--update":
        apart += ("--against", "--argnums", *OF_DRAWS)
        apart = tuple(one for one in apart if one != "--kwargs")  # its hyperparameters
        apart += ("--seconds",) if "FILE.py:GRADIENT" in given else ()
    else:
        apart += OF_RULES
    if "--seconds" in given:  # it is asked in a process of its own
        apart, head = (*apart, "--resume"), f"{head} and --seconds {given['--seconds']}"
    for option, others in OF_KINDS.items():
        if option in given:
            value = f" {given[option]}" if option != "--forward" else ""
            apart, head = (*apart, *others), f"{head} and {option}{value}"
    for option in apart:
        if option in given:
            raise Mistake(f"{option} is {given[option]!r}, but {head}; leave one of the two out")
    for option in wanted:
        if option not in given:
            raise Mistake(f"{head}, but {option} is missing; {MISSING[option]}")


BACKWARDS = ("--kwargs", "--seconds", "--order", "--under", "--meant")
OF_KINDS = {  # what a kind of derivative has no use for
    "--forward": (*BACKWARDS, "--samples"),
    "--samples": (*BACKWARDS, "--against", "--allow", "--vary", "--edges"),
}
OF_DRAWS = ("--allow", "--vary", "--edges", "--resume", *BACKWARDS[2:], "--kwargs", *OF_KINDS)
OF_PROCESSES = ("--start", "--memory", "--output", "--failures")
OF_RULES = ("--steps", "--params")
KINDS = (*BACKWARDS[2:], *OF_KINDS)
OF_A_FUNCTION = {"--of", "--args", "--signature"}
OF_NO_FUNCTION = ("--of", "--args", "--argnums", *OF_DRAWS)
MISSING = {
    "--of": "give the function whose gradient it is: --of FILE.py:LOSS",
    "--args": "say where to look: --args FILE.py:SAMPLE, a function of a NumPy random generator",
    "--against": "give the name of a derivation, such as --against mse (see `refnet list`), "
    "or of an update rule, --update adam; or --of and --args, a function of your own",
}
