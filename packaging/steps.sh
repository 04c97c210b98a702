# Steps that packaging/run and packaging/test share. Sourced by both, never run by itself.
# Works in bash 3.2 (macOS) as well.
# shellcheck shell=bash

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV="$ROOT/.venv"
CONSTRAINTS="$ROOT/packaging/constraints.txt"
# What PySide6's platform plugins load on Debian and Ubuntu, and a font to write with.
QT_PACKAGES="libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0
 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
 libxcb-render-util0 libxcb-shape0 libxcb-xkb1 libwayland-client0 libwayland-cursor0 libwayland-egl1
 fontconfig fonts-dejavu-core"

say() { printf '%s\n' "$*" >&2; }

stop() {
  say "$@"
  exit 70
}

# Prints a word for the system: linux, macos, windows.
system() {
  case "$(uname -s)" in
    Linux) echo linux ;;
    Darwin) echo macos ;;
    *) echo windows ;;
  esac
}

# Git Bash on Windows keeps the interpreter of a virtual environment elsewhere.
venv_python() {
  if [ "$(system)" = windows ]; then echo "$VENV/Scripts/python.exe"; else echo "$VENV/bin/python"; fi
}

# Whether $1 runs and is a Python that LeukView supports. A name may exist and not run (pyenv).
python_fits() {
  "$@" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

# Prints the first Python that fits; LEUKVIEW_PYTHON goes before all others.
find_python() {
  local name
  for name in ${LEUKVIEW_PYTHON:+"$LEUKVIEW_PYTHON"} python3.11 python3.12 python3.13 python3 python; do
    if python_fits "$name"; then
      command -v "$name"
      return 0
    fi
  done
  say "LeukView needs Python 3.11, 3.12 or 3.13, and none was found. Nothing was installed."
  case "$(system)" in
    linux) say "Debian 12: sudo apt-get install python3.11 python3.11-venv" \
      "· Ubuntu 24.04: sudo apt-get install python3.12 python3.12-venv" \
      "· Fedora: sudo dnf install python3.13" ;;
    *) say "Install Python 3.13 from https://www.python.org/downloads/ ." ;;
  esac
  say "If it is installed under another name: LEUKVIEW_PYTHON=/path/to/python bash packaging/run"
  return 1
}

# Installs Debian packages where that needs no password, else prints the command and fails.
apt_install() {
  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      say "These packages are missing: $*"
      say "Install them with this command, then start again:"
      say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $*"
      return 1
    fi
  fi
  say "Installing system packages: $*"
  local log
  log=$(mktemp)
  # The array form is written so that bash 3.2 and 4.3 take an empty one under `set -u`.
  if ! { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
    ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
      apt-get -q install -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    say "The system packages could not be installed; the reason stands above. Nothing else was changed."
    return 1
  fi
  rm -f "$log"
}

# Makes the virtual environment, or makes it again where it is broken or of another Python.
make_venv() {
  if python_fits "$(venv_python)" && "$(venv_python)" -m pip --version >/dev/null 2>&1; then
    return 0
  fi
  local python version
  python=$(find_python) || return 1
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    # Debian and Ubuntu keep these two apart from the interpreter.
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if command -v apt-get >/dev/null; then
      apt_install "python$version-venv" || return 1
    else
      say "Python $version is here without its modules venv and ensurepip. Nothing was installed."
      say "Install your system's package for them (often python3-venv), then start again."
      return 1
    fi
  fi
  say "Making .venv with $("$python" --version)"
  "$python" -m venv --clear "$VENV"
}

# One line that changes when the installation has to be done again. Moving the folder counts,
# because an editable installation knows it by its path.
fingerprint() {
  printf '%s ' "$ROOT" "$(cksum <"$CONSTRAINTS")"
  # The settings of ruff, mypy and pytest below do not touch what is installed.
  sed '/^\[tool\.ruff/,$d' "$ROOT/pyproject.toml" | cksum
}

# Installs LeukView, editable, with the extras named in $1 ("" for none). Without a change since the
# last time it does nothing and needs no network.
install_app() {
  local extras=$1 stamp="$VENV/leukview-app${1:+-${1//,/-}}.stamp" now
  now=$(fingerprint)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then
    return 0
  fi
  make_venv || return 1
  say "Installing LeukView${extras:+ with $extras} (the first time this takes a few minutes)"
  if ! (cd "$ROOT" && "$(venv_python)" -m pip install -qq --disable-pip-version-check \
    --constraint packaging/constraints.txt --editable ".${extras:+[$extras]}" </dev/null); then
    say "LeukView could not be installed; pip's reason stands above. No data was touched."
    say "Check the network and the free space ($(df -Pk "$ROOT" | awk 'NR == 2 {print int($4 / 1024)}') MB here), then start again."
    return 1
  fi
  # The extras contain the plain app, so packaging/run has nothing to do after packaging/test.
  printf '%s' "$now" >"$VENV/leukview-app.stamp"
  printf '%s' "$now" >"$stamp"
}

# Libraries that Qt would look for and not find, one a line (Linux).
missing_qt() {
  local qt
  qt=$("$(venv_python)" -P -c 'import importlib.util as u; print(u.find_spec("PySide6").submodule_search_locations[0])') || return 1
  find "$qt/Qt/lib/libQt6Gui.so.6" "$qt/Qt/lib/libQt6Widgets.so.6" "$qt/Qt/plugins/platforms" \
    -name '*.so*' \( -name 'libQt6*' -o -name 'libqxcb*' -o -name 'libqoffscreen*' -o -name 'libqwayland*' \) \
    -exec ldd {} + 2>/dev/null | awk '/not found/ && !/libQt6/ {print $1}' | sort -u
  command -v fc-list >/dev/null && [ -n "$(fc-list 2>/dev/null | head -n 1)" ] || echo "a font"
}

# Sees to the system libraries of the window. Fails after saying what to do.
install_qt_libraries() {
  local stamp="$VENV/leukview-qt.stamp" missing
  [ "$(system)" = linux ] || return 0
  [ ! -f "$stamp" ] || return 0
  missing=$(missing_qt)
  if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null; then
      say "The window needs these system libraries, which are missing: ${missing//$'\n'/, }."
      say "Install them with your system's package manager, then start again."
      return 1
    fi
    # shellcheck disable=SC2086  # a list of words
    apt_install $QT_PACKAGES || return 1
    missing=$(missing_qt)
    if [ -n "$missing" ]; then
      say "Still missing after the installation: ${missing//$'\n'/, }. Install the packages that hold them."
      return 1
    fi
  fi
  : >"$stamp"
}
