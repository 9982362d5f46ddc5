"""The files in ops/ must match the site."""

import json
import re
from pathlib import Path

import pytest
import yaml

from bookmyshow.environment import ROOT
from bookmyshow.site import metrics_page, state_gauges
from bookmyshow.site.management.commands.run_site import procfile

OPS = ROOT / "ops"
OTHERS = re.compile(r"node_\w+|bookmyshow_backup_last_success_timestamp_seconds|bookmyshow:\w+|up")
ALERT_LIMITS = {
    "BookingFailures": "> 0.01",
    "SlowRequests": "> 0.5",
    "SlowDatabase": "> 0.05",
    "LockWaits": "> 5",
    "SlowSweep": "> 5",
    "SweepLate": "> 60",
    "AdmissionLate": "> 20",
    "MailLate": "> 900",
    "MailGivenUp": "> 0",
    "PaymentUndecided": "> 120",
    "MoneyDue": "> 900",
    "PaymentReview": "> 0",
    "RefundFailed": "> 0",
    "DisputeOpen": "> 0",
    "ProviderFailing": "> 0.1",
    "ProviderEventsLate": "> 300",
    "Errors": "> 0.001",
    "CacheMisses": "< 0.8",
    "Connections": "> 0.9",
    "BusyCpu": "> 0.7",
    "FullMemory": "> 0.8",
    "FullDisk": "> 0.8",
    "BackupOld": "> 26 * 3600",
}


def test_every_process_of_the_procfile_has_a_unit_with_its_command() -> None:
    for name, command in procfile().items():
        unit = (OPS / f"systemd/bookmyshow-{name}.service").read_text()
        unit = unit.replace("%%", "%")  # as systemd reads it
        (started,) = re.findall(r"^ExecStart=\S+/python (.*)$", unit, re.MULTILINE)
        assert f"python {started}".startswith(command), name


def expressions(path: Path) -> list[str]:
    if path.suffix == ".json":
        panels = json.loads(path.read_text())["panels"]
        return [target["expr"] for panel in panels for target in panel["targets"]]
    groups = yaml.safe_load(path.read_text())["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def test_a_location_of_nginx_that_sets_a_header_sets_all_of_them() -> None:
    """Such a location inherits no header of the server, and without Host the site answers 400."""
    text = (OPS / "nginx/site.conf").read_text()
    server, *locations = re.split(r"\nlocation ", text)
    header = re.compile(r"proxy_set_header (\S+)")
    wanted = set(header.findall(server))
    assert {"Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID"} <= wanted
    setting = [found for place in locations if (found := set(header.findall(place)))]
    assert setting
    assert all(wanted <= found for found in setting)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["prometheus/alerts.yml", "grafana/bookmyshow.json"])
def test_every_metric_that_is_asked_for_exists(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_gauges, "SOCKET_SECONDS", 60)  # for busy machines
    text = metrics_page.expose().decode()
    known = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    known |= {f"{each}{end}" for each in known for end in ("_bucket", "_sum", "_count", "_total")}
    # Written by the first sweep; there was none in the tests.
    known.add("bookmyshow_last_sweep_timestamp_seconds")
    for expression in expressions(OPS / name):
        for metric in re.findall(r"\b(?:bookmyshow|node)[_:]\w+", expression):
            assert metric in known or OTHERS.fullmatch(metric), (metric, expression)


def test_the_limits_are_those_agreed_on() -> None:
    groups = yaml.safe_load((OPS / "prometheus/alerts.yml").read_text())["groups"]
    rules = {rule.get("alert"): rule for group in groups for rule in group["rules"]}
    for alert, limit in ALERT_LIMITS.items():
        assert limit in rules[alert]["expr"], alert
        assert rules[alert]["annotations"]["action"]
        assert rules[alert]["labels"]["severity"] in {"page", "ticket"}


def test_every_alert_is_tested_both_ways() -> None:
    groups = yaml.safe_load((OPS / "prometheus/alerts.yml").read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    tests = yaml.safe_load((OPS / "prometheus/alerts_test.yml").read_text())["tests"]
    names = {test["name"] for test in tests}
    assert names == {f"{alert} {end}" for alert in alerts for end in ("fires", "is quiet")}
