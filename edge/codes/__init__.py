"""Identifiers and what can be told of them: ear tags, divisions, GS1 keys, trace codes."""
