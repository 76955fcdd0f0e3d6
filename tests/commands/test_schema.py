"""archc schema: what an editor is given."""

from __future__ import annotations

import json

from archc.schema import json_schema


def test_it_prints_the_schema_in_ascii_so_that_no_terminal_spoils_it(archc) -> None:
    result = archc("schema")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == json_schema()
    assert result.out.isascii()
    assert result.out == archc("schema").out
