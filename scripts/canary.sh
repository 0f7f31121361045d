#!/usr/bin/env bash
# Moves the labels of the versions that TensorFlow Serving serves.
#
#   scripts/canary.sh show --config DIR
#   scripts/canary.sh publish 2 --config DIR   loads version 2, as "canary"
#   scripts/canary.sh promote --config DIR     makes the canary "stable"
#   scripts/canary.sh rollback --config DIR    takes the canary away, or without
#                                              one makes "previous" stable again
#
# DIR is that of `keras-infogan serve-config`. Its models.config is replaced in
# one step; the server reads it every 10 seconds. The labels are printed as JSON.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[[ -x $(command -v "$python") ]] || python=python3
PYTHONPATH=$root exec "$python" -m keras_infogan.serving.deploy.canary "$@"
