"""Small specs as text, analysed."""

from collections.abc import Callable

import pytest

from archc.analysis import Analysis, analyse

HEAD = """schema: archc/v1
name: small
defaults:
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}
  dense: {weight_init: {he_normal: {}}}
  lrn: {size: 5, alpha: 1e-4, beta: 0.75, k: 2}
"""


@pytest.fixture
def check() -> Callable[..., Analysis]:
    """Analyse layers, one a line, on a picture; further keyword arguments are sections of the spec."""

    def check(*layers: str, image: str = "[4, 8, 8]", **sections: str) -> Analysis:
        text = HEAD + f"input: {{image: {image}}}\nlayers:\n" + "".join(f"  {layer}\n" for layer in layers)
        text += "".join(f"{name}: {value}\n" for name, value in sections.items())
        analysis = analyse(text.encode(), "small.yaml")
        # Layers that are compared with one another often end in several outputs; test_outputs.py is about those.
        return analysis._replace(findings=[finding for finding in analysis.findings if finding.code != "ARC918"])

    return check
