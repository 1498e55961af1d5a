# A newer version takes the place of the one that runs, with its configuration as it was left.
. /tries/common.sh
pid=$(shown MainPID)
dpkg --force-confold --install /tries/newer.deb
is_active || fail "it is not active after an upgrade"
[ "$(shown MainPID)" != "$pid" ] || fail "the older version still runs"
[ "$(shown Result)" = success ] || fail "the older version's end was: $(shown Result)"
grep -q 'name = "nat"' /etc/tcplull/config.toml
eventually is_ready
eventually answers
