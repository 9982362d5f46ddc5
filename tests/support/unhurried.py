"""For tests with hypothesis: an example may take long, because the machine may be busy."""

from hypothesis import HealthCheck, settings

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
