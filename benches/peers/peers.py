"""Near-duplicates with rensa or datasketch: peers.py TOOL TEXTS GROUPS [SIMILARITY].

TEXTS holds JSON strings, one a line; GROUPS gets the group of each; processor seconds go to
standard output. Needs `pip install rensa datasketch`.
"""

import json
import re
import sys
import time

# As for gaoya: 128 hashes, bands that find nearly all pairs at a similarity of 0.7; where less is
# asked for, bands for half of that.
HASHES, WORDS = 128, 5
SIMILARITY = float(sys.argv[4]) if len(sys.argv) > 4 else 0.65
BANDS, RENSA_BANDS = (18, 16) if SIMILARITY > 0.5 else (32, 32)


def shingles(text):
    words = re.findall(r"\w+", text.lower())
    return [" ".join(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)]


def find(first, number):
    while first[number] != number:
        first[number] = first[first[number]]
        number = first[number]
    return number


def main():
    tool, texts, groups = sys.argv[1:4]
    texts = [json.loads(line) for line in open(texts, encoding="utf-8")]
    first = list(range(len(texts)))
    exact = {}
    if tool == "rensa":
        from rensa import RMinHash, RMinHashLSH

        index = RMinHashLSH(threshold=SIMILARITY, num_perm=HASHES, num_bands=RENSA_BANDS)
        kept = {}
    else:
        from datasketch import MinHash, MinHashLSH

        index = MinHashLSH(num_perm=HASHES, params=(BANDS, HASHES // BANDS))
    before = time.process_time()
    for number, text in enumerate(texts):
        if text in exact:
            near = [exact[text]]
        else:
            exact[text] = number
            tokens = shingles(text)
            if not tokens:
                continue
            if tool == "rensa":
                sketch = RMinHash(num_perm=HASHES, seed=42)
                sketch.update(tokens)
                near = [other for other in index.query(sketch) if sketch.jaccard(kept[other]) >= SIMILARITY]
                kept[number] = sketch
                index.insert(number, sketch)
            else:
                sketch = MinHash(num_perm=HASHES)
                sketch.update_batch([token.encode() for token in tokens])
                near = index.query(sketch)
                index.insert(number, sketch)
        for other in near:
            one, two = find(first, number), find(first, other)
            first[max(one, two)] = min(one, two)
    print(f"{time.process_time() - before:.2f}")
    with open(groups, "w", encoding="utf-8") as out:
        for number in range(len(texts)):
            print(find(first, number), file=out)


main()
