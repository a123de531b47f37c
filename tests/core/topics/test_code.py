"""Code told from prose, and its languages from each other."""

import pytest

from core.topics.code import LEAST, MARKS, NAMES, split_code
from tests.hostile import HOSTILE

SNIPPETS = {
    "Python": "def add(a, b):\n    return a + b\n\nprint(add(1, 2))",
    "JavaScript": "const double = (x) => {\n  return 2 * x;\n};\nconsole.log(double(4));",
    "HTML": "<html>\n<body>\n<p>Hello</p>\n</body>\n</html>",
    "SQL": "SELECT name, age\nFROM people\nORDER BY age;",
    "Java": "public class Main {\n  public static void main(String[] args) {\n    System.out.println(1);\n  }\n}",
    "C++": "#include <iostream>\nint f() {\n  std::cout << 1;\n}",
    "C#": "using System;\nclass A {\n  void B() { Console.WriteLine(1); }\n}",
    "C": '#include <stdio.h>\nint main() {\n  printf("hello");\n}',
    "PHP": "<?php\n$name = $_GET['name'];\necho $name;\n?>",
    "CSS": ".box {\n  margin: 4px;\n  padding: 2px;\n}",
    "shell": "#!/bin/bash\nsudo apt-get update",
    "R": "m <- c(1, 2, 3)\nlibrary(stats)",
    "Go": 'package main\n\nfunc main() {\n  fmt.Println("hello")\n}',
    "Ruby": "[1, 2].each do |x|\n  puts x\nend",
    "LaTeX": "\\begin{equation}\n\\frac{1}{2}\n\\end{equation}",
}


@pytest.mark.parametrize("language", MARKS)
def test_code_and_its_language(language):
    """With and without a fence; what stands around it is prose."""
    for code in (SNIPPETS[language], f"```\n{SNIPPETS[language]}\n```"):
        prose, found, name = split_code(f"Please explain my program.\n\n{code}\n\nIt adds numbers quickly.")
        assert name == language
        assert prose.split() == ["Please", "explain", "my", "program.", "It", "adds", "numbers", "quickly."]
        assert all(line.strip() in found for line in SNIPPETS[language].split("\n"))


def test_the_fence_says_the_language():
    for word, name in NAMES.items():
        assert split_code(f"Look:\n```{word}\nx\n```")[1:] == ("x\n", name)
    assert split_code("Look:\n```text\nx\n```")[1:] == ("x\n", "")
    assert split_code("Cut off:\n```python\nx = 1") == ("Cut off:\n\n", "x = 1", "Python")


@pytest.mark.parametrize(
    "text",
    [
        "He said (quite rightly) that the price is $5; she agreed.",
        "The first step: import goods from abroad.\nThe second step: sell them to him.\nHe did it himself. Well done!",
        "1. Milk\n   - whole\n   - skimmed\n2. Bread\n   * rye",
        "x = 5 apples",  # one line alone
        "WHERE is it FROM?",
    ],
)
def test_prose_is_no_code(text):
    assert split_code(text) == (text, "", "")


def test_identifiers_and_addresses_are_neither():
    prose, code, language = split_code("Call my_function and getName() of `Foo.bar`, see https://a.example/b?c=d now.")
    assert prose.split() == ["Call", "and", "of", ",", "see", "now."]
    assert (code, language) == ("", "")


def test_lines_that_look_like_code_in_no_known_language():
    lines = ["total = price * 3", "rest = total - 5"]
    assert len(lines) == LEAST
    assert split_code("Compute:\n" + "\n".join(lines)) == ("Compute:", "\n".join(lines), "")


@pytest.mark.parametrize("text", [*HOSTILE, "```" * 2000, "(" * 4000, "\t" * 4000, "`" * 3999, "<" * 4000, ""])
def test_hostile_texts_are_told_apart_too(text):
    prose, code, language = split_code(text)
    assert len(prose) + len(code) <= 2 * len(text)
    assert language in ("", *NAMES.values())
