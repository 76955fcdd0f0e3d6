"""The emitted `load`: the weights of every op, as all backends save them, in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from archc_torch.weights import as_bytes
from loading import assert_alike, loadable
from safetensors.numpy import load, load_file, save_file


def test_saved_weights_load_into_the_emitted_file(tmp_path: Path) -> None:
    names: set[str] = set()
    for case in loadable("torch", tmp_path):
        scope: dict[str, Any] = {"__name__": "emitted"}
        exec(case.source.text, scope)
        model = scope[case.source.class_name].load(str(case.weights))
        assert not model.training
        inputs = (x.astype("float32") if x.dtype.kind == "f" else x for x in case.inputs)
        with torch.inference_mode():
            given = model(*map(torch.from_numpy, inputs))
        outputs = given if isinstance(given, tuple) else (given,)
        saved = load(as_bytes(model.state_dict(), case.source.renamed))
        assert_alike(case, tuple(each.numpy() for each in outputs), saved)
        names |= {key.rpartition(".")[2] for key in saved}
        if case.name == "odd":
            assert {"load", "eval", "forward"} <= case.source.renamed.keys()
            left = load_file(case.weights)
            left.pop("class.input_bias")
            save_file({**left, "more.weight": left["train.weight"]}, case.weights)
            with pytest.raises(RuntimeError, match=r"class_\.bias_ih_l0.*\n.*more\.weight"):
                scope[case.source.class_name].load(str(case.weights))
    assert {"weight", "bias", "mean", "variance", "reverse_recurrent_bias"} <= names
