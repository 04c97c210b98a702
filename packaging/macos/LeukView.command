#!/usr/bin/env bash
# A double click in the Finder opens this in Terminal.
exec bash "$(dirname -- "${BASH_SOURCE[0]}")/../run" "$@"
