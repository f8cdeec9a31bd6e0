"""What each record is (DESIGN §7).

The gateway's own records and alarms now; those of the trade come later.
"""
