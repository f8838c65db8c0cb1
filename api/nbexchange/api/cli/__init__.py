"""The command `nbexchange`, for the administrator of the exchange."""
