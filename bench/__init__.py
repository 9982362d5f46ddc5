"""`make bench`: how fast the site is, as ratios to baselines measured beside it in the same run."""
