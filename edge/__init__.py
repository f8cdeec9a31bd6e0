"""What turns observations into journalled blocks and delivered messages."""
