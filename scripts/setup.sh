#!/usr/bin/env bash
# Sets up a Debian 12 machine for ringstack: packages, the group of the control socket, hugepages.
# It does only what is missing, and says what it does. NO_HUGE=1 leaves hugepages alone.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
	ca-certificates gcc libc6-dev make pkg-config libdpdk-dev # to build
	dpdk-dev                                                  # dpdk-proc-info
	curl ethtool iproute2 iputils-ping procps tcpdump wrk     # networks of tests and demo
	shellcheck                                                # make lint
	systemd                                                   # systemd-analyze, which reads the units
)
group=ringstack # socket_group in config.ini
pages=256       # hugepages of 2 MB
hugepages=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages

say() { echo "setup: $*"; }
warn() { echo "setup: warning: $*" >&2; }
fail() {
	echo "setup: $*" >&2
	exit 1
}

# as_root says what is about to be done, for which only root has the right.
as_root() {
	((EUID == 0)) || fail "has to $1: run it as root"
	say "$1"
}

check_go() {
	local want have
	want=$(awk '$1 == "go" { print $2 }' go.mod)
	have=$(go env GOVERSION 2>/dev/null) || have=
	printf 'go%s\n%s\n' "$want" "$have" | sort -C -V ||
		fail "needs Go $want or newer, here is ${have:-none} (Debian 12's own is too old): install it as go.dev/doc/install says, into /usr/local/go or elsewhere in PATH"
}

install_packages() {
	local missing=()
	for package in "${packages[@]}"; do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
	done
	((${#missing[@]})) || return 0
	as_root "install ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

create_group() {
	getent group "$group" >/dev/null && return
	as_root "create the group $group"
	groupadd --system "$group"
}

# reserve_hugepages never lowers what there is.
reserve_hugepages() {
	[[ -e $hugepages ]] || {
		warn "this kernel has no hugepages of 2 MB: use NO_HUGE=1"
		return
	}
	(($(<"$hugepages") < pages)) || return 0
	as_root "reserve $pages hugepages of 2 MB"
	echo "$pages" >"$hugepages" || true # the kernel may give fewer; then the count tells
	(($(<"$hugepages") >= pages)) ||
		warn "the kernel has room for $(<"$hugepages") hugepages of $pages: stop programs or reboot, or use NO_HUGE=1"
}

mount_hugepages() {
	grep -q ' hugetlbfs .*pagesize=2M' /proc/mounts && return
	as_root "mount hugetlbfs on /dev/hugepages"
	mkdir -p /dev/hugepages
	mount -t hugetlbfs -o pagesize=2M none /dev/hugepages
}

check_go
install_packages
create_group
if [[ ${NO_HUGE:-} != 1 ]]; then
	reserve_hugepages
	mount_hugepages
fi
say "all is there"
