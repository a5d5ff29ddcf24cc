"""GradBench's own modules, known by name, so that its tools are judged as they are.

functions.py and hand.py have what is differentiated; modules.py how each is asked.
"""

from .modules import MODULES as MODULES
from .modules import PREFIX as PREFIX
from .modules import Module as Module
from .modules import module_of as module_of
