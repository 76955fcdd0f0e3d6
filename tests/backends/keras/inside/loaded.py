"""The emitted `load`: the weights of every op, as all backends save them, in Keras' layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from archc_keras.weights import canonical
from loading import assert_alike, loadable
from safetensors.numpy import load_file, save_file


def test_saved_weights_load_into_the_emitted_file(tmp_path: Path) -> None:
    for case in loadable("keras", tmp_path, some=True):
        scope: dict[str, Any] = {"__name__": "emitted"}
        exec(case.source.text, scope)
        kind = scope[case.source.class_name]
        model = kind.load(str(case.weights))
        last = [np.moveaxis(x, 1, -1) if x.ndim > 2 else x for x in case.inputs]
        given = model(last if len(last) > 1 else last[0])
        outputs = given if isinstance(given, list | tuple) else (given,)
        assert_alike(case, tuple(np.moveaxis(np.asarray(each), -1, 1) for each in outputs), canonical(model))
        if case.name == "odd":
            whole = load_file(case.weights)
            save_file({**whole, "more.weight": whole["train.weight"]}, case.weights)
            with pytest.raises(AssertionError, match=r"unknown weights: \['more\.weight'\]"):
                kind.load(str(case.weights))
            del whole["class.input_bias"]
            save_file(whole, case.weights)
            with pytest.raises(KeyError, match=r"class\.input_bias"):
                kind.load(str(case.weights))
            other = {**whole, "class.input_bias": np.zeros(16, "float32")}
            save_file(other, case.weights)
            with pytest.raises(ValueError):
                kind.load(str(case.weights))
