"""`nbexchange demo`: a whole assignment cycle with the real nbgrader command, on this machine alone."""
