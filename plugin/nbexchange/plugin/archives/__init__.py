"""Trees of files packed into archives, and unpacked from archives that may be hostile."""
