"""Data only: examples, Modbus profiles, the generated schema. Read through importlib.resources."""
