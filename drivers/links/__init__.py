"""Open wires: serial, TCP, and the replay of a capture. They open, read, write and fail."""
