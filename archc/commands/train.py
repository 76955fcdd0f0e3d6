def train() -> None:
    pass
