"""The addresses that providers call. Events are stored here, and handled in `reconciling`."""
