#!/bin/sh
# Fetch a link and wait for its end: `fetch-and-wait.sh URL`. Needs curl and jq.
# SERVER: the server. TOKEN: a token with the scope `download`.
set -eu
call() { curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' "$@"; }

id=$(jq -n --arg url "$1" '{url: $url}' | call -d @- "$SERVER/api/downloads" | jq -r .id)
while :; do
  row=$(call "$SERVER/api/downloads/$id")
  case $(printf '%s' "$row" | jq -r .state) in
    done) printf '%s' "$row" | jq -r '"item \(.item): \(.title)"'; exit 0 ;;
    failed | cancelled | needs_action) printf '%s' "$row" | jq -r '.error.message' >&2; exit 1 ;;
  esac
  sleep "${POLL_SECONDS:-5}"
done
