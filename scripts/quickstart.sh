#!/usr/bin/env bash
# From a fresh clone to a trained model: installs into .venv, trains on MNIST,
# evaluates, and draws pictures.
#
#   scripts/quickstart.sh             trains in runs/mnist of this folder
#   scripts/quickstart.sh --epochs 1  in runs/mnist--epochs-1, a run of its own
#
# All arguments are those of `keras-infogan train`. The same ones again resume.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/scripts/check.sh" --install-only
# Memory in large pages: a tenth less time for each step.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}
run_dir=$root/runs/mnist$(printf '%s' "$*" | tr -c 'A-Za-z0-9.' '-')
# An option that is given twice counts as given last.
exec "$root/.venv/bin/keras-infogan" train --run-dir "$run_dir" "$@"
