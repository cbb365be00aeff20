"""What is said in Polish."""

from assistants.phrases.phrases import Phrases

POLISH = Phrases(
    talk_to_a_person="Porozmawiać z człowiekiem",
    you_are_welcome="Proszę bardzo. Czy jest coś jeszcze, o co chcesz zapytać?",
    until_next_time="W porządku. Jestem tutaj, jeśli zechcesz dowiedzieć się czegoś jeszcze.",
    quoted_from="Źródło – {title}:",
    welcome="Dzień dobry! O co chcesz zapytać?",
    introduction="Dzień dobry! Jestem asystentem firmy {name}. W czym mogę pomóc?",
    offer_text="Nie mam pewności, czy dobrze rozumiem. Czy chodzi o coś z tej listy?",
    handover_text="Poproszę kogoś z naszego zespołu o odpowiedź tutaj.",
    unanswered_text="Nie znam odpowiedzi na to pytanie. Zapytam kogoś z naszego zespołu.",
    unapproved="Nie uzyskano na to zgody. Zapytam kogoś z naszego zespołu.",
    greeting=r"""
        (czesc|hej(ka)?|witam|witaj(cie)?|dzien dobry|dobry( wieczor)?|siema|halo|elo
        |hello)( (wszystkim|wam|panstwu|ponownie))?
        |(halo )?(czy )?((jest )?(tu |tam )?ktos( (tu|tam))?( jest)?)
        |(czesc |hej )?(co slychac|jak (sie masz|leci))
    """,
    thanks=r"""
        ((ok|okej|dobrze|super|swietnie|jasne|rozumiem|nie
        |tak) )*((wielkie )?dzieki( wielkie| bardzo)?
        |(bardzo |serdecznie )?dziekuj[ea]?m?y?( (bardzo|serdecznie|slicznie))?
        |dziekowac)( (za (pomoc|odpowiedz|informacje)|to wszystko|do widzenia|milego dnia
        |na razie))*
    """,
    goodbye=r"""
        do (widzenia|zobaczenia|uslyszenia)|na razie|pa( pa)?|milego (dnia|wieczoru)
        |(nie )?to (wszystko|tyle)
        |ok|okej|dobrze|rozumiem|jasne|super|swietnie|w porzadku|dobra
    """,
    opening=r"""
        czesc|hej|witam|dzien dobry|halo|prosze|ok|okej|nie|no|jednak|tak|ale|i|wiec|dziekuje
        |przepraszam|czy|jak|gdzie
    """,
    closing=r"prosze|dziekuje|tutaj|tu|tam|teraz|od razu|dzisiaj|dostepn[aey]",
    person=r"""
        ((z|ze|do|od|przez|jakims|jakas|jakiegos|inn(ym|a|ego|ej)|zyw(ym|a|ego|ej)
        |prawdziw(ym|a|ego|ej)|realn(ym|a|ego|ej)|wasz(ym|ego|ej|a)?|panstwa|kims|ktos|kogos
        |raczej|bezposrednio) )*(czlowiek(iem|a)?|ludzmi|osob[aey]|konsultant(em|ka|a|ki
        |ke)?|pracownik(iem|a)?|pracownic[aey]|agent(em|a)?|doradc[aey]|kims|ktos|kogos
        |przedstawiciel(em|a)?|operator(em|a)?|specjalist[aey]|kierownik(iem|a)?
        |przelozon(ym|ego)|(biur(o|em|a)|dzial(em|u)?) obslugi( klienta)?
        |obslug[aeiy]( klienta)?|bok|(pomoc(a|y)?|wsparci(e|em|a)) techniczn\w+
        |support(em|u)?|zespol(em|u)?)( (z ((waszego|panstwa) )?(zespolu|dzialu
        |obslugi|supportu)( \w+)?|obslugi( klienta)?))?
    """,
    machine=r"""
        ((z|od|do) )?(tym |jakims )?((chat)?bot\w{0,3}|robot\w{0,4}|maszyn\w{0,2}
        |automat\w{0,3}|komputer\w{0,3}|ai|sztuczn\w+ inteligencj\w+)
    """,
    reaching=r"""
        (rozmawiac|porozmawiac|porozmawiam|pogadac|gadac|pomowic|mowic|pisac|popisac|czatowac
        |skontaktowac( sie)?|skontaktuje sie|polaczyc( sie)?|polaczenie|kontakt|kontaktu
        |rozmow[aey]) (sie )?<person>
        |<person> (\w+ )?(rozmawiac|porozmawiac|pogadac|pomowic|skontaktowac)
        |(polacz|polaczcie|polaczyc|przelacz|przelaczcie|przekieruj|przekierujcie|daj
        |dajcie)( (mnie|mi|nas))?( prosze)? <person>
        |(mnie|nas) (polaczyc|przelaczyc|przekierowac) <person>
    """,
    oneself=r"""
        ja|mnie|mi|mna|nas|chce|chcialbym|chcialabym|chcemy|moge|mozemy|moglbym|moglabym
        |potrzebuje|prosze|poprosze|wole|wolalbym|wolalabym|mozna|porozmawiam|musze
    """,
    wanting=r"""
        (chce|chcialbym|chcialabym|chcemy|potrzebuje|potrzebujemy|prosze|poprosze|wole|wolalbym
        |wolalabym|zadam)( (o|pomocy|pomoc|kontakt|rozmowe))* <person>
        |(jest|sa)( (tu|tam))?( (jakis|jakas|jakis inny))? <person>|<person> (moze
        |moglby|moglaby) mi pomoc|moze mi <person> pomoc
    """,
    spurning=r"""
        nie (chce|chcialbym|chcialabym|chcemy|bede|zamierzam)( (juz|rozmawiac|gadac
        |pisac)){0,2} <machine>
    """,
    refusing=r"""
        nie (chce|chcialbym|chcialabym|chcemy|potrzebuje|potrzebujemy|musze|trzeba|lacz\w*
        |przelaczaj\w*)
        |bez (rozmowy|kontaktu)
    """,
    others=r"""
        klienci|klientow|klientom|klientami|(moj|nasz|kazdy) klient|odwiedzajac\w*|uzytkowni\w*
        |goscie|gosci|(moj|nasz)(a|ego|ym|im)? (zespol\w*|pracownik\w*)|moi (pracownicy
        |konsultanci)
    """,
    elsewhere=r"""
        telefon\w*|zadzwonic|dzwonic|dzwoni|numer\w*|e-?mail\w*|mail\w*|adres\w*|infolini\w*
        |whatsapp|poczt\w*|godzin\w*
    """,
)
