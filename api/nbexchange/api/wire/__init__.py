"""Rows and results of the domain as answers of protocol v1. Nothing else makes answers."""
