# Sourced by the scripts: makes the virtual environment and installs what is missing, once.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "✗ $1"
  [ -z "${2:-}" ] || say "  $2"
  exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

can_use_apt() {
  command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1; }
}

apt_install() {
  say "• Installing with apt: $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null \
    || fail "apt could not install: $*" "Read its messages above, mend the cause and start again."
}

# Prints a Python that is new enough and can make virtual environments.
find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 \
      && "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

ensure_python() {
  find_python >/dev/null && return 0
  can_use_apt || fail "Python 3.11 or newer with venv is missing." \
    "Install it (Debian and Ubuntu: apt-get install python3.11 python3.11-venv), then start again."
  if apt-cache show python3.11-venv >/dev/null 2>&1 || { as_root apt-get -qq update >&2 && apt-cache show python3.11-venv >/dev/null 2>&1; }; then
    apt_install python3.11 python3.11-venv
  else
    apt_install python3 python3-venv
  fi
  find_python >/dev/null || fail "This system has no Python 3.11 or newer." "Install one, then start again."
}

# Whether the virtual environment is whole; one that was stopped while it was made has no pip yet.
has_environment() {
  local python="$1/.venv/bin/python"
  [ -x "$python" ] || return 1
  if command -v uv >/dev/null 2>&1; then "$python" -c ''; else "$python" -c 'import pip'; fi 2>/dev/null
}

make_environment() {
  local here="$1" python
  has_environment "$here" && return 0
  ensure_python
  python="$(find_python)"
  say "• Making the virtual environment with $python"
  if command -v uv >/dev/null 2>&1; then
    uv venv --quiet --clear --python "$python" "$here/.venv" >&2
  else
    "$python" -m venv --clear "$here/.venv"
  fi
}

# Whether requirements/SET.txt, as it is now, was installed.
has_set() { cmp -s "$1/requirements/$2.txt" "$1/.venv/.installed-$2"; }

# Installs requirements/SET.txt unless that very file was installed before.
install_set() {
  local here="$1" set="$2" file stamp
  file="$here/requirements/$set.txt"
  stamp="$here/.venv/.installed-$set"
  if has_set "$here" "$set"; then return 0; fi
  say "• Installing the packages of requirements/$set.txt (once)"
  if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$here/.venv/bin/python" --requirement "$file" >&2
  else
    "$here/.venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$file" >&2
  fi || fail "The packages could not be installed." "Check that the package index can be reached, then start again."
  cp "$file" "$stamp"
}

# The sets grow: dev holds desktop, desktop holds services.
prepare_services() {
  make_environment "$1"
  if has_set "$1" dev || has_set "$1" desktop; then return 0; fi
  install_set "$1" services
}

# Names the shared libraries that Qt's window plugin misses.
missing_qt_libraries() {
  local plugin
  for plugin in "$1"/.venv/lib/python3*/site-packages/PySide6/Qt/plugins/platforms/libq{xcb,offscreen}.so; do
    ldd "$plugin" 2>/dev/null | awk '/not found/ {print $1}'
  done | sort -u
}

ensure_qt_libraries() {
  local missing
  [ "$(uname -s)" = Linux ] || return 0
  missing="$(missing_qt_libraries "$1")"
  [ -n "$missing" ] || return 0
  say "• Qt misses these system libraries: $(tr '\n' ' ' <<<"$missing")"
  can_use_apt || fail "They cannot be installed from here." "Install them with your system's package manager."
  apt_install libgl1 libegl1 libopengl0 libxkbcommon0 libxkbcommon-x11-0 libx11-xcb1 libxcb1 libxcb-cursor0 \
    libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render0 libxcb-render-util0 libxcb-shape0 \
    libxcb-shm0 libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libdbus-1-3 libfontconfig1 libfreetype6 \
    libglib2.0-0 zlib1g
  missing="$(missing_qt_libraries "$1")"
  [ -z "$missing" ] || fail "Still missing: $(tr '\n' ' ' <<<"$missing")" "Install the packages that hold them."
}

prepare_desktop() {
  make_environment "$1"
  if ! has_set "$1" dev; then install_set "$1" desktop; fi
  if [ ! -e "$1/.venv/.qt-checked" ]; then
    ensure_qt_libraries "$1"
    : >"$1/.venv/.qt-checked"
  fi
}

prepare_tests() {
  make_environment "$1"
  install_set "$1" dev
  ensure_qt_libraries "$1"
  # The playbook's own curl lines are among the tests; gateway replicas share their state through Redis, and
  # messages may go through RabbitMQ. Its program is named by its path: /usr/sbin is not on everybody's.
  ensure_program curl curl
  ensure_program redis-server redis-server
  ensure_program Xvfb xvfb
  ensure_program /usr/lib/rabbitmq/bin/rabbitmq-server rabbitmq-server
}

# Installs the Debian package $2 when the program $1 is missing.
ensure_program() {
  if command -v "$1" >/dev/null 2>&1; then return 0; fi
  can_use_apt || fail "$1 is missing." "Install it, then start again."
  apt_install "$2"
}
