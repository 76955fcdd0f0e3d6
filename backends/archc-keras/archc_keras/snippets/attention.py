"""Attention of several heads, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Attention(layers.Layer):
    """Scaled dot-product attention: (N, L, C) -> (N, L, C); a memory is (N, M, C').

    `qkv`, or `q` and `kv`, give the queries of all heads, then the keys, then the
    values. With fewer `kv_heads`, neighbouring heads share keys and values.
    """

    def __init__(
        self,
        heads: int,
        *,
        head_dim: int | None = None,
        kv_heads: int | None = None,
        causal: bool = False,
        use_bias: bool = True,
        kernel_initializers: Any = None,
        bias_initializer: Any = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.heads, self.head_dim = heads, head_dim
        self.kv_heads, self.causal = kv_heads or heads, causal
        self.use_bias = use_bias
        self.kernel_initializers = [
            keras.initializers.get(each) for each in kernel_initializers or ()
        ]
        self.bias_initializer: Any = keras.initializers.get(bias_initializer)

    def build(self, input_shape: Any) -> None:
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        dim = self.head_dim or shapes[0][-1] // self.heads
        self.own, self.keys = self.heads * dim, self.kv_heads * dim
        own, kv = self.own, 2 * self.keys
        sizes = [("q", own), ("kv", kv)] if len(shapes) > 1 else [("qkv", own + kv)]
        self.projections = [
            self.project(name, units, shape, place)
            for place, (name, units), shape in zip((0, 1), sizes, shapes, strict=False)
        ]
        heads = (*shapes[0][:-1], own)
        self.out = self.project("out", shapes[0][-1], heads, -1)

    def project(self, name: str, units: int, shape: Any, place: int) -> Any:
        """A dense layer, built with its own initialiser."""
        kinds: Any = self.kernel_initializers or ["glorot_uniform"] * 3
        layer = layers.Dense(
            units,
            use_bias=self.use_bias,
            kernel_initializer=kinds[place],
            bias_initializer=self.bias_initializer,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(shape)
        return layer

    def call(self, inputs: Any) -> Any:
        values = inputs if isinstance(inputs, list | tuple) else [inputs]
        made = [layer(x) for layer, x in zip(self.projections, values, strict=True)]
        if len(made) == 1:
            ends = [self.own, self.own + self.keys]
            parts: Any = ops.split(made[0], ends, axis=-1)
            q, k, v = parts
        else:
            halves: Any = ops.split(made[1], 2, axis=-1)
            q, (k, v) = made[0], halves
        q = self.each(q, self.heads)
        k, v = self.each(k, self.kv_heads), self.each(v, self.kv_heads)
        if self.kv_heads < self.heads:
            k, v = (ops.repeat(x, self.heads // self.kv_heads, axis=2) for x in (k, v))
        # Keras would compute its own scale in float32.
        q = q * (self.own // self.heads) ** -0.5
        y: Any = ops.dot_product_attention(q, k, v, scale=1.0, is_causal=self.causal)
        return self.out(ops.reshape(y, (-1, y.shape[1], self.own)))

    def each(self, x: Any, heads: int) -> Any:
        """(N, L, heads * D) -> (N, L, heads, D)."""
        return ops.reshape(x, (-1, x.shape[1], heads, self.own // self.heads))

    def get_config(self) -> dict[str, Any]:
        serialize = keras.initializers.serialize
        return {
            **super().get_config(),
            "heads": self.heads,
            "head_dim": self.head_dim,
            "kv_heads": self.kv_heads,
            "causal": self.causal,
            "use_bias": self.use_bias,
            "kernel_initializers": [
                serialize(each) for each in self.kernel_initializers
            ],
            "bias_initializer": serialize(self.bias_initializer),
        }
