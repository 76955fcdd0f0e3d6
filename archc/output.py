"""What programs are given: JSON objects that hold what their class names, no more and no less, each field documented.

A class is a TypedDict, so that a document is built as plain data under a type checker's eye. All that a command prints
is the class `Document` in archc/report/COMMAND_json.py, and `archc schema COMMAND` prints its JSON Schema.
"""

from __future__ import annotations

from pydantic import ConfigDict, with_config

documented = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
"""A closed class of output, whose fields are described by the texts below them."""
