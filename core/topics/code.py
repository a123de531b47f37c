"""Which lines of a text are code, and in which language: by marks that stand in the text, no parser, no model."""

from __future__ import annotations

import re

# What gives a language away; a line break stands for the beginning of a line.
MARKS = {
    "Python": ("\ndef ", "\n    def ", "\nimport ", "print(", "(self", " self.", "elif ", "len(", "in range("),
    "JavaScript": ("console.log", "function(", "function (", "\nconst ", "\nlet ", "\nvar ", "=> ", "document.get",
                   "===", "} from '", "require(", "\nexport "),
    "HTML": ("<!DOCTYPE", "<html", "<head", "<body", "<div", "<p>", "<a href", "<ul", "<li", "<table", "<form", "<img"),
    "SQL": ("SELECT ", "INSERT INTO", "CREATE TABLE", "UPDATE ", "DELETE FROM", "ALTER TABLE", "ORDER BY", "FROM ",
            "WHERE "),
    "Java": ("public class", "public static", "System.out", "import java", "private int", "String[]", "ArrayList<"),
    "C++": ("std::", "cout <<", "cout<<", "<iostream>", "vector<", "using namespace"),
    "C#": ("using System", "Console.Write", "namespace ", "public string", "IEnumerable<"),
    "C": ("printf(", "int main(", "scanf(", ".h>", "malloc(", "sizeof("),
    "PHP": ("<?php", "$_", "echo $", "$this->", "array("),
    "CSS": ("px;", "margin:", "padding:", "font-size:", "background-color:", "display:", "\n.", "\n#"),
    "shell": ("#!/bin/", "sudo ", "apt-get", "pip install", "\n$ ", "\ngit ", "\ncd ", "grep ", "echo \""),
    "R": ("<- function", "<- c(", "library(", "ggplot(", "data.frame("),
    "Go": ("\nfunc ", "package main", "fmt.", ":= "),
    "Ruby": ("\nputs ", ".each do", "\n  puts", "attr_accessor"),
    "LaTeX": ("\\begin{", "\\frac{", "\\section{", "\\documentclass", "\\usepackage"),
}  # fmt: skip
WEAK = {
    "\n.",
    "\n#",
    "namespace ",
    ":= ",
    "display:",
    "margin:",
    "array(",
    "UPDATE ",
    "FROM ",
    "WHERE ",
    "\ncd ",
}  # fmt: skip  prose has them too
# The word after a fence.
NAMES = {name.lower(): name for name in (*MARKS, "TypeScript", "JSON", "YAML", "XML", "Swift", "Kotlin", "Rust")} | {
    "py": "Python", "js": "JavaScript", "jsx": "JavaScript", "ts": "TypeScript", "tsx": "TypeScript", "cpp": "C++",
    "cs": "C#", "csharp": "C#", "bash": "shell", "sh": "shell", "golang": "Go", "tex": "LaTeX", "rb": "Ruby",
}  # fmt: skip
FENCE = re.compile(r"^ {0,3}```[ \t]*([\w+#-]*)[^\n]*\n(.*?)(?:^ {0,3}```|\Z)", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`[^`\n]+`")
ADDRESS = r"(?:https?://|www\.)\S+"  # of the web
NOT_WORDS = re.compile(ADDRESS + r"|\b\w*_\w*\b|\b[a-z]+(?:[A-Z][a-z0-9]+)+\b(?:\(\))?|\b\w+\(\)")
LINE = re.compile(  # indented and no list, the end or the beginning of a block, an assignment, a call, a comment or tag
    r"^(?:\t| {2,})[^\s*•\d-]|[;{}][ \t]*$|^[ \t]*[})\]]|^[ \t]*(?:\?>|end)[ \t]*$"
    r"|^[ \t]*[A-Za-z_][\w.\[\]'\"]* ?[-+*/]?= ?\S|\w\([^)\n]*\)[ \t]*$|^[ \t]*(?://|#\w|/\*|</?[a-z!])"
)
LEAST = 2  # lines that look like code make a text one that holds code
HINT = re.compile(r"[`;{}<>=|_(\\$]|#!|\b(?:import|def|SELECT|echo) ")  # what no code does without


def split_code(text: str) -> tuple[str, str, str]:
    """(words, code, language): the prose of a text, its code, and the language of the code, "" where none shows.

    Code is what stands in fences, and, where something gives a language away or LEAST lines look like code, every line
    that does. Identifiers, addresses and inline code are no words, but do not make a text one with code.
    """
    if not HINT.search(text):
        return text, "", ""
    blocks = FENCE.findall(text)
    prose, code = FENCE.sub("\n", text) if blocks else text, [body for _, body in blocks]
    language = next((NAMES[name.lower()] for name, _ in blocks if name.lower() in NAMES), "")
    language = language or by_marks("\n".join(code) if code else prose)
    lines = [(line, bool(LINE.search(line)) or has_mark(line, language)) for line in prose.split("\n")]
    if (language and not code) or sum(like for _, like in lines) >= LEAST:
        prose = "\n".join(line for line, like in lines if not like)
        code += [line for line, like in lines if like]
    prose = NOT_WORDS.sub(" ", INLINE.sub(" ", prose))
    return prose, "\n".join(code), language if code else ""


def has_mark(line: str, language: str) -> bool:
    """Whether a line has one of the marks of a language."""
    return any(mark in "\n" + line for mark in MARKS.get(language, ()))


def by_marks(text: str) -> str:
    """The language with most marks in the text, ties to the first of MARKS; "" if there is none but weak ones."""
    text = "\n" + text
    found = {name: [mark for mark in marks if mark in text] for name, marks in MARKS.items()}
    best = max(found, key=lambda name: len(found[name]))
    return best if set(found[best]) - WEAK else ""
