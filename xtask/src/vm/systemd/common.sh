# What the tries share. Each ends at the first command that fails.
set -e
unit=tcplull.service

shown() { systemctl show --property "$1" --value $unit; }

fail() {
	echo "$*"
	systemctl status --no-pager --full --lines 20 $unit || true
	exit 1
}

# Asks again, for three minutes at most, until the command succeeds.
eventually() {
	for _ in $(seq 180); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 1
	done
	fail "not within three minutes: $*"
}

is_active() { [ "$(shown ActiveState)" = active ]; }

is_ready() { systemctl status --no-pager $unit | grep -q "watching snapshots: ready"; }

# It answers whoever asks, and not a watch of the command's own.
answers() { [ -S /run/tcplull/tcplull.sock ] && tcplull alerts; }
