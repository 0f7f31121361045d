#!/usr/bin/env bash
# Checks format, style, types and tests, the same for people, pre-commit and CI.
#
#   scripts/check.sh                 everything
#   scripts/check.sh --install-only  makes the virtual environment .venv
#   PYTHON=python3.13 scripts/check.sh
#   PIP_CONSTRAINT=constraints.txt scripts/check.sh   the versions in that file
#
# .venv is made with $PYTHON (python3 by default) when there is none that works,
# and installed into again when setup.cfg or pyproject.toml has changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '==> %s\n' "$*" >&2; }

# True if $1 is a Python of a version that setup.cfg allows.
is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

install() {
    local python=${PYTHON:-python3} stamp=.venv/installed wanted
    # pip at the end of the list, as a venv may be cut off before it has one.
    if ! is_new_enough .venv/bin/python || ! .venv/bin/python -m pip --version \
        >/dev/null 2>&1; then
        if ! is_new_enough "$python"; then
            say "Python 3.11 or newer is needed, and '$python' is not one:" \
                "set PYTHON, as in PYTHON=python3.12 $0"
            exit 2
        fi
        say "making .venv with $("$python" --version)"
        rm -rf .venv
        "$python" -m venv .venv
    fi
    # The folder is in it because an editable installation points to it.
    wanted=$({ pwd -P; cat setup.cfg pyproject.toml ${PIP_CONSTRAINT-}; } | cksum)
    if [[ $(cat "$stamp" 2>/dev/null) != "$wanted" ]]; then
        say "installing keras-infogan and its tools into .venv"
        rm -f "$stamp"
        .venv/bin/python -m pip install -qq --disable-pip-version-check \
            --editable '.[dev]'
        printf '%s\n' "$wanted" >"$stamp"
    fi
}

# Says whether the versions in .venv, the newest unless PIP_CONSTRAINT is set,
# are those of constraints.txt: then this run is a test of them, too.
compare_versions() {
    local others
    others=$(.venv/bin/python -m pip freeze --exclude-editable |
        sort | comm -23 - <(sort constraints.txt))
    if [[ -z $others ]]; then
        say "all versions are those of constraints.txt"
    else
        say "these versions are not those of constraints.txt:" \
            "${others//$'\n'/ }"
    fi
}

run() {
    say "$*"
    ".venv/bin/$1" "${@:2}"
}

# Builds what a release would hold, and checks how an index would show it.
build() {
    local folder
    folder=$(mktemp -d)
    run python -m build --outdir "$folder" . >"$folder/log" ||
        { cat "$folder/log"; return 1; }
    run twine check --strict "$folder"/*.whl "$folder"/*.tar.gz
    rm -r "$folder"
}

# Runs all tests in four parts and ends with the sums of their closing lines.
# TensorFlow keeps what it has compiled for as long as a process lives: in one
# part, two processes grow to more than 10 GB.
test_in_parts() {
    local log status=0 large=(export models training) parts=() rest= sums order
    log=$(mktemp)
    for folder in "${large[@]}"; do
        parts+=("tests/$folder")
        rest+=" --ignore tests/$folder"
    done
    # A file is for one process, as its tests share trained models. Those with
    # most tests come first, but in training, where few of them take longest.
    for part in "${parts[@]}" "$rest"; do
        order=
        [[ $part != tests/training ]] || order=--no-loadscope-reorder
        # Words, as a part may be several arguments.
        # shellcheck disable=SC2086
        run pytest --numprocesses 2 --dist loadfile $order $part |
            tee -a "$log" ||
            status=1
    done
    sums=$(awk '/^=+ .* in [0-9.]+s/ {
        for (i = 2; i <= NF; i++) {
            word = $i; sub(",", "", word)
            if (word ~ /^errors?$/) word = "failed"
            if (word ~ /^(passed|failed|skipped)$/) n[word] += $(i - 1)
        }
    } END { printf "%d passed, %d failed, %d skipped",
            n["passed"], n["failed"], n["skipped"] }' "$log")
    rm "$log"
    echo "$sums"
    return "$status"
}

case ${1-} in
    --install-only) install ;;
    "")
        install
        compare_versions
        run ruff format --check .
        run ruff check .
        run mypy
        build
        # Last, so that the output ends with the count of tests.
        test_in_parts
        ;;
    *)
        say "usage: $0 [--install-only]"
        exit 2
        ;;
esac
