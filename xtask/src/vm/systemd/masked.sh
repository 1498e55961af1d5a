# What an administrator masked stays so over an upgrade, which succeeds; whoever starts it is told in one line.
. /tries/common.sh
systemctl mask --now $unit
dpkg --install /tries/newer.deb >/tmp/said 2>&1 || fail "an upgrade failed: $(cat /tmp/said)"
cat /tmp/said
[ "$(shown ActiveState)" = inactive ] || fail "it is $(shown ActiveState), although it is masked"
[ "$(shown LoadState)" = masked ] || fail "it is $(shown LoadState), and was masked"
if systemctl start $unit >/tmp/said 2>&1; then fail "it could be started"; fi
cat /tmp/said
[ "$(wc -l </tmp/said)" = 1 ] || fail "that is not one line"
systemctl unmask $unit
systemctl start $unit
is_active || fail "it is not active after it was unmasked"
