"""Attention of several heads, for emitted source."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class Attention(nn.Module):
    """Scaled dot-product attention of a sequence to itself: (N, L, C) -> (N, L, C).

    `qkv` gives the queries of all heads, then the keys, then the values. With fewer
    `kv_heads`, neighbouring heads share keys and values.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        head_dim: int | None = None,
        kv_heads: int | None = None,
        causal: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        kv_heads, head_dim = kv_heads or heads, head_dim or channels // heads
        self.heads, self.causal = (heads, kv_heads, kv_heads), causal
        self.qkv = nn.Linear(channels, sum(self.heads) * head_dim, bias=bias)
        self.out = nn.Linear(heads * head_dim, channels, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        qkv = self.qkv(x).unflatten(-1, (sum(self.heads), -1)).transpose(1, 2)
        q, k, v = qkv.split(self.heads, dim=1)
        is_grouped = len({*self.heads}) > 1
        y = scaled_dot_product_attention(
            q, k, v, is_causal=self.causal, enable_gqa=is_grouped
        )
        return self.out(y.transpose(1, 2).flatten(2))
