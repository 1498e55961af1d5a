# As README says: installed, told what lies on the way, reloaded.
. /tries/common.sh
dpkg --install /tries/tcplull.deb
# No waiting: Type=notify, so whoever started it has waited until it watches.
is_active || fail "it is not active once it is installed"
[ "$(shown Type)" = notify ] || fail "its type is $(shown Type)"
[ "$(shown User)" = tcplull ] || fail "its user is $(shown User)"
eventually is_ready
pid=$(shown MainPID)
printf '[[path]]\nname = "nat"\nremote = ["0.0.0.0/0"]\ntimeout = "4m"\n' >>/etc/tcplull/config.toml
systemctl reload $unit
is_active || fail "it is not active after a reload"
[ "$(shown MainPID)" = "$pid" ] || fail "a reload started it anew"
tcplull explain 10.0.0.1:40000 192.0.2.1:443 | grep nat
eventually answers
systemctl status --no-pager $unit
