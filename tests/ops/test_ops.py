"""Shapes, parameters and costs of the ops, against counting; and what they refuse, with the field at fault."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.ops import ops
from archc.ops.conv2d import Conv2d
from archc.ops.grouping import largest_divisor
from archc.ops.op import Op, name_of
from archc.ops.properties import Reach
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

LRN = {"op": "lrn", "size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2}
MAPS, VECTOR = Tensor((6, 9, 9)), Tensor((486,))


def make(**fields: Any) -> Op:
    return ops()[fields["op"]].model_validate(fields)


def test_one_file_an_op() -> None:
    assert {name: op.__module__ for name, op in ops().items()} == {name: f"archc.ops.{name}" for name in ops()}
    assert {"conv2d", "max_pool2d", "dense", "lrn", "add", "concat", "tanh"} <= ops().keys()
    assert set(ops().values()) == set(named_below(Op))


def named_below(base: type[Op]) -> Iterator[type[Op]]:
    """The classes of archc below a base that are ops, and not bases themselves."""
    for op in base.__subclasses__():
        if op.__module__.startswith("archc.ops.") and name_of(op):
            yield op
        yield from named_below(op)


def test_only_the_ops_that_are_looked_up_are_imported() -> None:
    code = "import sys; from archc.ops import ops; ops()['relu']; 'window' in ops(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = {name for name in ops() if f"archc.ops.{name}" in done.stdout.split()}
    assert imported == {"relu"}


@pytest.mark.parametrize("op", ops().values(), ids=ops())
def test_every_op_says_what_it_means_and_is_closed_and_frozen(op: type[Op]) -> None:
    assert op.__doc__
    assert (op.model_config.get("extra"), op.model_config.get("frozen")) == ("forbid", True)
    assert op.model_config.get("strict")
    assert op.shape_rule and op.failing != op.corrected


@given(data=st.data())
def test_a_convolution_against_its_taps_one_by_one(data: st.DataObject) -> None:
    groups = data.draw(st.integers(1, 4))
    maps, filters = groups * data.draw(st.integers(1, 3)), groups * data.draw(st.integers(1, 3))
    height, width, kernel = data.draw(st.integers(3, 7)), data.draw(st.integers(3, 7)), data.draw(st.integers(1, 3))
    bias = data.draw(st.booleans())
    op = make(op="conv2d", filters=filters, kernel=kernel, groups=groups, bias=bias)
    x = (Tensor((maps, height, width)),)
    # Filter o reads map i where both are in the same part.
    taps = [
        (o, i, row, column)
        for o, i, row, column in product(range(filters), range(maps), range(kernel), range(kernel))
        if o * groups // filters == i * groups // maps
    ]
    places = [
        (top, left)
        for top, left in product(range(height), range(width))
        if top + kernel <= height and left + kernel <= width
    ]
    output = op.infer(x)
    assert output == Tensor((filters, height - kernel + 1, width - kernel + 1))
    assert sum(prod(p.shape) for p in op.parameters(x)) == len(taps) + (filters if bias else 0)
    assert op.macs(x, output) == len(taps) * len(places)
    assert {p.fan_in for p in op.parameters(x)} == {len(taps) // filters}


@given(inputs=st.integers(1, 50), units=st.integers(1, 50), bias=st.booleans())
def test_a_dense_layer_has_a_weight_for_each_pair(inputs: int, units: int, bias: bool) -> None:
    op, x = make(op="dense", units=units, bias=bias), (Tensor((inputs,)),)
    assert op.infer(x) == Tensor((units,))
    assert [(p.name, p.shape) for p in op.parameters(x)] == [
        ("weight", (units, inputs)),
        *([("bias", (units,))] if bias else []),
    ]
    assert op.macs(x, Tensor((units,))) == inputs * units


@pytest.mark.parametrize(
    ("fields", "inputs", "output"),
    [
        ({"op": "max_pool2d", "kernel": 3, "stride": 2}, [MAPS], (6, 4, 4)),
        ({"op": "max_pool2d", "kernel": [2, 3], "stride": [1, 3]}, [MAPS], (6, 8, 3)),
        ({"op": "flatten"}, [MAPS], (486,)),
        ({"op": "flatten"}, [VECTOR], (486,)),
        ({"op": "relu"}, [MAPS], MAPS.shape),
        ({"op": "tanh"}, [VECTOR], VECTOR.shape),
        ({"op": "dropout", "rate": 0.5}, [MAPS], MAPS.shape),
        ({"op": "softmax"}, [VECTOR], VECTOR.shape),
        (LRN | {"groups": 3}, [MAPS], MAPS.shape),
        ({"op": "add"}, [MAPS, MAPS, MAPS], MAPS.shape),
        ({"op": "concat"}, [MAPS, Tensor((1, 9, 9))], (7, 9, 9)),
        ({"op": "concat"}, [VECTOR, Tensor((3,))], (489,)),
    ],
)
def test_shapes(fields: dict[str, Any], inputs: list[Tensor], output: tuple[int, ...]) -> None:
    op = make(**fields)
    assert op.infer(tuple(inputs)).shape == output
    assert op.parameters(tuple(inputs)) == ()
    assert op.macs(tuple(inputs), Tensor(output)) == 0


@pytest.mark.parametrize(
    ("fields", "inputs", "field", "code"),
    [
        ({"op": "conv2d", "filters": 4, "kernel": 10}, [MAPS], "kernel", "ARC201"),
        ({"op": "conv2d", "filters": 5, "kernel": 3, "groups": 2}, [MAPS], "groups", "ARC210"),
        ({"op": "conv2d", "filters": 8, "kernel": 3, "groups": 4}, [MAPS], "groups", "ARC210"),
        ({"op": "conv2d", "filters": 4, "kernel": 3}, [VECTOR], "op", "ARC203"),
        ({"op": "max_pool2d", "kernel": [1, 10], "stride": 1}, [MAPS], "kernel", "ARC201"),
        ({"op": "max_pool2d", "kernel": 3, "stride": 1, "padding": [0, 3]}, [MAPS], "padding", "ARC201"),
        ({"op": "max_pool2d", "kernel": 3, "stride": 1, "padding": [3, 0]}, [MAPS], "padding", "ARC201"),
        ({"op": "max_pool2d", "kernel": 3, "stride": 1}, [VECTOR], "op", "ARC203"),
        (LRN | {"groups": 4}, [MAPS], "groups", "ARC210"),
        (LRN, [VECTOR], "op", "ARC203"),
        ({"op": "dense", "units": 3}, [MAPS], "op", "ARC202"),
        ({"op": "add"}, [MAPS, VECTOR], "from", "ARC204"),
        ({"op": "concat"}, [MAPS, Tensor((6, 9, 8))], "from", "ARC204"),
        ({"op": "concat"}, [MAPS, VECTOR], "from", "ARC204"),
    ],
)
def test_what_does_not_fit_names_the_field_at_fault(
    fields: dict[str, Any], inputs: list[Tensor], field: str, code: str
) -> None:
    with pytest.raises(ShapeError) as error:
        make(**fields).infer(tuple(inputs))
    assert (error.value.field, error.value.code) == (field, code)


@given(filters=st.integers(1, 60), maps=st.integers(1, 60), groups=st.integers(1, 60))
def test_the_group_count_that_is_proposed_works(filters: int, maps: int, groups: int) -> None:
    x = (Tensor((maps, 5, 5)),)
    try:
        make(op="conv2d", filters=filters, kernel=3, groups=groups).infer(x)
        assert filters % groups == maps % groups == 0
    except ShapeError as error:
        proposed = int((error.help or "").removeprefix("groups: ").removesuffix(" divides both"))
        op = make(op="conv2d", filters=filters, kernel=3, groups=proposed)
        assert isinstance(op, Conv2d)
        assert op.infer(x).channels == filters
        assert proposed == max(g for g in range(1, groups + 1) if filters % g == maps % g == 0)


@given(maps=st.integers(1, 60), groups=st.integers(1, 60))
def test_the_group_count_that_is_proposed_for_a_normalisation_works(maps: int, groups: int) -> None:
    x = (Tensor((maps, 5, 5)),)
    try:
        make(**LRN | {"groups": groups}).infer(x)
        assert maps % groups == 0
    except ShapeError as error:
        proposed = int((error.help or "").removeprefix("groups: ").removesuffix(" divides them"))
        make(**LRN | {"groups": proposed}).infer(x)
        assert proposed == max(g for g in range(1, groups + 1) if maps % g == 0)


@given(number=st.integers(1, 5000), most=st.integers(1, 4096))
def test_the_largest_divisor(number: int, most: int) -> None:
    assert largest_divisor(number, at_most=most) == max(d for d in range(1, most + 1) if number % d == 0)


@pytest.mark.parametrize(
    ("fields", "reach"),
    [
        ({"op": "conv2d", "filters": 6, "kernel": 3, "groups": 2}, Reach(groups=2)),
        ({"op": "dense", "units": 6}, Reach(groups=1)),
        ({"op": "max_pool2d", "kernel": 3, "stride": 2}, Reach()),
        (LRN | {"groups": 2}, Reach(groups=2, before=2, after=2)),
        (LRN | {"size": 4}, Reach(groups=1, before=2, after=1)),
        (LRN | {"scope": "spatial"}, Reach()),
        (LRN | {"size": 1}, Reach()),
    ],
)
def test_which_maps_an_output_map_reads(fields: dict[str, Any], reach: Reach) -> None:
    assert make(**fields).reach() == reach
