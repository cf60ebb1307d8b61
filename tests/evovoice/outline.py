#!/usr/bin/env python3
"""Prints a document's elements as they are written, one a line: depth, name with its prefix, attributes; with --text what is
in each as well, as JSON. Fails on what is no XML, or names a namespace that isn't declared."""

import json, sys
import xml.etree.ElementTree
from xml.parsers import expat

document = sys.stdin.buffer.read()
xml.etree.ElementTree.fromstring(document)
depth, texts = 0, []


def start(name, attributes):
    global depth
    print(depth, name, *(f"{key}={value}" for key, value in sorted(attributes.items())))
    depth += 1
    texts.append("")


def end(name):
    global depth
    depth -= 1
    text = texts.pop()
    if "--text" in sys.argv and text.strip():
        print(depth, json.dumps(text))


def characters(text):
    texts[-1] += text


parser = expat.ParserCreate()
parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
parser.Parse(document, True)
