"""Which gradients are sums over the ranks, for emitted source: all."""


def is_summed(name: str) -> bool:
    """Whether the gradient of a parameter is the sum of what the ranks find."""
    return bool(name)
