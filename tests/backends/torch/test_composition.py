"""Emitted modules under every transformation that PyTorch's own `nn.LocalResponseNorm` composes with."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from archc_torch.snippets.avg_pool import AvgPool
from archc_torch.snippets.lrn import LRN
from archc_torch.snippets.spatial_lrn import SpatialLRN
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.testing import assert_close

from archc.analysis import Facts, analyse
from archc.graph import Graph

CHAIN = """schema: archc/v1
name: net
input: {image: [3, 13, 13]}
defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}
layers:
  conv1: {op: conv2d, filters: 8, kernel: 3, padding: {top: 0, bottom: 2, left: 1, right: 0}}
  relu1: {op: tanh}
  norm1: {op: lrn, size: 4, alpha: 0.5, beta: 0.75, k: 2, groups: 2}
  pool1: {op: max_pool2d, kernel: 3, stride: 2, padding: {top: 1, bottom: 0, left: 0, right: 0}}
  norm2: {op: lrn, size: 3, alpha: 0.5, beta: 0.75, k: 2, scope: spatial}
  conv2: {op: conv2d, filters: 8, kernel: 3, groups: 2}
  flat: {op: flatten}
  fc3: {op: dense, units: 5}
  drop3: {op: dropout, rate: 0.5}
  prob: {op: softmax}
"""
GRAPH = CHAIN.replace(
    "  flat:",
    "  side: {op: conv2d, from: pool1, filters: 8, kernel: 3}\n  both: {op: concat, from: [conv2, side]}\n  flat:",
)

MODULES: dict[str, Callable[[], nn.Module]] = {
    "maps": lambda: LRN(5, alpha=0.7, beta=0.75, k=2, groups=2),
    "even maps": lambda: LRN(4, alpha=0.7, beta=0.6, k=2),
    "more than all maps": lambda: LRN(19, alpha=0.7, beta=0.75, k=2, groups=2),
    "one map": lambda: LRN(1, alpha=0.7, beta=0.75, k=2),
    "places": lambda: SpatialLRN(3, alpha=0.7, beta=0.75, k=2),
    "even places": lambda: SpatialLRN(4, alpha=0.7, beta=0.75, k=2),
    "means": lambda: AvgPool((2, 2), (1, 1), rest=(1, 0, 0, 1)),
    "PyTorch's": lambda: nn.LocalResponseNorm(5, alpha=0.7, beta=0.75, k=2),
}


# PyTorch's own forward mode compiles its decompositions with what it says is deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning", "ignore:`torch.jit:DeprecationWarning")


@pytest.fixture(params=[*MODULES, "chain", "graph"])
def model(request: pytest.FixtureRequest, build: Callable[[Facts, Graph], nn.Module]) -> nn.Module:
    if request.param in MODULES:
        return MODULES[request.param]().double()
    facts = analyse((CHAIN if request.param == "chain" else GRAPH).encode(), "net.yaml").facts
    assert facts is not None
    return build(facts, facts.graph).double().eval()


@pytest.fixture
def x(model: nn.Module) -> Tensor:
    shape = (3, 8, 4, 3) if isinstance(model, LRN | SpatialLRN | AvgPool | nn.LocalResponseNorm) else (3, 3, 13, 13)
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """By reverse mode in eager mode, the way of a training step."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(total(function(x)), x)[0]


def total(y: Tensor) -> Tensor:
    """A scalar whose gradient differs for each value."""
    return y.sin().square().sum()


def test_functional_gradients(model: nn.Module, x: Tensor) -> None:
    assert_close(torch.func.grad(lambda x: total(model(x)))(x), gradient(model, x))
    assert_close(torch.vmap(lambda a: model(a[None])[0])(x), model(x))
    each = torch.vmap(torch.func.grad(lambda a: total(model(a[None]))))(x)
    assert_close(each, gradient(model, x))
    assert_close(torch.func.jacfwd(model)(x), torch.func.jacrev(model)(x))


def test_forward_mode(model: nn.Module, x: Tensor) -> None:
    t = torch.randn_like(x)
    expected = (gradient(model, x) * t).sum()
    assert_close(torch.func.jvp(lambda x: total(model(x)), (x,), (t,))[1], expected)
    with forward_ad.dual_level():
        y = total(model(forward_ad.make_dual(x, t)))
        assert_close(forward_ad.unpack_dual(y).tangent, expected)


def test_second_derivatives(model: nn.Module, x: Tensor) -> None:
    """By differences of first ones, which eager mode computes in another way."""
    t, step = torch.randn_like(x), 1e-6
    by_differences = (gradient(model, x + step * t) - gradient(model, x - step * t)) / (2 * step)
    a = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(total(model(a)), a, create_graph=True)
    assert_close(first.detach(), gradient(model, x))
    assert_close(torch.autograd.grad(first, a, t)[0], by_differences, rtol=1e-5, atol=1e-7)
    function = torch.func.grad(lambda x: total(model(x)))
    assert_close(torch.func.jvp(function, (x,), (t,))[1], by_differences, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("model", MODULES, indirect=True)
def test_every_derivative_of_a_module(model: nn.Module, x: Tensor) -> None:
    a = x[:1, :, :2, :2].clone().requires_grad_()
    assert torch.autograd.gradcheck(model, a, check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(model, a)


def test_symbolic_traces(model: nn.Module, x: Tensor) -> None:
    traced = torch.fx.symbolic_trace(nn.Sequential(model, nn.Tanh()))
    assert_close(traced(x), model(x).tanh())
    assert_close(gradient(traced, x), gradient(lambda x: model(x).tanh(), x))
    assert_close(make_fx(model)(x)(x), model(x))


@pytest.mark.parametrize("model", [*sorted(MODULES.keys() - {"PyTorch's"}), "chain", "graph"], indirect=True)
def test_a_trace_for_any_batch_that_is_saved(model: nn.Module, x: Tensor) -> None:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(model, x), file)
    file.seek(0)
    loaded: Any = torch.jit.load(file)
    twice = torch.cat((x, x + 1))
    assert_close(loaded(twice), model(twice))
    assert_close(gradient(loaded, twice), gradient(model, twice))


def test_exported_and_decomposed(model: nn.Module, x: Tensor) -> None:
    shapes = ({0: torch.export.Dim("batch", min=2)},)
    exported = torch.export.export(model, (x,), dynamic_shapes=shapes)
    assert_close(exported.run_decompositions().module()(x[:2]), model(x[:2]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_onnx_computes_the_same(model: nn.Module, x: Tensor) -> None:
    """In onnxruntime, for a batch of another size."""
    model.float()
    shapes = ({0: torch.export.Dim("batch", min=2)},)
    program: Any = torch.onnx.export(model, (x.float(),), dynamic_shapes=shapes, verbose=False)
    twice = torch.cat((x, x)).float()
    assert_close(program(twice)[0], model(twice).detach(), rtol=1e-4, atol=1e-5)


def test_compiled_gradients(model: nn.Module, x: Tensor) -> None:
    torch._dynamo.reset()
    compiled = torch.compile(torch.func.grad(lambda x: total(model(x))), backend="aot_eager", fullgraph=True)
    assert_close(compiled(x), gradient(model, x))
