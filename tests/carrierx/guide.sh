#!/usr/bin/env bash
# Walks through the requests of the CarrierX storage guide, one by one, and checks each answer.
#
#   tests/carrierx/guide.sh BASE TOKEN RECORDING.mp3      BASE such as http://127.0.0.1:8080
set -euo pipefail
[ $# = 3 ] || { sed -n '2,4s/^# \{0,1\}//p' "$0" >&2; exit 2; }
base=$1 token=$2 recording=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0

fail() { echo "failed: $1: ${*:2}" >&2; cat "$work/head" "$work/body" 2>/dev/null | head -c 2000 >&2; exit 1; }

# ask STATUS WHAT CURL-ARGUMENTS…: the answer must have that status.
ask() {
    local wanted=$1 what=$2 status
    shift 2
    status=$(curl -sS -o "$work/body" -D "$work/head" -w '%{http_code}' "$@") || fail "$what" "no answer"
    [ "$status" = "$wanted" ] || fail "$what" "status $status, wanted $wanted"
    passed=$((passed + 1))
}
# The same with the token.
call() { ask "$1" "$2" -H "Authorization: Bearer $token" "${@:3}"; }
# header NAME VALUE: the last answer has it; VALUE is a pattern of the shell.
header() {
    local value
    value=$(tr -d '\r' <"$work/head" | sed -n "s/^$1: //Ip")
    # shellcheck disable=SC2053
    [[ $value == $2 ]] || fail "$1" "is '$value', wanted '$2'"
    passed=$((passed + 1))
}
# field NAME: an attribute of the last answer.
field() { python3 -c 'import json,sys; v=json.load(open(sys.argv[1])); print(v[sys.argv[2]])' "$work/body" "$1"; }
# is NAME VALUE: an attribute of the last answer has that value.
is() { [ "$(field "$1")" = "$2" ] || fail "$1" "is $(field "$1"), wanted $2"; passed=$((passed + 1)); }
same() { cmp -s "$work/body" "$1" || fail "$2" "other bytes"; passed=$((passed + 1)); }

call 200 'make a container' -X POST "$base/core/v2/storage/containers" -H 'Content-Type: application/json' --data-binary '{}'
container=$(field container_sid)

call 201 'upload a form' -X POST "$base/core/v2/storage/files" -H 'Content-Type: multipart/form-data' \
    -F "file_object={\"container_sid\":\"$container\"}" -F "data=@$recording"
file=$(field file_sid)
link=$(field publish_uri)
is name "$(basename "$recording")"
call 201 'upload a raw body' -X POST "$base/core/v2/admin/storage/files?container_sid=$container&name=my_audio.mp3" \
    -H 'Content-Type: application/octet-stream' --data-binary "@$recording"
is name my_audio.mp3

call 200 'the file as an object' "$base/core/v2/storage/files/$file"
is file_sid "$file"
call 200 'the data of the file' "$base/core/v2/storage/files/$file/data"
same "$recording" 'the data'

ask 206 'the first 500 bytes' "$link" -H 'Range: bytes=0-499'
ask 206 'bytes 20 to 499' "$link" -H 'Range: bytes=20-499'
head -c 500 "$recording" | tail -c +21 >"$work/part"
same "$work/part" 'the part'
header Accept-Ranges bytes
header Content-Range "bytes 20-499/$(stat -c %s "$recording")"
header Content-Length 480
header Cache-Control None
header Content-Disposition "inline;*filename\*=UTF-8''*"
header Access-Control-Allow-Origin '\*'
header Access-Control-Allow-Methods GET
modified=$(tr -d '\r' <"$work/head" | sed -n 's/^Last-Modified: //Ip')
ask 206 'a range if not modified' "$link" -H 'Range: bytes=20-499' -H "If-Range: $modified"
ask 200 'the whole if modified' "$link" -H 'Range: bytes=20-499' -H 'If-Range: Mon, 05 Apr 2021 14:51:53 GMT'
header Content-Range ''

ask 200 'a disposition' "$link?disposition=attachment&disposition_name=my_file.wav"
header Content-Disposition "attachment;*filename\*=UTF-8''my_file.wav"
ask 200 'a content type' "$link?content_type=audio/G722"
header Content-Type audio/G722
ask 200 'cache headers' "$link?cache_headers=3600"
header Cache-Control 'public, max-age=3600'
ask 200 'cache control' "$link?cache_control=min-fresh=3600"
header Cache-Control min-fresh=3600

call 201 'transcode on upload' -X POST "$base/core/v2/storage/files" \
    -F "file_object={\"container_sid\":\"$container\",\"type\":\"audio\",\"desired_format\":\"g722\"}" -F "data=@$recording"
is content_format g722
stored=$(field publish_uri)
ask 200 'the transcode on the fly' "$link?f=g722"
cp "$work/body" "$work/g722"
ask 200 'the stored transcode' "$stored"
same "$work/g722" 'stored and on the fly'
call 201 'another bit rate on upload' -X POST "$base/core/v2/storage/files" \
    -F "file_object={\"container_sid\":\"$container\",\"type\":\"audio\",\"desired_bitrate\":\"32\"}" -F "data=@$recording"
is content_format mp3
for format in al alaw flac g722 mp3 mp4 ogg ul ulaw wav; do ask 200 "download as $format" "$link?f=$format"; done
for rate in 8 16 24 32 40 48 64 80 96 112 128 160 192 224 256 320; do ask 200 "download at $rate" "$link?br=$rate"; done

unique="{\"container_sid\":\"$container\",\"unique\":true,\"string_key_1\":\"once\"}"
call 201 'a unique file' -X POST "$base/core/v2/storage/files" -F "file_object=$unique" -F "data=@$recording"
once=$(field file_sid)
call 422 'the same keys again' -X POST "$base/core/v2/storage/files" -F "file_object=$unique" -F "data=@$recording"
is message 'object validation error'
grep -q "\"reference_sid\":\"$once\"" "$work/body" || fail 'reference_sid' 'does not name the other'

patch() { call 200 "$1" -X PATCH "$base/core/v2/storage/containers/$container" -H 'Content-Type: application/json' --data-binary "$2"; }
patch 'a threshold that rejects' '{"threshold_action":"reject","threshold_files":90,"threshold_grace_period":300}'
is threshold_action reject
is threshold_grace_period 300
patch 'a threshold that cleans up' '{"threshold_action":"delete_lru","threshold_files":90,"threshold_files_target":70}'
is threshold_files_target 70

echo "$passed checks passed"
