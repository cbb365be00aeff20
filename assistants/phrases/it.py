"""What is said in Italian."""

from assistants.phrases.phrases import Phrases

ITALIAN = Phrases(
    talk_to_a_person="Parlare con un operatore",
    you_are_welcome="Prego. C'è altro che le piacerebbe sapere?",
    until_next_time="D'accordo. Sono qui se desidera sapere altro.",
    quoted_from="Da {title}:",
    welcome="Salve! Che cosa desidera sapere?",
    introduction="Salve! Sono l'assistente di {name}. Come posso aiutarla?",
    offer_text="Non sono sicuro di aver capito. È uno di questi argomenti?",
    handover_text="Chiederò a una persona del nostro team di risponderle qui.",
    unanswered_text="Non ho trovato una risposta. Chiederò a una persona del nostro team.",
    unapproved="Questo non è stato approvato. Chiederò a una persona del nostro team.",
    greeting=r"""
        (ciao|salve|buon ?giorno|buona ?sera|buon pomeriggio|hey|ehi|hello)( (a tutti|team
        |ragazzi|di nuovo))?
        |(ciao |salve )?c'e (qualcuno|nessuno)( (qui|li))?
        |(ciao |salve )?come (stai|sta|state|va)
    """,
    thanks=r"""
        ((ok|va bene|perfetto|ottimo|bene|benissimo|fantastico|no|si) )*(grazie( (mille
        |tante|infinite|molte))?|ti ringrazio|la ringrazio|vi ringrazio)( (per (l'aiuto
        |la risposta|il supporto|le informazioni|tutto)|a (te|lei|voi)|arrivederci|ciao|e tutto
        |buona giornata))*
    """,
    goodbye=r"""
        arrivederci|a presto|a dopo|ci vediamo|buona (giornata|serata|notte)|(no )?(e tutto
        |basta cosi|nient'altro)|addio
        |ok|va bene|d'accordo|perfetto|capito|ho capito|ottimo|bene|chiaro
    """,
    opening=r"""
        ciao|salve|buon ?giorno|buona ?sera|per favore|per piacere|ok|va bene|no|si|ma|e|grazie
        |allora|scusa|scusi|come( posso fare per| si fa a)?|dove
    """,
    closing=r"""
        per favore|per piacere|per cortesia|grazie|qui|li|ora|adesso|subito|disponibile|oggi
    """,
    person=r"""
        ((a|al|alla|ad|con|col|da|di|del|della|una?|uno|il|la|lo|i|vostr[oa]|suo|vero|vera
        |altr[oa]|qualche|direttamente|invece) |(all|dell|dall|un|l)')*(person[ae]|umano|umana
        |essere umano|operator[ei]|operatrice|agente|consulente|addett[oa]|rappresentante|qualcuno
        |impiegat[oa]|collega|responsabile|assistenza( clienti| tecnica)?|servizio (clienti
        |assistenza)|supporto( tecnico)?|team|staff)( (uman[oa]|real[ei]|ver[oa]
        |in carne e ossa|dal vivo|(del|dello|della|dal|dell') ?(vostro )?(team|staff
        |supporto|servizio clienti|assistenza)))*
    """,
    machine=r"""
        (un |una |il |la |lo |questo |questa |vostro )?(robot|(chat)?bot|macchin[ae]
        |computer|ia|intelligenza artificiale|risponditore)
    """,
    reaching=r"""
        (parlare|parlo|chattare|comunicare|contattare|contatto|mettermi in contatto
        |mettersi in contatto|scrivere|discutere) <person>
        |(passa|passate|mett[ae]|metti|mettete|collega|collegate|trasferisci|trasferite|fa)(mi
        |temi|ci)?( in contatto| parlare| per favore)* <person>
        |(mi|ci) (puo |puoi |potete |potrebbe |potresti )?(passi|passa|passate|passare|metta
        |metti|mettete|mettere|colleghi|collega|collegare|trasferire
        |trasferisca)( in contatto)? <person>
        |(passarmi|mettermi in contatto|collegarmi|trasferirmi) <person>
    """,
    oneself=r"""
        io|mi|ci|me|noi|vorrei|voglio|posso|potrei|preferirei|preferisco|devo|desidero|vogliamo
        |possiamo|vorremmo|parlo|si puo|\w+(mi|ci)
    """,
    wanting=r"""
        (voglio|vorrei|mi serve|mi servirebbe|ho bisogno|preferisco|preferirei|desidero|esigo
        |cerco|vogliamo|vorremmo|abbiamo bisogno)( (avere|aiuto|un aiuto))* <person>
        |c'e <person>( che (mi )?puo \w+)?|ci sono <person>
        |(puo|potrebbe) (aiutarmi|rispondermi) <person>|<person> (puo|potrebbe) (aiutarmi
        |rispondermi|darmi una mano)
        |(datemi|dammi|mi dia) <person>
    """,
    spurning=r"""
        non (voglio|vorrei|vogliamo|desidero|mi piace)( (parlare|chattare))?( (con
        |a))? <machine>
    """,
    refusing=r"""
        non (voglio|vorrei|vogliamo|desidero|mi serve|ho bisogno|serve|occorre|mi (passare
        |passi|metta))
        |senza (parlare|contattare)|sto parlando|(?<!come )parlo con
    """,
    others=r"""
        (i|miei|nostri|ai|dei|dai|un|il|mio) (miei |nostri |vostri )?(clienti|cliente|utenti
        |utente|visitatori)|visitatori|utenti|loro|(il mio|il nostro|mio|nostro) (team|staff)
    """,
    elsewhere=r"""
        telefon\w*|chiamare|chiamata|chiamarvi|numero|e-?mail|mail|posta|pec|whatsapp|indirizzo
        |orari\w*
    """,
)
