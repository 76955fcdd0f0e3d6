"""A training run as `archc train` sees it: its recipe, its folder, the backend's process, the receipt."""
