"""The registry of codes: what each finding means, in the words of `archc explain`, and an example of it.

Families, a file each: 0xx text and YAML, 1xx fields and names, 2xx shapes, 3xx expectations, 4xx placement,
5xx what a backend cannot do, 9xx advice. A code, once published, keeps its meaning.
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
