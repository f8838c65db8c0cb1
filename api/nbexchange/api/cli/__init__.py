"""The command `nbexchange`, for whoever runs the service."""
