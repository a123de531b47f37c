"""Every check of the registry with what it must find and what it must leave, in four languages and in code."""

from __future__ import annotations

import pytest

from core.store.reader import open_store
from core.studies.health import CHECKS
from core.studies.health.finding import Texts
from core.studies.health.run import health
from tests.factories import tiny_store
from tests.sentences import SENTENCES

LANGUAGES = ("en", "de", "es", "zh", "code")
ANY = ("exact-duplicates", "similar-vectors", "answer-not-read", "answer-does-not-fit", "prompt-does-not-help")
# These compare letters, vectors or numbers: the language of a text is nothing to them. They have tests of their own.

CODE = "def area(r):\n    return 3.14159 * r * r\n\nprint(area(2))"
ASK = {
    "en": "What is the capital of France, and where is it?", "de": "Wie heißt die Hauptstadt von Frankreich heute?",
    "es": "¿Cuál es la capital de Francia y dónde está?", "zh": "法国的首都叫什么名字？在哪里？",
    "code": "Write a function area(r) that computes the area of a circle",
}  # fmt: skip

# By check and language: an answer that is found, and one that is not, to the prompt of ASK.
CASES: dict[str, dict[str, tuple[str, str]]] = {
    "empty-answers": dict.fromkeys(LANGUAGES, ("…", "Sí")) | {"zh": ("。。。", "好"), "code": ("{ }", "x = 1")},
    "very-short-answers": {
        "en": ("Yes, indeed.", "It is Paris."), "de": ("Ja, genau.", "Es ist Paris."),
        "es": ("Así es.", "Es la ciudad."), "zh": ("是的", "是巴黎市"), "code": ("None", "x = f(1)"),
    },
    "cut-answers": {
        "en": ("It is Paris. The city lies on the Seine and has about two million", "It is Paris. It lies there."),
        "de": ("Es ist Paris. Die Stadt liegt an der Seine und hat etwa zwei Millionen", "Es ist Paris. Sie ist alt."),
        "es": ("Es París. La ciudad está a orillas del Sena y tiene cerca de dos millones", "Es París. Es antigua."),
        "zh": ("首都是巴黎。这座城市位于塞纳河畔，人口大约有", "首都是巴黎。它很古老。"),
        "code": (f"Here it is:\n```python\n{CODE}", f"Here it is:\n```python\n{CODE}\n```"),
    },
    "loops": {
        "en": ("It is Paris, I think. " * 6, "Row, row, row your boat, gently down the stream."),
        "de": ("Es ist wohl Paris. " * 6, "Die Katze schläft. Der Hund schläft. Alle schlafen."),
        "es": ("Creo que es París. " * 6, "Poco a poco, poco a poco se llega lejos."),
        "zh": ("我觉得是巴黎。" * 6, "一闪一闪亮晶晶，满天都是小星星。"),
        "code": ("The area is pi times r. " * 6, "```\n" + "x = x + y * z\n" * 8 + "```"),
    },
    "refusals": {
        "en": ("I'm sorry, but I cannot help with that.", "I'm sorry for your loss. It is Paris."),
        "de": ("Leider kann ich Ihnen dabei nicht helfen.", "Leider regnet es heute in Paris."),
        "es": ("Lo siento, pero no puedo ayudarte con eso.", "Lo siento mucho por tu pérdida."),
        "zh": ("很抱歉，我无法回答这个问题。", "对不起，我来晚了。"),
        "code": ("As an AI language model, I cannot run code.", 'raise OSError("I cannot help with that")\n' + CODE),
    },
    "repeats-prompt": {
        one: (f"{ASK[one]} {answer}", answer)
        for one, answer in (("en", "It is Paris, on the river Seine, in the north of the country."),
                            ("de", "Sie heißt Paris und liegt an der Seine im Norden."),
                            ("es", "Es París, a orillas del río Sena, en el norte."),
                            ("zh", "首都是巴黎，在塞纳河畔。"), ("code", CODE))
    },
    "language-mismatch": {
        "en": (SENTENCES["de"], SENTENCES["en"]), "de": (SENTENCES["en"], SENTENCES["de"]),
        "es": (SENTENCES["en"], SENTENCES["es"]), "zh": (SENTENCES["en"], SENTENCES["zh"]),
        "code": (SENTENCES["zh"], CODE),
    },
    "mixed-languages": {
        "en": (f"{SENTENCES['en']}\n\n{SENTENCES['de']}", f"{SENTENCES['en']}\n\n{SENTENCES['en']}"),
        "de": (f"{SENTENCES['de']}\n\n{SENTENCES['en']}", f"{SENTENCES['de']}\n\n{SENTENCES['de']}"),
        "es": (f"{SENTENCES['es']}\n\n{SENTENCES['en']}", f"{SENTENCES['es']}\n\n{SENTENCES['es']}"),
        "zh": (f"{SENTENCES['zh']}\n\n{SENTENCES['en']}", f"{SENTENCES['zh']}\n\n{SENTENCES['zh']}"),
        "code": (f"{SENTENCES['en']}\n\n{SENTENCES['es']}\n\n{CODE}", f"{SENTENCES['es']}\n\n```\n{CODE}\n```"),
    },
    "broken-encoding": {
        "en": ("Itâ€™s a cafÃ© in Paris.", "It’s a café in Paris."), "de": ("SchÃ¶ne GrÃ¼ÃŸe!", "Schöne Grüße!"),
        "es": ("El niÃ±o comiÃ³ piÃ±as.", "El niño comió piñas."), "zh": ("ä¸­å›½çš„é¦–éƒ½", "中国的首都"),
        "code": ('print("cafÃ© crÃ¨me")', 'print("café crème")'),
    },
    "web-remains": {
        "en": ("<p>It is Paris.</p><br/>", "We accept cookies and cake."),
        "de": ("Es ist Paris. Wir verwenden Cookies. Alle Rechte vorbehalten.", "Der Datenschutz ist wichtig."),
        "es": ("Es París. Todos los derechos reservados. Utilizamos cookies.", "La política de privacidad es larga."),
        "zh": ("巴黎。版权所有。隐私政策", "隐私政策说明公司收集哪些数据。"),
        "code": ("<div>It is a circle</div><br>", "if a < b and b > c:\n    print(a & b)"),
    },
    "links-only": {
        "en": ("See https://a.org/x", "All that you need is in the handbook: https://a.org/x"),
        "de": ("Siehe https://a.org/x", "Alles steht im Handbuch der Stadt: https://a.org/x"),
        "es": ("Mira https://a.org/x", "Todo está en el manual de la ciudad: https://a.org/x"),
        "zh": ("请看 https://a.org/x", "你可以在手册里找到所有需要的信息：https://a.org/x"),
        "code": ("https://gist.github.com/x/1", 'url = "https://a.org/x"\nprint(requests.get(url).json())'),
    },
    "personal-data": {
        "en": ("Call (212) 736-5000 now.", "Call 555-123-4567 now."),
        "de": ("Ruf mich an: +49 30 23125 1940", "Im Jahr 1990 stieg der Preis von 612 34 56 auf 700."),
        "es": ("Llámame al 612 34 56 78", "El teléfono se inventó en 1876."),
        "zh": ("手机号：13812345678", "订单编号：13812345678"),
        "code": ("token = 'ghp_a8Kd03mZqLr5TgVxW92bNcYe71UfHs4PjQk6'", "print(f'{x:08d}', 123456789)"),
    },
    "toxicity": {
        "en": ("You are worthless.", "You are kind. Scunthorpe is a town."), "de": ("Du Arschloch!", "Sie ist schlau."),
        "es": ("¡Qué mierda!", "La computación disputa."), "zh": ("他妈的", "好的"),
        "code": ("# fuck this\nx = 1", "assert classes.shift() is None"),
    },
}  # fmt: skip
# What two samples say, and a third one.
TOLD = {
    "en": "The town has a library by the river, a market on Saturdays and two old bridges made of stone",
    "de": "Die Stadt hat eine Bibliothek am Fluss, samstags einen Markt und zwei alte Brücken aus Stein",
    "es": "La ciudad tiene una biblioteca junto al río, un mercado los sábados y dos viejos puentes de piedra",
    "zh": "这座城市在河边有一座图书馆，每个星期六有集市，还有两座用石头建造的古老桥梁",
    "code": "for row in table: total = total + row.price * row.count; print(row.name, total); log.write(row.name)",
}
OTHER = {
    "en": "My uncle keeps bees behind the house, sells their honey and reads the paper when it rains",
    "de": "Mein Onkel hält Bienen hinter dem Haus, verkauft ihren Honig und liest bei Regen Zeitung",
    "es": "Mi tío cría abejas detrás de la casa, vende su miel y lee el periódico cuando llueve",
    "zh": "我叔叔在屋后养蜜蜂，把蜂蜜卖给邻居，下雨的时候就坐在家里看报纸",
    "code": "while queue: node = queue.pop(); seen.add(node); queue.extend(n for n in graph[node] if n not in seen)",
}


def test_every_check_is_tried():
    assert {*CASES, *ANY, "near-duplicates", "same-prompt", "contamination"} == set(CHECKS)
    assert all(tuple(cases) == LANGUAGES for cases in CASES.values())


@pytest.mark.parametrize("check", CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_check_finds_what_is_wrong_and_leaves_what_is_right(check, language):
    wrong, right = CASES[check][language]
    look = CHECKS[check].look
    seen = look(Texts(ASK[language], wrong))
    assert seen is not None, wrong
    assert all(0 <= span.start < span.stop <= len((ASK[language], wrong)[span.segment]) for span in seen.spans)
    assert look(Texts(ASK[language], right)) is None, right


def test_checks_that_compare_samples_do_so_in_every_language(tmp_path, monkeypatch):
    """Of each language a text, a copy of it with another ending, and something else."""
    monkeypatch.setenv("SAELECT_CACHE", str(tmp_path))
    records = []
    for one in LANGUAGES:
        mark = "。" if one == "zh" else "."
        asked = (f"{one}: {ASK[one]}", f"{one}: {ASK[one]}", f"{one}: {OTHER[one][::-1]}")
        told = (f"{TOLD[one]}{mark}", f"{TOLD[one]}{mark} {one}{mark}", f"{OTHER[one]}{mark}")
        records += [{"instruction": a, "output": b} for a, b in zip(asked, told, strict=True)]
    store = open_store(tiny_store(tmp_path, records, [{i % 3} for i in range(len(records))]))
    test = tmp_path / "test.txt"
    test.write_text("".join(f"{TOLD[one]}\n" for one in LANGUAGES), encoding="utf-8")
    found = health(store, ("near-duplicates", "same-prompt", "contamination"), str(test))
    first = range(0, len(records), 3)
    assert [group.tolist() for group in found["near-duplicates"].groups()] == [[i, i + 1] for i in first]
    assert [group.tolist() for group in found["same-prompt"].groups()] == [[i, i + 1] for i in first]
    assert found["contamination"].rows.tolist() == [row for i in first for row in (i, i + 1)]
