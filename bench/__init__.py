"""`make bench`: measures the site and two simple baselines in one run, and reports the ratios."""
