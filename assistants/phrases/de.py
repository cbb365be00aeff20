"""What is said in German."""

from assistants.phrases.phrases import Phrases

GERMAN = Phrases(
    talk_to_a_person="Mit einem Menschen sprechen",
    you_are_welcome="Gern geschehen. Gibt es noch etwas, das Sie wissen möchten?",
    until_next_time="In Ordnung. Ich bin hier, wenn Sie noch etwas wissen möchten.",
    quoted_from="Aus {title}:",
    welcome="Hallo! Was möchten Sie wissen?",
    introduction="Hallo! Ich bin der Assistent von {name}. Wie kann ich helfen?",
    offer_text="Ich bin nicht sicher, ob ich Sie verstanden habe. Ist es eines hiervon?",
    handover_text="Ich bitte jemanden aus unserem Team, Ihnen hier zu antworten.",
    unanswered_text="Darauf habe ich keine Antwort gefunden. Ich frage jemanden aus unserem Team.",
    unapproved="Das wurde nicht genehmigt. Ich frage jemanden aus unserem Team.",
    greeting=r"""
        (hallo|hi|hey|moin( moin)?|servus|gru(e)?ss (gott|dich|euch|sie)|gruezi
        |gute?n? (morgen|tag|abend|nachmittag)|tag)( (zusammen|allerseits|team|leute
        |nochmal))?
        |(hallo )?(ist (da|hier|dort) |jemand )?jemand( da| hier)?|jemand (da|hier)
        |(hallo )?wie geht('s| es)( (dir|ihnen|euch))?( heute)?|wie gehts
    """,
    thanks=r"""
        ((ok|okay|alles klar|super|perfekt|prima|toll|gut|sehr gut|klasse|nein
        |ja) )*((vielen|herzlichen|besten|tausend|schoe?nen|lieben) dank
        |danke?( schoe?n| sehr| vielmals| dir| ihnen| euch)*|dankeschoe?n|merci
        |thx)( (fue?r (die|deine|ihre|eure) (hilfe|antwort|auskunft|info)
        |das hilft( mir)?|das hat geholfen|das war('s| es| alles)|tschue?ss|auf wiedersehen
        |schoe?nen tag( noch)?))*
    """,
    goodbye=r"""
        tschue?ss(i)?|auf wiedersehen|bis (spae?ter|bald|dann|morgen)|ciao
        |(einen )?schoe?nen (tag|abend)( noch)?
        |(nein )?das (war|ist|wae?r)('s| es| alles)|das wars
        |ok(ay)?|alles klar|verstanden|gut|super|perfekt|prima|in ordnung|passt|ach so
    """,
    opening=r"""
        bitte|hallo|hi|hey|guten (tag|morgen|abend)|ok|okay|nein|ja|also|aber|und|danke|sorry
        |entschuldigung|wie|wo
    """,
    closing=r"""
        bitte|danke|hier|da|jetzt|sofort|heute|verfue?gbar|online|noch|fue?r (mein|unser|das
        |dieses) \w+
    """,
    person=r"""
        ((mit|an|zu|zum|zur|von|vom|durch|k?ein(e[nmrs]?)?|irgendein(e[nmrs]?)?|de[nmr]
        |die|das|eure?[nmrs]?|ihre?[nmrs]?|deine?[nmrs]?|pers(o|oe)nliche[nmrs]?|andere?[nmrs]?
        |echte?[nmrs]?|richtige[nmrs]?|reale[nmrs]?|lebende[nmrs]?|menschliche[nmrs]?|lieber
        |direkt|bitte) )*(mensch(en)?|person(en)?|mitarbeiter(in(nen)?|n)?|(kunden
        |service)?berater(in|n)?|agent(en|in)?|sachbearbeiter(in)?|kolleg(e|en|in)
        |ansprechpartner(in)?|ansprechperson|jemand(e[nm])?|kundendienst|kundenservice
        |kundensupport|kundenbetreuung|support|service|team|vorgesetzten?|chef(in)?|boss
        |leute)( (echte[mnrs]|richtige[mnrs]|(aus|von|vom|im) ((eurem|ihrem|dem
        |der) )?(team|support|service|kundendienst|kundenservice)))?
    """,
    machine=r"""
        ((ein|d|dies|solch)(e[nmrs]?|er|as|ie)? |so |doofen |bloe?den )*((chat|ro)?bots?
        |roboter[ns]?|maschinen?|computer|ki|automaten)
    """,
    reaching=r"""
        <person> (\w+ ){0,2}(sprechen|reden|chatten|schreiben|verbunden|verbinden|verbinde
        |weitergeleitet|weiterleiten|kommunizieren|erreichen|kontaktieren|wenden)
        |(sprechen|reden|chatten|kontakt) <person>
        |(verbinde|verbinden sie|verbindet|gib|geben sie|hole|hol|holen sie|leite
        |leiten sie)( (mich|mir|uns))?( (bitte|mal|jetzt))* <person>
        |(erreiche|kontaktiere|erreichen|kontaktieren) (ich|wir|man) <person>
    """,
    oneself=r"ich|mir|mich|mein\w*|wir|uns|man",
    wanting=r"""
        (ich|wir) (will|wollen|moe?chten?|brauchen?|bevorzugen?|verlangen?|suchen?
        |wue?nschen?)( \w+){0,2}? <person>( (haben|sprechen))?
        |(ich|wir) ha(e)?tten?( \w+)? gerne? <person>
        |(ist|sind) (da |hier |dort )?<person>( (da|hier|erreichbar))?
        |gibt es (hier |da |bei euch )?<person>
        |(kann|koe?nnte)( (mir|uns|bitte))* <person>( (mir|uns|bitte|hier))* (helfen
        |weiterhelfen|antworten)
        |<person> (soll|muss) (mir|uns) (helfen|antworten)
    """,
    spurning=r"""
        (will|wollen|moe?chten?|mag|brauchen?)( \w+){0,2} (nicht (mit
        |von) |kein(e[nmrs]?)? )<machine>
        |keine? lust auf <machine>
    """,
    refusing=r"""
        (will|wollen|moe?chten?|mag|brauchen?|muss|wue?nschen?)( \w+){0,3} (nicht|nie
        |keine?[nmrs]?)
        |nicht noe?tig
    """,
    others=r"""
        kunden?|besucher(n|in|innen)?|(be)?nutzer(n|innen)?|gae?sten?|anwender\w*
        |interessenten|user|unsere?[nmrs]? (team|mitarbeiter\w*|kollegen)
        |mein(e[nmrs]?)? (team|mitarbeiter\w*|kolleg\w*)
    """,
    elsewhere=r"""
        \w*telefon\w*|rufnummer|nummer|hotline|(zu)?rue?ckruf\w*|anrufen?|anruf|per (e-?mail
        |mail|post|brief|fax)|e-?mail\w*|whatsapp|adresse|oe?ffnungszeiten
    """,
)
