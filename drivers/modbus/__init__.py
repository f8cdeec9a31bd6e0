"""The bus that a wire's units share, and the one decoder that reads a YAML profile."""
