"""Orders: what a booking costs, the order that is written, its end, and how it is paid."""
