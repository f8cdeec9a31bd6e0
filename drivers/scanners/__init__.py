"""Readers of barcodes and two-dimensional codes, and what GS1 codes say."""
