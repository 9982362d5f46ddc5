#!/bin/sh
# For /etc/bookmyshow/. Patroni calls it when this host's database becomes leader or standby, and when
# Patroni has started. If a host leads both the database and etcd, its power cut costs 2 to 3 s more,
# because etcd's next leader counts the ttl from its own start. So a host whose database leads gives
# etcd's lead away.
set -eu
[ "$2" = primary ] || exit 0
export ETCDCTL_API=3
# One line for each member: address, id, version, size, whether it leads. Members may be away.
status=$(etcdctl --endpoints "$ETCD" endpoint status --cluster --write-out simple 2>/dev/null) || true
echo "$status" | awk -F ', ' -v here="$ETCD" '
    $1 == here && $5 == "true" { leads = 1 }
    $1 != here { other = $2 }
    END { if (leads && other) print other }' |
    xargs --no-run-if-empty etcdctl --endpoints "$ETCD" move-leader
