# Nothing of it is left, and nothing of it runs.
. /tries/common.sh
pid=$(shown MainPID)
dpkg --purge tcplull
[ ! -e "/proc/$pid" ] || fail "it still runs"
for place in /etc/tcplull/config.toml /var/lib/tcplull /run/tcplull /usr/bin/tcplull; do
	[ ! -e "$place" ] || fail "$place is left"
done
[ -z "$(systemctl --failed --no-legend | grep tcplull)" ] || fail "systemd knows of a failure"
