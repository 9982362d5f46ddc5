"""What staff decide about money and read about it: refunds, reviews, report, what waits."""
