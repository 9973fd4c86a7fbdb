"""What the parties do, one module per verb: to learn how X happens, open `journeys/X.py`."""
