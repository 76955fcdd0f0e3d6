"""The registry of codes: the title, meaning and example of each, as `archc explain CODE` shows them.

Each family is a file: 0xx text and YAML, 1xx fields and names, 2xx shapes, 3xx expectations, 4xx placement,
5xx unsupported by a backend, 9xx advice. A published code never changes its meaning.
"""

from __future__ import annotations

from archc.diagnostics.codes.advice import ADVICE
from archc.diagnostics.codes.backends import BACKENDS
from archc.diagnostics.codes.code import Code
from archc.diagnostics.codes.expectations import EXPECTATIONS
from archc.diagnostics.codes.fields import FIELDS
from archc.diagnostics.codes.placement import PLACEMENT
from archc.diagnostics.codes.shapes import SHAPES
from archc.diagnostics.codes.text import TEXT

CODES: dict[str, Code] = {**TEXT, **FIELDS, **SHAPES, **EXPECTATIONS, **PLACEMENT, **BACKENDS, **ADVICE}
