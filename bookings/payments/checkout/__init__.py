"""The buyer's way: the button Pay, the return from the provider, and what pages show."""
