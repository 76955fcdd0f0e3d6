"""Attention of several heads to another sequence, for emitted source."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class CrossAttention(nn.Module):
    """Scaled dot-product attention: queries (N, L, C), memory (N, M, C') -> (N, L, C).

    `kv` gives the keys of all heads, then the values. With fewer `kv_heads`,
    neighbouring heads share keys and values.
    """

    def __init__(
        self,
        channels: int,
        memory_channels: int,
        heads: int,
        *,
        head_dim: int | None = None,
        kv_heads: int | None = None,
        causal: bool = False,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.causal = heads, kv_heads or heads, causal
        head_dim = head_dim or channels // heads
        self.q = nn.Linear(channels, heads * head_dim, bias=bias)
        self.kv = nn.Linear(memory_channels, 2 * self.kv_heads * head_dim, bias=bias)
        self.out = nn.Linear(heads * head_dim, channels, bias=bias)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        kv = self.kv(memory).unflatten(-1, (2 * self.kv_heads, -1)).transpose(1, 2)
        k, v = kv.chunk(2, dim=1)
        is_grouped = self.heads != self.kv_heads
        y = scaled_dot_product_attention(
            q, k, v, is_causal=self.causal, enable_gqa=is_grouped
        )
        return self.out(y.transpose(1, 2).flatten(2))
