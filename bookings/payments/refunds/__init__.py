"""Money that goes back: what a cancellation gives, the queue that sends it, the answers."""
