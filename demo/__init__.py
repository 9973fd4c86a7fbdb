"""`pratique demo`: a network in a minute, and then the kit of examples. One module per act."""
