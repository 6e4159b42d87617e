"""Makes the font of the letters; run when it is to change, never at run time."""
