"""The same sentence in several languages, long enough for its language to be told."""

SENTENCES = {
    "en": "The library opens at nine in the morning and closes late in the evening on most days.",
    "de": "Die Bibliothek öffnet um neun Uhr morgens und schließt an den meisten Tagen erst spät am Abend.",
    "es": "La biblioteca abre a las nueve de la mañana y cierra tarde por la noche casi todos los días de la semana.",
    "zh": "图书馆每天早上九点开门，大多数日子晚上很晚才关门，周末也开放。",
    "fr": "La bibliothèque ouvre à neuf heures du matin et ferme tard le soir la plupart des jours de la semaine.",
    "ru": "Библиотека открывается в девять часов утра и закрывается поздно вечером почти каждый день недели.",
    "ja": "図書館は朝九時に開いて、ほとんどの日は夜遅くまで開いています。",
    "ar": "تفتح المكتبة أبوابها في التاسعة صباحا وتغلق في وقت متأخر من المساء في معظم أيام الأسبوع.",
}
