#!/usr/bin/env bash
# From a fresh clone to a trained model: installs into .venv, trains on MNIST,
# evaluates, and draws pictures.
#
#   scripts/quickstart.sh                       trains in runs/mnist
#   scripts/quickstart.sh --run-dir runs/other  options of `keras-infogan train`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/check.sh --install-only
for option in "$@"; do
    case $option in
        --run-dir | --run-dir=*) exec .venv/bin/keras-infogan train "$@" ;;
    esac
done
exec .venv/bin/keras-infogan train --run-dir runs/mnist "$@"
