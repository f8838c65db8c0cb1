"""Where configuration files of nbexchange 1 and 2 import their base class from."""

from nbexchange.api.auth.custom import BaseUserHandler

__all__ = ["BaseUserHandler"]
