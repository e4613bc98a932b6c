# What ./run, ./test and the scripts of tools/ share. Sourced by bash scripts that have set
# `set -euo pipefail`; expects to be run from anywhere.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# One line a step, with the time since the start.
step() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The command's own comment block is its help.
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"; }

# packages_of NEED…: their package names.
packages_of() {
  awk -v needs=" $* " '!/^#/ && NF == 2 && index(needs, " " $1 " ") { print $2 }' \
    "$root/tools/packages.txt" | sort -u
}

# missing_of NEED…: those that are not installed.
missing_of() {
  local package
  for package in $(packages_of "$@"); do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
      echo "$package"
  done
}

# as_root COMMAND…: a function or a program, with the rights that apt needs.
as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Installing a server must neither start it nor create a database cluster: the tests start their own.
# These settings stand for the time of the installation only.
hold_services() {
  if [[ ! -e /usr/sbin/policy-rc.d ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
    held+=(/usr/sbin/policy-rc.d)
  fi
  if [[ ! -e /etc/postgresql ]]; then
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' |
      as_root tee /etc/postgresql-common/createcluster.d/esteira.conf >/dev/null
    held+=(/etc/postgresql-common/createcluster.d/esteira.conf)
  fi
  # PostgreSQL's packages note their clusters in apt's configuration, and fail to install where that
  # is mounted read-only, as containers and build machines have it.
  if ! as_root test -w /etc/apt/apt.conf.d && [[ ! -e $apt_note ]]; then
    as_root dpkg-divert --quiet --local --no-rename --divert "$apt_note.real" --add "$apt_note"
    as_root mkdir -p "${apt_note%/*}"
    printf '#!/bin/sh\n' | as_root tee "$apt_note" >/dev/null
    as_root chmod 755 "$apt_note"
    diverted=yes
  fi
}

release_services() {
  [[ ${#held[@]} -eq 0 ]] || as_root rm -f "${held[@]}"
  held=()
  if [[ $diverted == yes ]]; then
    as_root rm -f "$apt_note"
    as_root dpkg-divert --quiet --local --rename --remove "$apt_note"
  fi
  diverted=no
}
held=()
diverted=no
apt_note=/usr/share/postgresql-common/pg_updateaptconfig

# Turns apt's output into a line every 25 packages, and its errors.
show_apt_progress() {
  local line fetched=0 ready=0
  while IFS= read -r line; do
    case $line in
      Get:*) ((++fetched % 25)) || step "  downloaded $fetched packages" ;;
      'Setting up '*) ((++ready % 25)) || step "  set up $ready packages" ;;
      E:* | W:* | dpkg:*) echo "$line" ;;
    esac
  done
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" 2>&1 |
    tee "$(log_of apt)" | show_apt_progress
}

apt_update() {
  step "updating the package lists"
  as_root apt-get update -qq
}

# need NEED…: installs what is missing; touches neither apt nor the network when nothing is.
need() {
  command -v dpkg-query >/dev/null ||
    die "this is made for Debian 12; elsewhere install the like of tools/packages.txt and use cmake"
  local missing
  mapfile -t missing < <(missing_of "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  [[ $(id -u) -eq 0 ]] || command -v sudo >/dev/null ||
    die "run as root, or install sudo; missing packages: ${missing[*]}"
  step "installing ${#missing[@]} packages: ${missing[*]}"
  # An empty or old package list is the common reason for a failure, and the only one worth a
  # second try.
  apt-cache show "${missing[@]}" >/dev/null 2>&1 || apt_update
  trap release_services EXIT
  hold_services
  apt_install "${missing[@]}" || { apt_update && apt_install "${missing[@]}"; } ||
    die "apt-get could not install ${missing[*]}: its output is in $(log_of apt)"
  release_services
  trap - EXIT
}

# configure PRESET [OPTION…]: only when it was not, so that a second run starts at once (ninja
# configures again by itself when a CMake file changes).
configure() {
  local preset=$1
  shift
  if [[ ! -e "$root/build/$preset/build.ninja" || $# -gt 0 ]]; then
    step "configuring build/$preset"
    (cd "$root" && cmake --preset "$preset" "$@" >"$(log_of "configure-$preset")" 2>&1) || {
      tail -n 40 "$(log_of "configure-$preset")" >&2
      die "cmake failed; the whole output is in $(log_of "configure-$preset")"
    }
  fi
}

log_of() {
  mkdir -p "$root/build/log"
  echo "$root/build/log/$1.txt"
}

# build PRESET [TARGET…]
build() {
  local preset=$1
  shift
  step "building build/$preset${*:+: $*}"
  NINJA_STATUS='[%es %f/%t] ' ninja -C "$root/build/$preset" "$@"
}
