"""What each record is."""
