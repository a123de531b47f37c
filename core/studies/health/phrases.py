"""Phrases that give an answer away, by language: it speaks as a model, declines, or was a web page."""

from __future__ import annotations

import re

AS_A_MODEL = (
    # English
    r"\bas an? (?:\w+[ -]){0,2}(?:AI|artificial intelligence)(?: language)? (?:model|assistant|system|chatbot)",
    r"\bas an (?:AI|artificial intelligence)(?=[,.])|\bas a (?:large )?language model\b",
    r"\bI(?:['’]m| am) (?:just |only )?an (?:AI|artificial intelligence)\b(?! (?:researcher|engineer|student))",
    r"\bmy knowledge cut-?off\b|\bas of my (?:last|latest) (?:knowledge )?(?:update|training)\b",
    r"\bI was (?:trained|developed|created) by OpenAI\b",
    # German
    r"\bals (?:ein )?(?:großes )?(?:KI-?|AI-?)? ?Sprachmodell\b|\bals (?:eine )?künstliche Intelligenz\b",
    r"\bals (?:ein )?(?:KI|AI)[- ](?:Modell|Assistent)|\bals (?:eine )?(?:KI|AI)(?:,| (?:habe|kann|bin|darf) ich\b)",
    r"\bich bin (?:nur |lediglich )?eine? (?:(?:KI|AI)(?![- ]?(?:Forsch|Expert|Entwickl|Ingenieur))|Sprachmodell\b)",
    # Spanish
    r"\bcomo (?:un )?(?:gran )?modelo de (?:lenguaje|IA|inteligencia artificial)\b",
    r"\bcomo (?:una )?(?:IA|inteligencia artificial)(?:,| no )|\bcomo (?:un )?asistente (?:virtual )?de IA\b",
    r"\bsoy (?:solo |sólo )?una? (?:IA\b|inteligencia artificial\b|(?:modelo|asistente) de (?:lenguaje|IA)\b)",
    # French
    r"\ben tant qu[e'’] ?(?:un )?(?:grand )?modèle de lang(?:age|ue)\b",
    r"\ben tant qu[e'’] ?(?:une )?(?:IA|intelligence artificielle|assistant IA)\b",
    # Portuguese
    r"\bcomo (?:um )?(?:grande )?modelo de linguagem\b",
    # Italian
    r"\b(?:come|in quanto) (?:un )?(?:grande )?modello (?:di linguaggio|linguistico)\b",
    # Chinese
    r"作为(?:一个|一名|一款)?(?:大型)?(?:AI|人工智能)?大?(?:语言模型|助手)",
    r"作为(?:一个)?人工智能|作为(?:一个|一名|一款)?AI(?=[，,])",
    r"我(?:只|仅仅)?是(?:一个|一名|一款)?(?:由\w{2,8}开发的)?(?:AI|人工智能|大型)(?:语言)?(?:模型|助手|程序|机器人)",
    # Japanese
    r"言語モデルとして|AIアシスタントとして",
    # Korean
    r"언어 ?모델로서|인공지능(?:으로서| 모델)",
    # Russian
    r"как (?:большая )?языковая модель|как искусственный интеллект",
)
DECLINES = (
    # English
    r"\b(?:sorry|afraid)[^.!?\n]{0,40}\b(?:can(?:no|['’])?t|can not|(?:un|not )able to) (?:\w+ )?(?:help|assist)",
    r"\b(?:sorry|afraid)[^.!?\n]{0,40}\b(?:can(?:no|['’])?t|(?:un|not )able to) (?:provide|fulfill?|comply|answer)",
    r"\b(?:sorry|afraid)[^.!?\n]{0,40}\b(?:can(?:no|['’])?t|(?:un|not )able to) (?:generate|create|write|continue)",
    r"\bI (?:can(?:no|['’])?t|can not|am unable to|won['’]t|will not) (?:help|assist|comply|fulfill?|engage)\b",
    r"\bI(?:['’]m| am) not able to (?:help|assist|provide|fulfill?)\b",
    r"\bI apologi[sz]e[^.!?\n]{0,20}\bI (?:can(?:no|['’])?t|am (?:un|not )able to) (?:help|assist|provide|comply)",
    r"\bI can(?:no|['’])?t provide (?:that|this|any|you with|instructions|information|guidance|medical|legal)\b",
    r"\bI (?:must|have to) decline (?:this|that|your|the) request\b",
    # German
    r"\btut mir leid[^.!?\n]{0,30}\b(?:kann|darf|werde)\b[^.!?\n]{0,60}\bnicht\b",
    r"\btut mir leid[^.!?\n]{0,30}(?:\b(?:kann|darf)\b[^.!?\n]{0,40}\bkeine\b|\bnicht in der Lage\b)",
    r"\bkann ich (?:Ihnen |dir )?(?:dabei |damit |hierbei )?(?:leider )?nicht (?:weiter)?helfen\b",
    r"\bIch kann (?:Ihnen|dir) (?:dabei|damit|hierbei) (?:leider )?nicht (?:weiter)?helfen\b",
    r"\bIch kann (?:diese|Ihre|deine) (?:Anfrage|Frage|Bitte) (?:leider )?nicht\b",
    r"\bEntschuldigung, (?:aber )?das kann ich nicht\b",
    r"\bIch kann (?:Ihnen |dir )?(?:leider )?keine (?:\w+ ){0,2}(?:Ratschläge|Auskunft|Auskünfte|Anleitung|Beratung)",
    # Spanish
    r"\b(?:Lo siento|Lo lamento|Disculpa|Perdona|Lamentablemente)[^.!?\n]{0,30}\bno puedo\b|\bLamento no poder ayudar",
    r"\bNo puedo (?:ayudar|cumplir|proporcionar|ofrecer)(?:[tl]es?)?\b",
    # French
    r"\bdésolée?[^.!?\n]{0,30}\bje ne peux pas\b",
    # Portuguese
    r"\bDesculpe[^.!?\n]{0,30}\bnão posso\b",
    # Italian
    r"\bMi dispiace[^.!?\n]{0,30}\bnon posso\b",
    # Chinese
    r"(?:抱歉|对不起|不好意思)[^。！？\n]{0,20}(?:无法|不能|没办法|没法)",
    r"我(?:无法|不能|没办法)(?:满足|协助|提供|回答|帮助[你您]|帮[你您]|遵从)",
    # Japanese
    r"申し訳(?:ありません|ございません)[^。\n]{0,40}できません",
    # Korean
    r"죄송합니다[^.\n]{0,40}없습니다",
    # Russian
    r"К сожалению, я не могу",
)
WEB_PAGE = (
    # English
    r"\ball rights reserved\b|\b(?:skip|jump) to (?:main )?content\b|\bback to top\b|\bpage not found\b",
    r"\b(?:we|this (?:web)?site) uses? cookies\b|\baccept (?:all )?cookies\b|\bcookie (?:policy|settings)\b",
    r"\b(?:privacy policy|terms of (?:use|service)) *[|·•]|\b(?:subscribe to|sign up for) our newsletter\b",
    r"\bclick here to (?:subscribe|read|view|see|download|log|sign|continue)\b|\b(?:enable|turn on) javascript\b",
    r"\bshare (?:this )?on (?:facebook|twitter|linkedin|pinterest|whatsapp)\b|\bpowered by wordpress\b",
    r"\bleave a (?:reply|comment)\b|\byour email address will not be published\b|\bcopyright (?:©|\(c\))",
    r"\brelated (?:posts|articles) *[:|\n]|\blog in to (?:comment|reply|continue)\b",
    r"\bread more *(?:»|›|>>|\.\.\.|…)",
    # German
    r"\balle rechte vorbehalten\b|\bwir verwenden cookies\b|\bzum (?:haupt)?inhalt springen\b",
    r"\bnewsletter abonnieren\b|\b(?:impressum|datenschutz(?:erklärung)?) *[|·•]|\bweiterlesen *(?:»|›|>>|\.\.\.|…)",
    r"\bteilen auf (?:facebook|twitter|whatsapp)\b|\bkommentar (?:hinterlassen|schreiben)\b",
    # Spanish
    r"\btodos los derechos reservados\b|\b(?:usamos|utilizamos) cookies\b|\bsaltar al contenido\b",
    r"\bpolítica de (?:privacidad|cookies)\b|\baviso legal *[|·•]|\bleer más *(?:»|›|>>|\.\.\.|…)",
    r"\bhaz clic aquí para (?:leer|ver|descargar|continuar)\b|\bcompartir en (?:facebook|twitter|whatsapp)\b",
    r"\bsuscríbete a nuestro boletín\b|\bdeja un comentario\b",
    # French
    r"\btous droits réservés\b|\bnous utilisons des cookies\b|\baller au contenu\b",
    # Chinese
    r"版权所有|隐私政策|点击(?:此处|这里)|京ICP备",
    r"返回顶部|上一篇|下一篇|本(?:站|网站)使用 ?cookies?|跳转?到(?:主要)?内容",
)
# Plain text in small letters, some of which every phrase has: a search for it is fast.
SPEAKS = (
    "language model", "an ai", "ai language", "ai model", "ai assistant", "ai system", "ai chatbot",
    "artificial intelligence", "knowledge cut", "as of my", "by openai", "sprachmodell",
    "als ki", "als ai", "als ein", "als künstliche", "ich bin", "como", "soy ", "tant qu", "modello", "作为",
    "我是", "我只", "我仅仅是", "言語モデル", "aiアシスタント", "언어", "인공지능", "языковая", "искусственный",
)  # fmt: skip
SORRY = (
    "sorry", "afraid", "apologi", "decline", "i can", "unable", "won't", "won’t", "wont", "i will not", "not able",
    "leid", "ich kann", "kann ich", "lo siento", "lo lamento", "disculpa", "perdona", "lamentablemente",
    "lamento no poder", "no puedo", "désolé", "desculpe", "dispiace", "抱歉", "对不起", "不好意思", "我无法", "我不能",
    "我没办法", "申し訳", "죄송", "сожалению",
)  # fmt: skip
PAGE = (
    "rights reserved", "to content", "main content", "back to top", "page not found", "cookie", "privacy policy",
    "terms of", "our newsletter", "click here to", "javascript", "share on", "share this on", "powered by",
    "leave a ", "email address will", "copyright", "related posts", "related articles", "log in to", "read more",
    "impressum", "datenschutz", "weiterlesen", "teilen auf", "kommentar ", "aviso legal", "leer más", "haz clic",
    "compartir en", "suscríbete", "deja un", "返回顶部", "上一篇", "下一篇", "站使用", "到内容", "到主要内容",
    "rechte vorbehalten", "inhalt springen", "newsletter abon", "derechos", "al contenido", "política de",
    "tous droits", "au contenu", "版权", "隐私", "点击", "京icp",
)  # fmt: skip


def pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """All phrases as one regular expression, whatever their case."""
    return re.compile("|".join(phrases), re.IGNORECASE)


def has(text: str, hints: tuple[str, ...], least: int = 1) -> bool:
    """Whether a text has pieces of plain text, whatever their case, at `least` so many places."""
    low = text.lower()
    return any(hint in low for hint in hints) if least == 1 else sum(map(low.count, hints)) >= least
