#!/usr/bin/env bash
# Installs the system packages the tests need and this machine lacks, then runs all tests.
#
# The tests need a Vulkan driver (Mesa's software one will do) for the compute shaders and for drawing the
# window; no display. Arguments go to `cargo test`: ./test.sh --test suite kernels
set -euo pipefail
cd "$(dirname "$0")"

need() { # need PACKAGE…: installs Debian or Ubuntu packages that are missing
    command -v dpkg-query >/dev/null || { echo "test.sh: not a Debian system; install the equivalents of: $*" >&2; return; }
    local missing=()
    for package in "$@"; do
        [ "$(dpkg-query -Wf '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# A C compiler for one dependency, the Vulkan loader and a driver, and what a window loads under X11.
need gcc libc6-dev libvulkan1 mesa-vulkan-drivers \
    libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon0 libxkbcommon-x11-0
# What reads the figures in PDF.
need poppler-utils qpdf
# One test reads results with polars, which it installs for itself from PyPI.
command -v python3 >/dev/null && python3 -c "import ensurepip" 2>/dev/null || need python3 python3-venv

# Mesa complains without one.
if [ -z "${XDG_RUNTIME_DIR:-}" ]; then
    XDG_RUNTIME_DIR=$(mktemp -d)
    export XDG_RUNTIME_DIR
    trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi

cargo test --locked "$@"
