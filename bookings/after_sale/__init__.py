"""What staff do for one customer after the sale: cancel a booking, give money back."""
