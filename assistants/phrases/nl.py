"""What is said in Dutch."""

from assistants.phrases.phrases import Phrases

DUTCH = Phrases(
    talk_to_a_person="Met een medewerker praten",
    you_are_welcome="Graag gedaan. Is er nog iets dat u wilt weten?",
    until_next_time="Prima. Ik ben er als u nog iets wilt weten.",
    quoted_from="Uit {title}:",
    welcome="Hallo! Wat wilt u weten?",
    introduction="Hallo! Ik ben de assistent van {name}. Hoe kan ik helpen?",
    offer_text="Ik weet niet zeker of ik u begrepen heb. Is het een van deze?",
    handover_text="Ik vraag iemand van ons team om u hier te antwoorden.",
    unanswered_text="Ik heb hierop geen antwoord gevonden. Ik vraag het iemand van ons team.",
    unapproved="Dit is niet goedgekeurd. Ik vraag het iemand van ons team.",
    greeting=r"""
        (hallo|hoi( hoi)?|hey|hi|dag|goede?(morgen|middag|avond|n?dag)|goede (morgen
        |middag|avond))( (allemaal|team|daar|weer))?
        |(hallo )?(is (hier|daar|er) )?iemand( (daar|hier|aanwezig))?
        |(hallo |hoi )?hoe gaat (het|ie)( met (je|u|jullie))?
    """,
    thanks=r"""
        ((ok|oke|prima|super|top|mooi|fijn|geweldig|goed|helder|nee
        |ja) )*((heel erg |hartelijk |erg )?(dank|bedankt|dankje|dankjewel|dankuwel
        |dank (je|u)( wel)?)|thanks|merci)( (voor (de|je|uw|jullie|alle) (hulp
        |antwoord|info\w*)|doei|tot ziens|fijne dag|dat was het|dat helpt))*
    """,
    goodbye=r"""
        doei( doei)?|tot (ziens|later|snel|straks)|fijne (dag|avond)( nog)?
        |(nee )?dat (is|was) (alles|het)
        |ok|oke|prima|duidelijk|begrepen|goed|top|helder|akkoord
    """,
    opening=r"""
        hallo|hoi|hey|hi|goede(morgen|middag|avond)|ok|oke|nee|ja|maar|en|dus|bedankt|sorry
        |graag|alsjeblieft|alstublieft|hoe|waar
    """,
    closing=r"""
        graag|alsjeblieft|alstublieft|aub|svp|bedankt|hier|daar|nu|meteen|vandaag|beschikbaar
        |aanwezig
    """,
    person=r"""
        ((met|aan|naar|door|van|een|de|het|jullie|uw|jouw|je|andere?|echte?|menselijke?
        |levende|graag|liever|direct|gewoon) )*(mens(en)?|persoon|personen|medewerk(er|ers
        |ster)|collega|agent|adviseur|iemand|klantenservice|helpdesk|support|ondersteuning|team
        |vertegenwoordiger|specialist|manager|leidinggevende|service)( (van ((de|het
        |jullie|uw) )?(klantenservice|team|support|helpdesk)))?
    """,
    machine=r"""
        (een |de |die |deze |jullie )?((chat)?bots?|robots?|machines?|computer|ai|automaat)
    """,
    reaching=r"""
        <person> (\w+ ){0,2}(praten|spreken|chatten|doorverbonden|doorverbinden|verbinden
        |verbonden|bereiken|contacten|overleggen)
        |(praten|spreken|chatten|contact( opnemen| krijgen)?) <person>
        |(doorverbonden|doorverbinden)( worden)? <person>
        |verbind (me|mij|ons)( door)? <person>|geef (me|mij|ons) <person>
        |(bereik|contacteer) (ik|je|men) <person>
        |(geholpen|te woord gestaan)( worden)? <person>
    """,
    oneself=r"ik|me|mij|mijn|we|wij|ons|je|men",
    wanting=r"""
        (ik|we|wij) (wil|willen|zoek|zoeken|verlang)( \w+){0,1}? <person>( hebben)?
        |(ik|we|wij) (heb|hebben)( hulp)? <person> nodig|(ik
        |we) zou(den)?( \w+){0,2}? <person>( willen| hebben| spreken)+
        |(is|zijn) er( (hier|ook|misschien))? <person>( die (me|mij) kan helpen)?
        |(kan|kunt) <person> (me|mij|ons) (even )?helpen
    """,
    spurning=r"""
        (wil|willen|hoef|hoeven)( \w+){0,2} (niet (met|door) |geen )<machine>
    """,
    refusing=r"""
        (wil|willen|hoef|hoeven|zou)( \w+){0,2} (niet|geen|nooit)
        |niet nodig
    """,
    others=r"""
        klanten|(een|de|mijn) klant|bezoekers?|gebruikers?|hun|ze kunnen|(mijn|ons
        |onze) (team|medewerkers?|collega's)
    """,
    elsewhere=r"""
        telefo\w*|bellen|bel|belt|nummer|e-?mail\w*|mailen|mail|per post|whatsapp|adres
        |openingstijden
    """,
)
