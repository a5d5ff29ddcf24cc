"""Programs that do not answer as they should, each with what is to be said of it."""

import sys
from typing import NamedTuple

PROPER = """
import json, os, sys, time
def say(text):
    sys.stdout.write(text); sys.stdout.flush()
def give(output, **more):
    say(json.dumps({"id": i, "success": True, "output": output, **more}) + "\\n")
for line in sys.stdin:
    m = json.loads(line); i = m["id"]
    if m["kind"] != "evaluate":
        say(json.dumps({"id": i, "success": True}) + "\\n"); continue
    x = m["input"]["x"]; n = len(x)
    right = {"params": {"w": 0.0, "b": 0.0}, "x": [0.0] * n}
    text = json.dumps({"id": i, "success": True, "output": right})
"""
LEAVE = """
    child = "import time; time.sleep(90)"
    words = [sys.executable, "-I", "-S", "-c", child, os.environ["REFNET_TEST"]]
"""


class Hostile(NamedTuple):
    """What runs, what is said, and whether it takes its time until it is stopped."""

    program: str
    said: str
    slow: bool = False

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", self.program]


def at_start(program: str, said: str, slow: bool = False) -> Hostile:
    return Hostile("import os, sys, time\n" + program, said, slow)


def evaluating(body: str, said: str, slow: bool = False) -> Hostile:
    return Hostile(PROPER + "".join(f"    {line}\n" for line in body.split("\n")), said, slow)


def leaving(body: str, said: str, slow: bool = False) -> Hostile:
    return Hostile(PROPER + LEAVE + "".join(f"    {x}\n" for x in body.split("\n")), said, slow)


SLEEP = "gave no answer within"
FORK = """if os.fork() == 0:
    os.setsid()
    os.fork() or os.execv(words[0], words)
    os._exit(0)"""
HOSTILE = {
    "hangs at start": at_start("time.sleep(60)", f"start, it {SLEEP}", True),
    "exits at once": at_start("", "ended with exit status 0"),
    "answers before it is asked": at_start("print('{\"id\": 0}', flush=True); time.sleep(9)", "id"),
    "closes its stdout": at_start("os.close(1); time.sleep(60)", "closed its output", True),
    "closes its stdin": at_start("os.close(0); time.sleep(60)", SLEEP, True),
    "stops itself": at_start("os.kill(os.getpid(), 19)", SLEEP, True),
    "knows no module": Hostile(
        PROPER.replace('"success": True}', '"success": False}', 1), "not succ"
    ),
    "hangs": evaluating("time.sleep(60)", f"evaluate, it {SLEEP}", True),
    "hangs in the middle of a line": evaluating("say(text[:30]); time.sleep(60)", "it began", True),
    "ignores SIGTERM": evaluating(
        "import signal\nfor s in (1, 2, 3, 15): signal.signal(s, signal.SIG_IGN)\n"
        "while True: time.sleep(1)",
        SLEEP,
        True,
    ),
    "raises": evaluating("1 / 0", "exit status 1; its stderr ends: .*ZeroDivisionError"),
    "dies of a segfault": evaluating("os.kill(os.getpid(), 11)", "killed by SIGSEGV"),
    "ends without an answer": evaluating("sys.exit(7)", "exit status 7"),
    "is cut off": evaluating("say(text[:30]); os._exit(0)", "in the middle of a line"),
    "writes words": evaluating("say('hello\\n')", "JSON that is none"),
    "writes bytes": evaluating(
        "sys.stdout.buffer.write(bytes(range(128, 256)) + b'\\n'); sys.stdout.flush()", "not UTF-8"
    ),
    "writes an empty line": evaluating("say('\\n')", "an empty line"),
    "writes two values in a line": evaluating("say(text + text + '\\n')", "goes on after its end"),
    "writes a list": evaluating("say('[1]\\n')", "answered a list of 1, not an object"),
    "says nothing of an id": evaluating("say(text.replace('id', 'ID') + '\\n')", "without an id"),
    "answers another id": evaluating("i += 1\ngive(right)", "with the id"),
    "answers an id of another type": evaluating("i = str(i)\ngive(right)", "string .* for an id"),
    "answers an id that is no integer": evaluating(
        "i = i + 0.5\ngive(right)", "number .* for an id"
    ),
    "answers NaN": evaluating("right['params']['w'] = float('nan')\ngive(right)", "wrote NaN"),
    "answers Infinity": evaluating("right['x'][0] = float('inf')\ngive(right)", "wrote Infinity"),
    "answers -Infinity": evaluating("right['x'][0] = -float('inf')\ngive(right)", "wrote -Infin"),
    "answers 1e999": evaluating("say(text.replace('0.0', '1e999', 1) + '\\n')", "beyond float64"),
    "answers 10^9999": evaluating(
        "say(text.replace('0.0', '9' * 9999, 1) + '\\n')", "beyond float64"
    ),
    "answers twice": evaluating("say(text + '\\n' + text + '\\n')", "more than one line"),
    "answers without an end": evaluating(
        "while True: sys.stdout.write('7' * 65536)", "more than 1048576 bytes"
    ),
    "answers a million lists": evaluating("say('[' * 10**6 + '\\n')", "nested too deeply"),
    "says a thing twice": evaluating('say(\'{"id": 1, "id": 2}\\n\')', "the member 'id' twice"),
    "writes to stderr without an end": evaluating(
        "while True: os.write(2, b'no ' * 20000)", f"{SLEEP}.*stderr ends: .*no no", True
    ),
    "takes all the memory": evaluating("x = bytearray(2**33)", "MemoryError"),
    "takes all the memory with its children": leaving(
        "words[4] = 'x = bytearray(2**27)\\nfor k in range(0, 2**27, 4096): x[k] = 1\\n' + child\n"
        "for _ in range(5): os.fork() or os.execv(words[0], words)\ntime.sleep(60)",
        "more than 536870912 bytes of memory",
    ),
    "leaves a child behind": leaving(
        "os.fork() or os.execv(words[0], words)\nsys.exit(3)", "status 3"
    ),
    "leaves a grandchild in a session of its own": leaving(FORK + "\nsys.exit(3)", "status 3"),
    "leaves a grandchild without a name": leaving(
        FORK.replace("execv(words[0], words)", "execve(words[0], words, {})") + "\ntime.sleep(60)",
        SLEEP,
        True,
    ),
    "kills its guard and leaves a child": leaving(
        FORK + "\ntime.sleep(0.1)\nos.kill(os.getppid(), 9)\ntime.sleep(60)",
        "closed|no answer",
        True,
    ),
    "gives another shape": evaluating("right['x'].append(0.0)\ngive(right)", "x as a list of"),
    "gives a ragged array": evaluating("right['x'][0] = [0.0]\ngive(right)", r"x\[0\] as a list"),
    "gives null": evaluating("right['params']['b'] = None\ngive(right)", "params.b as null"),
    "gives strings": evaluating("right['x'][0] = '0'\ngive(right)", "as the string"),
    "gives true for a number": evaluating("right['x'][0] = True\ngive(right)", "as true"),
    "gives no member": evaluating("del right['x']\ngive(right)", "with params, not with params, x"),
    "gives a bare number": evaluating("give(3.0)", "not an object with params, x"),
    "gives no output": evaluating('say(\'{"id": %d, "success": true}\\n\' % i)', "gave no output"),
    "gives success as 1": evaluating(
        "say(text.replace('true', '1') + '\\n')", "success as the number 1"
    ),
    "fails": evaluating(
        'say(\'{"id": %d, "success": false, "error": "no"}\\n\' % i)', "did not succeed: 'no'"
    ),
    "succeeds with an error": evaluating(
        "give(right, error='no')", "success, but gave an error as well"
    ),
}
