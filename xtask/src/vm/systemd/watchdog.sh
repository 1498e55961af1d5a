# A daemon that is stuck is started anew, and by the watchdog.
. /tries/common.sh
pid=$(shown MainPID)
kill -STOP "$pid"
is_another() { is_active && [ "$(shown NRestarts)" = 1 ] && [ "$(shown MainPID)" != "$pid" ]; }
eventually is_another
eventually is_ready
eventually answers
journalctl --no-pager --output cat --unit $unit | grep "Watchdog timeout"
