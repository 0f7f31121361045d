#!/usr/bin/env bash
# From a fresh clone to a trained model: installs into .venv, trains on MNIST,
# evaluates, draws images, and exports the model in every form.
#
#   scripts/quickstart.sh             trains in runs/mnist
#   scripts/quickstart.sh --epochs 1  trains in runs/mnist--epochs-1
#
# Arguments are passed on to `keras-infogan train`. Run it again to resume.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/scripts/check.sh" --install-only
# Large memory pages make each step a tenth faster.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}
run_dir=$root/runs/mnist$(printf '%s' "$*" | tr -c 'A-Za-z0-9.' '-')
# If --run-dir is given twice, the last one counts.
exec "$root/.venv/bin/keras-infogan" train --run-dir "$run_dir" "$@"
