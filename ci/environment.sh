# Sourced by the scripts of this folder. Makes .venv, and installs into it if pyproject.toml changed.
# Needs Python 3.11 or newer; PYTHON=/path/to/python3 chooses one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
  local candidate
  for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "No Python 3.11 or newer was found. Install one, or name it: PYTHON=/path/to/python3 $0" >&2
  return 1
}

stamp=.venv/installed
wanted=$(cksum pyproject.toml ci/environment.sh)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
  python=$(find_python)
  echo "Setting up .venv with $("$python" --version) (a few minutes the first time; PyTorch is large) ..."
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
  # pytest takes the value of an option that it does not know yet for a path, and looks for its
  # configuration there: `pytest --data-root ../data` would not find this project's options.
  # So the pytest of this environment always names the project.
  cat >.venv/bin/pytest <<'EOF'
#!/bin/sh
here=$(cd "$(dirname "$0")/../.." && pwd)
exec "$here/.venv/bin/python" -m pytest -c "$here/pyproject.toml" --rootdir "$here" "$@"
EOF
  echo "$wanted" >"$stamp"
fi
cores=$(.venv/bin/python -c 'from harness.environment import available_cores; print(available_cores())')
