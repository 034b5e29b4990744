"""Compares what podclaw read with what PyYAML reads: one JSON object a line, with `text` and `reading`."""

import json
import sys

import yaml

loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
count = 0
wrong = 0
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in filter(str.strip, lines):
        case = json.loads(line)
        count += 1
        try:
            theirs = yaml.load(case["text"], loader)
        except yaml.YAMLError as error:
            theirs = error
        if json.dumps(theirs, default=repr) != json.dumps(case["reading"]):
            wrong += 1
            print(f"PyYAML reads {theirs!r} from {case['text']!r}", file=sys.stderr)
print(f"{count} documents, {wrong} read differently")
sys.exit(wrong > 0)
