#!/usr/bin/env bash
# A real training with the web view open and the status line in the terminal.
set -euo pipefail
cd "$(dirname "$0")/.."

directory="${TRACKIO_DIR:-$PWD/target/run}"
port="${PORT:-7860}"
export TRACKIO_DIR="$directory"
python=.venv/bin/python
program=.venv/bin/paceline

"$program" serve --dir "$directory" --port "$port" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT

run="digits-$(date +%H%M%S)"
"$python" examples/digits.py --name "$run" "$@" &
training=$!

# One line, rewritten on a terminal; a line each few seconds elsewhere.
interactive=false
[ -t 1 ] && interactive=true
while kill -0 "$training" 2>/dev/null; do
  if ! kill -0 "$server" 2>/dev/null; then
    echo "The web view could not start; choose another port with PORT=…" >&2
    kill "$training"
    exit 1
  fi
  if line="$("$program" status --dir "$directory" --project digits --run "$run" 2>/dev/null | sed -n 2p)" && [ -n "$line" ]; then
    if $interactive; then printf '\r\033[K%s' "$line"; sleep 1; else printf '%s\n' "$line"; sleep 5; fi
  else
    sleep 1
  fi
done
$interactive && printf '\n'
wait "$training"
"$program" status --dir "$directory" --project digits --run "$run"

if [ -t 0 ] && [ -z "${CI:-}" ]; then
  echo "The web view stays open at http://127.0.0.1:$port until Ctrl-C." >&2
  wait "$server"
fi
