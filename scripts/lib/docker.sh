# Sourced by test.sh: what the tests need to start a Docker engine of their own.
# shellcheck shell=bash

prepare_docker_tests() {
  # Without apt or root these tests are skipped, and say so by name.
  if ! can_use_apt; then return 0; fi
  PATH="$PATH:/usr/sbin:/sbin"
  ensure_program dockerd docker.io
  ensure_program docker docker.io
  ensure_program docker-compose docker-compose
  ensure_program debootstrap debootstrap
  ensure_program iptables iptables
  ensure_program ip iproute2
  # Where the kernel confines programs by AppArmor, Docker wants to load a profile before it starts a container.
  if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then ensure_program apparmor_parser apparmor; fi
  ensure_compose_plugin
}

# Compose 2 is a plugin that Debian 12 does not have; the next Debian's is one file that needs nothing else.
ensure_compose_plugin() {
  local cache folder work
  cache="${XDG_CACHE_HOME:-$HOME/.cache}/songnodes-tests"
  folder="$cache/docker/cli-plugins"
  if [ -x "$folder/docker-compose" ] && [ -x "$folder/docker-buildx" ]; then return 0; fi
  say "• Fetching the plugins compose and buildx of Docker's command line"
  work="$(mktemp -d)"
  fetch_newer_debian_packages "$work" docker-compose docker-buildx
  mkdir -p "$folder"
  find "$work" -path '*/cli-plugins/docker-*' -type f -exec install -m 0755 -t "$folder" {} +
  rm -rf "$work"
}

# Unpacks packages of Debian 13 into folder $1; lists and settings of apt stay as they are.
fetch_newer_debian_packages() {
  local work="$1" archive options
  shift
  archive="$(debian_archive)"
  if [ -z "$archive" ]; then
    as_root apt-get -qq update >&2
    archive="$(debian_archive)"
  fi
  [ -n "$archive" ] || fail "apt knows no Debian archive." "Run: apt-get update"
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$archive" >"$work/sources.list"
  options=(-qq -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o "Dir::Cache::Archives=$work/archives" -o APT::Sandbox::User=root
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
  apt-get "${options[@]}" update >&2
  (cd "$work" && apt-get "${options[@]}" download "$@" >&2)
  for package in "$work"/*.deb; do dpkg -x "$package" "$work/unpacked"; done
}

# Where apt takes Debian from; nothing while it has no lists.
debian_archive() {
  # shellcheck disable=SC2016 # apt replaces it, not the shell
  apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' 'Identifier: Packages' | head -n 1
}
