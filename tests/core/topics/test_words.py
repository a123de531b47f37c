"""The words of texts: function words, languages, plurals, capitals, Chinese."""

import numpy as np
import pytest

from core.topics.stop_words import STOP_WORDS, WORDS, language_of
from core.topics.words import CODE, HEAD, IN, LONGEST, SPEAKS, merged, words_of
from tests.hostile import HOSTILE

SENTENCES = {
    "English": ("The dog and the cat are in the garden with us.", {"dog", "cat", "garden"}),
    "Spanish": ("El perro y el gato están en el jardín con nosotros.", {"perro", "gato", "jardín"}),
    "French": ("Le chien et le chat sont dans le jardin avec nous.", {"chien", "chat", "jardin"}),
    "German": ("Der Hund und die Katze sind mit uns im Garten.", {"Hund", "Katze", "Garten"}),
    "Portuguese": ("O cão e o gato estão no jardim com você.", {"cão", "gato", "jardim"}),
    "Italian": ("Il cane e il gatto sono nella casa con lui.", {"cane", "gatto", "casa"}),
}


@pytest.mark.parametrize("language", WORDS)
def test_function_words_are_left_out_in_the_language_of_the_text(language):
    sentence, words = SENTENCES[language]
    found = words_of("x. " + sentence)
    assert {word for word in found if word[0] != SPEAKS} == words
    assert SPEAKS + language in found


def test_words_of_the_beginning_stand_twice():
    found = words_of("Train a dog.\n\nDogs like walks; a dog is an animal.")
    assert sorted(found) == ["@English", "animal", "dog", "dog", "dogs", "train", "train", "walks"]
    far = words_of("word " * (HEAD // 5) + "lamp")
    assert far.count("word") == 2 and far.count("lamp") == 1
    assert "lamp" not in words_of("word " * (LONGEST // 5) + "lamp")


def test_numbers_are_no_words_and_code_is_marked():
    found = words_of("Add 42 and 3.14 in my_code:\n```python\nprint(total_sum)\n```")
    marks = [SPEAKS + "English", IN + "Python", CODE + "print", CODE + "total_sum"]
    assert sorted(found) == sorted(["add", "add", *marks])


def test_capitals_at_the_beginning_of_sentences_say_nothing():
    found = words_of("Translate this for NASA. Physics matters: Berlin knows.\nLamps glow in Paris")
    kept = {"translate", "NASA", "physics", "matters", "berlin", "knows", "lamps", "glow", "Paris"}
    assert {word for word in found if word[0] != SPEAKS} == kept


def test_chinese_in_pairs_of_characters():
    found = words_of("我喜欢北京的天气。")
    assert SPEAKS + "Chinese" in found
    assert {"喜欢", "北京", "天气"} <= set(found)
    assert not any("的" in word or "我" in word for word in found)
    assert "コンピュータ" in words_of("これはコンピュータです")


def test_no_words_at_all():
    assert words_of("") == words_of("12 + 30 = 42") == [SPEAKS]
    assert language_of(set()) == ""


def merge(**count):
    forms = list(count)
    word, faces = merged(forms, np.array(list(count.values())))
    return [faces[w] for w in word]


def test_plurals_and_capitals_are_one_word():
    assert merge(cat=5, cats=9, Cats=1) == ["cats"] * 3
    assert merge(city=5, cities=2, boxes=3, box=4) == ["city", "city", "box", "box"]
    assert merge(python=5, Python=6) == ["Python"] * 2
    assert merge(music=50, Music=6) == ["music"] * 2
    assert merge(glass=3, news=3, new=9, gas=2, ga=9) == ["glass", "news", "new", "gas", "ga"]
    assert merge(names=100, nam=1) == ["names", "nam"], "a rare accident is no singular"
    assert merge(**{"`cats": 4, "cat": 4, "@English": 9}) == ["`cats", "cat", "@English"]


def test_lists_are_lower_case_and_mostly_apart():
    for name, words in STOP_WORDS.items():
        assert all(word == word.lower() and word.isalpha() for word in words)
        assert language_of(words) == name


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_give_letters_and_digits_only(text):
    for word in words_of(text):
        bare = word.lstrip(CODE + SPEAKS)
        assert bare in ("C++", "C#", "") or bare.replace("_", "x").isalnum()
