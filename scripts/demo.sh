#!/usr/bin/env bash
# Shows ringstack at work on one machine: a primary and two secondaries serve a network namespace.
#
#   +------------ this machine -------------+    +-- namespace ringstack-demo --+
#   | 2 x httpd == ff-primary == rsveth0    |----| rsveth1     curl, ping       |
#   |              192.168.100.2            |    | 192.168.100.1                |
#   |              fd00:100::2              |    | fd00:100::1                  |
#   +---------------------------------------+    +------------------------------+
#
# Root only. NO_HUGE=1 does without hugepages. It fails when any step does, and leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."

ns=ringstack-demo
device=rsveth0 # as config.ini says
peer=rsveth1
stack4=192.168.100.2 stack6=fd00:100::2
peer4=192.168.100.1 peer6=fd00:100::1
pages=40
patience=200 # tenths of a second for what should take one

lock=/run/ringstack-demo.lock
work=      # folder for logs and programs, once it is made
running=() # pids that we have started and not yet waited for
primary=   # pid, once the primary owns its file prefix
steps=0
step=

# ---- what every step uses ----

step() {
	step=$1
	printf '\n%d. %s\n' "$((++steps))" "$step"
}

indent() { sed 's/^/   /'; }

fail() {
	echo "demo: $*" >&2
	exit 1
}

inside() { ip netns exec "$ns" "$@"; }

exists() { ip link show "$1" >/dev/null 2>&1; }

# start runs a program in the background, with its output in a log, and sets started to its pid.
# Should this script be killed, the kernel ends the program.
start() {
	local log=$1
	shift
	setpriv --pdeathsig TERM "$@" >"$log" 2>&1 9>&- &
	started=$!
	running+=("$started")
}

# finish waits for a program's end and returns its exit status.
finish() {
	local status=0
	wait "$1" 2>/dev/null || status=$?
	forget "$1"
	return "$status"
}

forget() {
	local pid others=()
	for pid in "${running[@]}"; do
		[[ $pid == "$1" ]] || others+=("$pid")
	done
	running=("${others[@]}")
}

# expect waits until a program's log has a text.
expect() {
	local pid=$1 log=$2 text=$3
	for ((i = 0; i < patience; i++)); do
		grep -q "$text" "$log" && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	fail "$(basename "$log" .log) has not said \"$text\""
}

# fetch gets n pages from a host, each over a connection of its own, into $work/pages, and counts
# the answers.
fetch() {
	local host=$1 n=$2
	inside curl -sS --fail --fail-early --max-time 5 -H 'Connection: close' \
		"http://$host/[1-$n]" >"$work/pages"
	(($(wc -l <"$work/pages") == n)) || fail "$n pages were asked of $host, $(wc -l <"$work/pages") came"
	sort "$work/pages" | uniq -c | sed 's/^ *//'
}

# balance prints where the mbufs are and fails when one is missing: with no traffic each is free or
# held by a secondary that lives, and net_af_packet keeps none in the NIC.
balance() {
	local line
	for ((i = 0; i < 10; i++)); do
		line=$(bin/ff ps | grep ' mbufs = ')
		awk '{ exit !($2 == $5 + $8 + $11 && $8 == 0) }' <<<"$line" && break
		sleep 0.1
	done
	indent <<<"$line"
	((i < 10)) || fail "mbufs are missing"
}

# ---- how it ends ----

remove_network() {
	ip netns del "$ns" 2>/dev/null || true # takes the veth pair with it
}

# remove_files removes what a primary that was not able to stop leaves.
remove_files() {
	rm -rf /run/ringstack/ringstack /run/dpdk/ringstack
	rm -f /dev/hugepages/ringstackmap_*
}

clean_up() {
	local status=$?
	trap - EXIT
	trap '' INT TERM
	if ((status)); then
		tail -n 40 "$work"/*.log >&2 2>/dev/null || true # there may be none yet
		printf '\ndemo: step %d failed: %s\n' "$steps" "$step" >&2
	fi
	if ((${#running[@]})); then
		kill -TERM "${running[@]}" 2>/dev/null || true
		for ((i = 0; i < 50; i++)); do
			kill -0 "${running[@]}" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "${running[@]}" 2>/dev/null || true
		wait "${running[@]}" 2>/dev/null || true
	fi
	[[ -z $primary ]] || remove_files
	remove_network
	rm -rf "${work:?}"
	rm -f "$lock"
	exit "$status"
}

# ---- the steps ----

begin() {
	((EUID == 0)) || fail "needs root: sudo make demo"
	exec 9>"$lock"
	flock -n 9 || fail "another demo runs: wait for its end"
	rm -rf /tmp/ringstack-demo.* # of a demo that was killed
	work=$(mktemp -d /tmp/ringstack-demo.XXXXXX)
	chmod 755 "$work" # secondaries run as nobody
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
}

make_network() {
	remove_network # of a demo that was killed
	! exists "$device" || fail "there is an interface $device already: ip link del $device"
	ip netns add "$ns"
	ip link add "$device" type veth peer name "$peer" netns "$ns"
	sysctl -qw "net.ipv6.conf.$device.disable_ipv6=1" # the kernel keeps out of it
	ip link set "$device" up
	ip -n "$ns" addr add "$peer4/24" dev "$peer"
	ip -n "$ns" addr add "$peer6/64" dev "$peer" nodad
	ip -n "$ns" link set "$peer" up
	# The kernel leaves checksums and segmentation to offloads that a veth pair does not have.
	ethtool -K "$device" tx off rx off tso off gso off gro off >/dev/null
	inside ethtool -K "$peer" tx off rx off tso off gso off gro off >/dev/null
	echo "$device == $peer in namespace $ns: $peer4, $peer6" | indent
}

start_primary() {
	local flags=()
	[[ ${NO_HUGE:-} != 1 ]] || flags+=(--no-huge)
	start "$work/primary.log" bin/ff-primary --conf config.ini "${flags[@]}"
	expect "$started" "$work/primary.log" "ready for secondaries"
	primary=$started
	grep -E 'DPDK|ready| port ' "$work/primary.log" | indent
}

start_secondaries() {
	local id
	install -m 755 bin/httpd "$work" # the checkout may be closed to nobody
	for id in 0 1; do
		start "$work/httpd$id.log" setpriv --reuid nobody --regid ringstack --clear-groups \
			--inh-caps=-all --bounding-set=-all --no-new-privs "$work/httpd"
		expect "$started" "$work/httpd$id.log" serves
		secondary[id]=$started
		indent <"$work/httpd$id.log"
	done
}

fetch_pages() {
	fetch "$stack4" "$pages" | indent
	for id in 0 1; do
		grep -q "proc $id" "$work/pages" || fail "proc $id answered none of $pages requests"
	done
	fetch "[$stack6]" 10 | indent
}

ping_stack() {
	for host in "$stack4" "$stack6"; do
		inside ping -q -c 3 -i 0.2 -W 2 "$host" | grep -E 'transmitted|rtt' | indent
	done
}

# watch_traffic runs a command while pages are fetched.
watch_traffic() {
	start /dev/null ip netns exec "$ns" curl -s --max-time 5 -H 'Connection: close' "http://$stack4/[1-100000]"
	"$@" | indent
	kill -TERM "$started"
	finish "$started" || true # we ended it
}

kill_secondary() {
	kill -KILL "${secondary[0]}"
	finish "${secondary[0]}" || true # we ended it
	fetch "$stack4" "$pages" | indent
	bin/ff ps | grep -v ' mbufs = ' | indent
}

stop_all() {
	kill -TERM "${secondary[1]}"
	finish "${secondary[1]}" || fail "httpd ended with status $?"
	kill -TERM "$primary"
	finish "$primary" || fail "ff-primary ended with status $?"
	for file in /run/ringstack/ringstack /run/dpdk/ringstack /dev/hugepages/ringstackmap_*; do
		[[ ! -e $file ]] || fail "the primary left $file"
	done
	primary=
	remove_network
	! exists "$device" || fail "$device is still there"
	echo "exit status 0 of both; sockets, hugepage files, namespace and veth pair are gone" | indent
}

begin
step "set-up: packages, hugepages, group"
scripts/setup.sh | indent
step "build"
make --no-print-directory build | indent
step "network: a namespace and a veth pair"
make_network
step "primary: DPDK on $device (config.ini)"
start_primary
step "two secondaries: httpd as user nobody, without capabilities"
secondary=()
start_secondaries
step "$pages pages over IPv4, 10 over IPv6, fetched with curl in the namespace"
fetch_pages
step "ping"
ping_stack
step "ff ps"
bin/ff ps | indent
step "ff top -n 2, under load"
watch_traffic bin/ff top -n 2
step "ff traffic -n 2, under load"
watch_traffic bin/ff traffic -n 2
step "kill -9 proc 0, then $pages pages more"
kill_secondary
step "balance: each mbuf is free or held by the secondary that lives"
balance
step "stop"
stop_all
printf '\ndemo: all %d steps passed in %d s\n' "$steps" "$SECONDS"
