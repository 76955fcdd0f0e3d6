"""The rules of `sgd` as Keras optimizers against a NumPy loop in float64, and a schedule, on any backend of Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archc.analysis import analyse
from archc.backend import Origin, Request, load
from archc.training.schedule import Schedule

SPEC = """schema: archc/v1
name: net
input: {{image: [3, 6, 6]}}
layers:
  flat: {{op: flatten}}
  fc: {{op: dense, units: 5, weight_init: {{normal: {{std: 0.5}}}}}}
train:
  batch: 4
  epochs: 9
  loss: cross_entropy
  optimizer: {{sgd: {{lr: 0.1, momentum: 0.9, weight_decay: 0.05}}}}
  schedule: {{on_plateau: {{factor: 0.3, times: 3, patience: {patience}}}}}
  data: {{resize: 8, crop: 6, mirror: true, mean: pixel}}
  test: center
"""

STEPS = 20
RATES = {0: 0.125, 7: 0.03125, 13: 0.5}
"""The learning rate from a step on; Keras' schedules compute it in float32, which holds these exactly."""
MOMENTUM, DECAY = 0.875, 0.0625
"""As Keras' own class rounds them, to float32."""
RULES = ("paper", "pytorch", "keras")
SHAPES = {"kernel": (3, 4), "bias": (4,)}

pytestmark = pytest.mark.usefixtures("float64")


def rate(step: int) -> float:
    return RATES[max(first for first in RATES if first <= step)]


def gradients() -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    return [{name: random.normal(size=shape) for name, shape in SHAPES.items()} for _ in range(STEPS)]


def made(rule: str) -> Any:
    """The class that is emitted for a rule of `sgd`."""
    from archc_keras.snippets.keras_sgd import KerasSGD
    from archc_keras.snippets.momentum_sgd import MomentumSGD
    from archc_keras.snippets.pytorch_sgd import PyTorchSGD

    return {"paper": MomentumSGD, "pytorch": PyTorchSGD, "keras": KerasSGD}[rule]


def expected(
    rule: str, weights: dict[str, Any], undecayed: tuple[str, ...], lr_factors: dict[str, float] | None = None
) -> dict[str, Any]:
    """The weights after twenty steps by a rule."""
    velocity = {name: np.zeros_like(w) for name, w in weights.items()}
    for step, found in enumerate(gradients()):
        for name, w in weights.items():
            lr = rate(step) * (lr_factors or {}).get(name, 1)
            decay, v, g = 0 if name in undecayed else DECAY, velocity[name], found[name]
            if rule == "paper":
                v = MOMENTUM * v - decay * lr * w - lr * g
                w = w + v
            elif rule == "pytorch":
                v = MOMENTUM * v + g + decay * w
                w = w - lr * v
            else:
                w = w - decay * lr * w
                v = MOMENTUM * v - lr * g
                w = w + v
            velocity[name] = v
            weights = weights | {name: w}
    return weights


def layer() -> Any:
    import keras

    dense = keras.layers.Dense(4, bias_initializer="ones", dtype="float64")
    dense.build((None, 3))
    return dense


def found(dense: Any) -> dict[str, Any]:
    return {v.name: v.numpy() for v in dense.trainable_variables}


def step(sgd: Any, dense: Any, given: dict[str, Any]) -> None:
    import keras

    variables = dense.trainable_variables
    sgd.apply([keras.ops.convert_to_tensor(given[v.name]) for v in variables], variables)


@pytest.mark.parametrize("lr_factors", [{}, {"bias": 2.0}])
@pytest.mark.parametrize("undecayed", [("bias",), ()])
@pytest.mark.parametrize("rule", RULES)
def test_twenty_steps_through_two_changes_of_the_rate(
    rule: str, undecayed: tuple[str, ...], lr_factors: dict[str, float]
) -> None:
    dense = layer()
    wanted = expected(rule, found(dense), undecayed, lr_factors)
    sgd = made(rule)(1.0, MOMENTUM, DECAY, undecayed, lr_factors)
    for number, given in enumerate(gradients()):
        sgd.learning_rate = rate(number)
        step(sgd, dense, given)
    for name, value in found(dense).items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("undecayed", [("bias",), ()])
def test_keras_rule_is_that_of_its_own_class(undecayed: tuple[str, ...]) -> None:
    import keras

    dense, other = layer(), layer()
    other.set_weights(dense.get_weights())
    sgd = made("keras")(1.0, MOMENTUM, DECAY, undecayed)
    theirs: Any = keras.optimizers.SGD(1.0, momentum=MOMENTUM, weight_decay=DECAY)
    theirs.exclude_from_weight_decay(var_names=[*undecayed])
    for number, given in enumerate(gradients()):
        for each, optimizer in ((dense, sgd), (other, theirs)):
            optimizer.learning_rate = rate(number)
            step(optimizer, each, given)
    for name, value in found(dense).items():
        np.testing.assert_allclose(value, found(other)[name], rtol=1e-14, err_msg=name)


@pytest.mark.parametrize("rule", RULES)
def test_the_gradient_of_an_embedding_has_only_the_rows_in_use(rule: str) -> None:
    import keras

    table: Any = keras.Sequential([keras.layers.Embedding(4, 2, dtype="float64")])
    table.build((None, 1))
    (w,) = table.get_weights()
    v, x, y = np.zeros_like(w), np.array([[1], [2]]), np.ones((2, 1, 2))
    table.compile(made(rule)(0.5, MOMENTUM, DECAY, ()), "mse")
    for _ in range(3):
        g = np.zeros_like(w)
        g[1:3] = (w[1:3] - 1) / 2
        if rule == "pytorch":
            v = MOMENTUM * v + g + DECAY * w
            w = w - 0.5 * v
        else:
            w, d = (w - 0.5 * DECAY * w, 0) if rule == "keras" else (w, DECAY)
            v = MOMENTUM * v - 0.5 * g - 0.5 * d * w
            w = w + v
        table.train_on_batch(x, y)
    np.testing.assert_allclose(table.get_weights()[0], w, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_a_schedule_gives_the_rates_and_both_are_made_again_from_their_configuration(rule: str) -> None:
    import keras

    dense, kind = layer(), made(rule)
    wanted = expected(rule, found(dense), ("bias",))
    boundaries = [first - 1 for first in RATES if first]  # Keras' last step at the rate before
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, list(RATES.values()))
    first = kind(schedule, MOMENTUM, DECAY, ("bias",), clipnorm=1e9)
    sgd: Any = kind.from_config(first.get_config())
    assert sgd.get_config() == first.get_config()
    assert sgd.clipnorm == 1e9
    for given in gradients():
        step(sgd, dense, given)
    for name, value in found(dense).items():
        np.testing.assert_allclose(value, wanted[name], rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("rule", RULES)
def test_reduce_on_plateau_and_a_saved_model_go_on_as_they_were(rule: str, tmp_path: Any) -> None:
    import keras

    keras.utils.set_random_seed(1)
    model: Any = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(made(rule)(0.1, MOMENTUM, DECAY, ("bias",)), "mse")
    x, y = np.random.default_rng(1).normal(size=(2, 8, 3))
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=1e9)
    history = model.fit(x, y[:, :2], epochs=4, verbose=0, callbacks=[plateau]).history
    assert history["learning_rate"] == pytest.approx([0.1, 0.1, 0.05, 0.025])

    file = tmp_path / "model.keras"
    model.save(file)
    again: Any = keras.models.load_model(file)
    for each in (model, again):
        each.fit(x, y[:, :2], epochs=2, verbose=0, shuffle=False)
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("patience", [1, 3])
def test_the_emitted_schedule_is_that_of_archc_train(patience: int) -> None:
    """`ReduceLROnPlateau` with the emitted settings, against the loop's own rule, on accuracies that rise and stay."""
    text = SPEC.format(patience=patience).encode()
    facts = analyse(text, "net.yaml").facts
    assert facts is not None
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec(load("keras").emit(Request(facts.graph, facts.counts, facts.recipe, Origin.of("net.yaml", text))).text, scope)
    model, schedule = scope["Net"](), scope["plateau"]()
    model.compile(scope["sgd"](), "mse")
    schedule.set_model(model)
    schedule.on_train_begin()
    ours, rates = Schedule(0.1, steps=99, steps_per_epoch=1, factor=0.3, times=3, patience=patience), set[float]()
    errors = np.random.default_rng(1).choice([0.5, 0.4, 0.4 - 1 / 50_000, 0.3], 40).tolist()
    for epoch, error in enumerate(errors):
        schedule.on_epoch_end(epoch, {"val_accuracy": 1 - error})
        ours = ours.after(error)
        assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(ours.lr, rel=1e-6), epoch
        rates.add(ours.lr)
    assert len(rates) == 4
