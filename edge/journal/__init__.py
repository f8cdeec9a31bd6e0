"""The store: one SQLite file of blocks, lanes, cursors, rollups."""
