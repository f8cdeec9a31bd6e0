"""`tagtrail scan`: what is out there, in the air, on serial lines, on a Modbus wire, as lines to paste into
the settings."""
