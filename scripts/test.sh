#!/bin/sh
# Installs what the tests need, builds everything and runs every test.
set -e
cd "$(dirname "$0")/.."
. scripts/need.sh
need git gcc libc6-dev make pkg-config check perl ncat curl strace socat \
	procps iproute2 util-linux clang clang-tidy cppcheck libclang-rt-14-dev \
	valgrind clang-format shellcheck flake8 mandoc aspell aspell-en haproxy \
	nginx-light libnginx-mod-stream hitch stunnel4 openssl ser2net mbpoll cups \
	wrk nftables patch systemd zsh fish tmux jq lnav goaccess python3 \
	python3-websockets
export WERROR=1
make -j"$(nproc)" all
make lint
make check
make check-asan
