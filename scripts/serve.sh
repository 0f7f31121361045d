#!/usr/bin/env bash
# Serves the versions of a model on this machine with TensorFlow Serving.
#
#   scripts/serve.sh                        saved_models/mnist, as "mnist"
#   scripts/serve.sh DIR [NAME] [-- FLAGS]  FLAGS go to tensorflow_model_server
#   REST_PORT=9501 GRPC_PORT=9500 scripts/serve.sh
#
# The server is tensorflow_model_server on the PATH, or the program named by
# TENSORFLOW_MODEL_SERVER. Without one, the script prints a command that starts
# a container, and exits with code 3. The server listens on all interfaces, the
# container on loopback only.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ ${1-} == --help || ${1-} == -h ]]; then
    sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit 0
fi

say() { printf '==> %s\n' "$*" >&2; }

positional=()
while (($#)) && [[ $1 != -- ]]; do
    positional+=("$1")
    shift
done
(($#)) && shift
if ((${#positional[@]} > 2)) ||
    [[ ${positional[0]-} == -* || ${positional[1]-} == -* ]]; then
    say "usage: $0 [DIR [NAME]] [-- FLAGS]"
    exit 2
fi
directory=${positional[0]-$root/saved_models/mnist}
if ! ls "$directory"/[0-9]*/saved_model.pb >/dev/null 2>&1; then
    say "$directory should have versions, such as $directory/1/saved_model.pb." \
        "Export one: keras-infogan export RUN --saved-model $directory"
    exit 2
fi
directory=$(cd "$directory" && pwd)
name=${positional[1]-$(basename "$directory")}
if [[ ! $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]]; then
    say "the name should be only letters, digits, _, - and . Received: $name"
    exit 2
fi
rest=${REST_PORT:-8501} grpc=${GRPC_PORT:-8500}
for port in "$rest" "$grpc"; do
    if [[ ! $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then
        say "REST_PORT and GRPC_PORT should be from 1 to 65535. Received: $port"
        exit 2
    fi
done
if [[ $rest == "$grpc" ]]; then
    say "REST_PORT and GRPC_PORT should differ. Received: $rest for both"
    exit 2
fi

server=${TENSORFLOW_MODEL_SERVER:-$(command -v tensorflow_model_server || true)}
# A version that cannot be loaded says why at once, not after five minutes.
# By default there are 4 threads for each CPU; more callers get errors, or wait.
flags=(--max_num_load_retries=0 --grpc_max_threads=256 --rest_api_num_threads=64)
if [[ -z $server ]]; then
    say "no tensorflow_model_server found; this starts one in a container:"
    printf '%q ' docker run --rm --init --read-only --tmpfs /tmp \
        --publish "127.0.0.1:$grpc:8500" --publish "127.0.0.1:$rest:8501" \
        --mount "type=bind,source=$directory,target=/models/$name,readonly" \
        --env "MODEL_NAME=$name" tensorflow/serving:2.20.0 "${flags[@]}" "$@"
    printf '\n'
    exit 3
fi
if ! command -v "$server" >/dev/null; then
    say "TENSORFLOW_MODEL_SERVER should name a program. Received: $server"
    exit 2
fi
say "serving $name at http://127.0.0.1:$rest and grpc://127.0.0.1:$grpc," \
    "which other machines can reach unless a firewall stops them"
exec "$server" --model_name="$name" --model_base_path="$directory" \
    --rest_api_port="$rest" --port="$grpc" "${flags[@]}" "$@"
