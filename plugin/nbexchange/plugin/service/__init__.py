"""The exchange service: credentials, calls, and how answers are read."""
