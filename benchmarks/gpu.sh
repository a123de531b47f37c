#!/usr/bin/env bash
# Extraction on a card, in at most 8 minutes: see benchmarks/gpu.py. Installs nothing and fetches nothing.
#
#   benchmarks/gpu.sh --model FOLDER --sae FOLDER --data FILE
set -euo pipefail
cd "$(dirname "$0")/.."
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=true
exec timeout 480 "${PYTHON:-python3}" -m benchmarks.gpu "$@"
