"""`nbexchange demo`: a whole assignment cycle with the real nbgrader command, on this machine alone."""

from nbexchange.demo.cycle import run_demo

__all__ = ["run_demo"]
