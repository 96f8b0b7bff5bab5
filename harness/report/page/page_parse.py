#!/usr/bin/python3
"""What a browser's parser makes of a page, as JSON: for page_test.cc.

Usage: page_parse.py FILE

errors: what the HTML standard calls a parse error; elements: how many of each;
handlers: attributes that run script; requests: whatever would be fetched;
duplicate_ids; dead_links: to no id of the page; text: all of it.
"""

import collections
import json
import sys

import html5lib

FETCHED = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href", "style"}
FETCHING = {"img", "iframe", "link", "object", "embed", "video", "audio", "source", "base", "form", "use", "image"}

with open(sys.argv[1], "rb") as file:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    tree = parser.parse(file.read(), transport_encoding="utf-8")

elements = collections.Counter()
ids = collections.Counter()
handlers, requests, internal = [], [], set()
text = []
for node in tree.iter():
    if not isinstance(node.tag, str):
        requests.append("a comment")
        continue
    name = node.tag.split("}")[-1]
    elements[name] += 1
    if name in FETCHING:
        requests.append(name)
    for key, value in node.attrib.items():
        key = key.split("}")[-1] if isinstance(key, str) else key[1]
        if key.startswith("on"):
            handlers.append(key)
        if key in FETCHED:
            requests.append(f"{name} {key}")
        if key == "id":
            ids[value] += 1
        if key == "href":
            if name != "a" or value.lower().lstrip().startswith(("javascript:", "data:", "vbscript:")):
                requests.append(f"{name} {value}")
            if value.startswith("#") and not value.startswith("#t="):
                internal.add(value[1:])
    if name not in ("script", "style"):
        text.append(node.text or "")
    text.append(node.tail or "")

json.dump(
    {
        "errors": sorted({str(code) for _, code, _ in parser.errors}),
        "elements": elements,
        "handlers": handlers,
        "requests": requests,
        "duplicate_ids": [key for key, count in ids.items() if count > 1],
        "dead_links": sorted(internal - set(ids)),
        "text": "".join(text),
    },
    sys.stdout,
)
