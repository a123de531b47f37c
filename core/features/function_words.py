"""Words that hold a sentence together and say nothing of what it is about."""

# The closed classes of each language: articles, pronouns, prepositions, conjunctions, auxiliary verbs, question words,
# quantifiers and small numerals, as grammars list them, and adverbs that only connect or grade. Left out are words of
# one language that mean something in another (die, war, man, hat, pour, son, sin, come, era, AI), English first.
# Of the 318 of scikit-learn's ENGLISH_STOP_WORDS 206 are here; others (bill, fire, interest, system) mean something, as
# Nothman, Qin and Yurchak (2018) say of that list.
ENGLISH = """
a an the this that these those i me my mine myself we us our ours ourselves you your yours yourself yourselves he him
his himself she her hers herself it its itself they them their theirs themselves one ones oneself someone somebody
something anyone anybody anything everyone everybody everything nobody nothing none who whom whose which what whatever
whoever whichever when whenever where wherever why how however and or nor but so yet for if then else than because
since although though unless until till while whereas whether as of in on at by to from with without within into onto
upon out off over under above below between among amongst across against along around about after before behind
beneath beside besides beyond despite down during except inside near outside past per regarding through throughout
toward towards up via is am are was were be been being have has had having do does did doing done can could may might
must shall should will would ought cannot not no yes any some all both each every either neither few fewer fewest many
much more most less least several enough other others another such same own only just also too very quite rather
almost even still already again ever never always often sometimes here there now thus therefore hence moreover
furthermore instead otherwise perhaps maybe indeed well etc two three four five six seven eight nine ten let lets don
doesn didn isn aren wasn weren hasn haven hadn couldn wouldn shouldn mustn ain
"""
SPANISH = """
el la los las un una unos unas de del al en con por para sobre entre desde hasta hacia según y e o ni pero sino que
como cuando donde porque aunque si no se me te le les lo nos os mi mis tu tus su sus nuestro nuestra este esta esto
estos estas ese esa eso esos esas aquel aquella yo él ella ellos ellas usted ustedes quien cual cuales qué cómo muy
más menos también ya es está están ser fue eran ha han había cada toda todas otro otra otros otras
"""
FRENCH = """
le la les un une des du de au aux en dans sur avec par sans chez vers entre et ou mais donc ni que qui quoi dont où
quand comme si ne pas plus moins très je tu il elle nous vous ils elles on se ce cet cette ces mon ma mes ta tes sa
ses notre nos votre vos leur leurs est sont être été était a ont avoir avait y lui eux aussi tout toute tous toutes
autre autres chaque à
"""
GERMAN = """
der das dem des ein eine einen einem einer eines und oder aber denn sondern weil dass daß ob wenn als wie wo in im an
am auf aus bei beim mit nach von vom vor zu zum zur für über unter durch gegen ohne um bis seit ich du er sie es wir
ihr mich dich ihn uns euch mir dir ihm ihnen sich mein dein sein ihre ihren ihrem unser dieser diese dieses diesen
jeder jede jedes kein keine nicht auch nur noch schon sehr mehr ist sind waren wird werden wurde haben hatte kann
können muss soll was wer welche welcher
"""
PORTUGUESE = """
o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela para com sem sobre entre até e ou mas nem
que se como quando onde porque embora eu tu ele ela nós eles elas você vocês me te lhe lhes meu minha seu sua seus
suas este esta isto esse essa isso aquele aquela quem qual quais não muito mais menos também já é são está estão ser
foi foram há tem têm cada toda todas outro outra outros outras ao à aos às
"""
ITALIAN = """
il lo la i gli le un uno una di del dello della dei degli delle a al allo alla agli alle da dal dalla in nel nella nei
nelle con su sul sulla per tra fra e ed o ma né che chi cui quando dove perché se non più meno molto anche già io tu
lui lei noi voi loro mi ti ci vi si mio mia tuo tua suo sua questo questa questi queste quello quella è sono essere ha
hanno ogni tutto tutta tutti tutte altro altra altri altre
"""
FUNCTION_WORDS = frozenset(f"{ENGLISH} {SPANISH} {FRENCH} {GERMAN} {PORTUGUESE} {ITALIAN}".split())
