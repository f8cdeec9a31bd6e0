"""What the gateway costs, measured from outside, beside a bare loop that keeps nothing: ``make bench``."""
