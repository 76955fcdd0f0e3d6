"""archc: compiler and verifier for neural-network architectures written as one YAML spec."""
