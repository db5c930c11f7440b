# Sourced by the other scripts: need PACKAGE... installs those Debian packages
# that are missing, and says so.
need()
{
	missing=
	for package; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q 'ok installed' || missing="$missing $package"
	done
	[ -z "$missing" ] && return 0
	echo "installing:$missing"
	as_root=
	[ "$(id -u)" -eq 0 ] || as_root=sudo
	if [ -n "$as_root" ] && ! command -v sudo >/dev/null; then
		echo "cannot install: not root and no sudo; install by hand:$missing" >&2
		return 1
	fi
	# shellcheck disable=SC2086
	{ $as_root apt-get update &&
		$as_root env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y --no-install-recommends $missing; } \
		>"${TMPDIR:-/tmp}/sallyport-install.log" 2>&1 || {
		echo "installing failed; see ${TMPDIR:-/tmp}/sallyport-install.log" >&2
		return 1
	}
}
