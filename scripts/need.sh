# Sourced by scripts/test and .ci/run: what a script needs from the machine.

# package_of COMMAND: the package of Debian that has it, where it has another name.
package_of() {
  case $1 in
    dot) echo graphviz ;;
    rsvg-convert) echo librsvg2-bin ;;
    node) echo nodejs ;;
    nvim) echo neovim ;;
    xmllint) echo libxml2-utils ;;
    *) echo "$1" ;;
  esac
}

# need COMMAND [PACKAGE]: whether the command is there, after installing it where that is possible
# without asking: as root on a Debian or Ubuntu.
need() {
  local command=$1 package=${2:-$(package_of "$1")}
  command -v "$command" > /dev/null && return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing $package" >&2
    # A list that could not be fetched is no reason to give up: the package may be known already.
    [ -n "${goalc_lists_fetched:-}" ] || apt-get update -qq > /dev/null || true
    goalc_lists_fetched=yes
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" > /dev/null || true
  fi
  command -v "$command" > /dev/null
}

# The bundled SQLite is compiled from C.
need_compiler() {
  need cc gcc && return 0
  echo "a C compiler is missing: install gcc or clang" >&2
  return 1
}
