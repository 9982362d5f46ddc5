"""The baselines: simple sites that the product is compared with."""
