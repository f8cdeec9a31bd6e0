"""The YAML file: its schema, and the loader that points at file:line:column."""
