"""What is said in French."""

from assistants.phrases.phrases import Phrases

FRENCH = Phrases(
    talk_to_a_person="Parler à un conseiller",
    you_are_welcome="Je vous en prie. Y a-t-il autre chose que vous aimeriez savoir ?",
    until_next_time="D'accord. Je suis là si vous souhaitez savoir autre chose.",
    quoted_from="Extrait de {title} :",
    welcome="Bonjour ! Que souhaitez-vous savoir ?",
    introduction="Bonjour ! Je suis l'assistant de {name}. Comment puis-je vous aider ?",
    offer_text="Je ne suis pas sûr d'avoir compris. Est-ce l'un de ces sujets ?",
    handover_text="Je demande à une personne de notre équipe de vous répondre ici.",
    unanswered_text="Je n'ai pas trouvé de réponse. Je demande à une personne de notre équipe.",
    unapproved="Cela n'a pas été approuvé. Je demande à une personne de notre équipe.",
    greeting=r"""
        (bonjour|bonsoir|salut|coucou|hello|hey|allo|rebonjour)( (a tous|tout le monde
        |l'equipe|madame|monsieur))?
        |(bonjour )?(est-ce qu'il |il )?y a(-t-il)? quelqu'un( ici)?|quelqu'un
        |(bonjour |salut )?(comment (ca va|allez-vous|vas-tu)|ca va)
    """,
    thanks=r"""
        ((ok|d'accord|super|parfait|tres bien|bien|genial|non
        |oui) )*((un grand |mille )?merci( (beaucoup|bien|infiniment|a vous|a toi))*
        |je vous remercie)( (pour (votre|ton|l'|la) ?(aide|reponse|info\w*)|au revoir
        |bonne journee|c'est tout|ca m'aide))*
    """,
    goodbye=r"""
        au revoir|a bientot|a plus( tard)?|bonne (journee|soiree|nuit)|(non )?(c'est
        |ce sera) tout|adieu
        |ok|d'accord|tres bien|parfait|super|compris|je vois|entendu|ca marche
    """,
    opening=r"""
        bonjour|bonsoir|salut|hello|ok|d'accord|non|oui|mais|et|merci|alors|s'il vous plait
        |s'il te plait|svp|comment( faire pour)?|ou
    """,
    closing=r"""
        s'il vous plait|s'il te plait|svp|stp|merci|ici|la|maintenant|disponible|plutot
        |tout de suite|aujourd'hui
    """,
    person=r"""
        ((a|au|aux|avec|de|du|des|une?|le|la|les|votre|vos|autre|vraie?|veritable|reelle?
        |directement|plutot|chez|par|vers) |[ld]')*(humaine?s?|etre humain|personnes?|gens
        |conseill(er|ere)s?|agente?s?|operateur|operatrice|representante?|interlocuteur
        |quelqu'un|employee?|collaborat(eur|rice)|responsable|technicien(ne)?|support|equipe
        |assistance|sav|service( (clients?|clientele|apres-vente|support
        |technique))?)( (humaine?|reelle?|physique|technique|clientele|client|d'autre
        |en chair et en os|(de |du |d')((votre |l'|la )?(equipe|support
        |service client))))*
    """,
    machine=r"""
        (une? |le |la |ce |cette |votre )?(robots?|(chat)?bots?|machines?|ia
        |intelligence artificielle|ordinateur)
    """,
    reaching=r"""
        (parler|discuter|echanger|t?chatter|m'adresser|s'adresser|communiquer|joindre|contacter
        |contacte|ecrire|un contact) <person>
        |(passez|passe|mettez|mets|transferez|transfere|dirigez|redirigez|connectez)-(moi
        |nous)( en (relation|contact|communication))? <person>
        |(me|nous) (passer|transferer|diriger|rediriger|connecter|mettre en (relation
        |contact|communication)) <person>
        |(etre|soit) (mise? en (relation|contact)|transferee?) <person>
    """,
    oneself=r"""
        je|me|moi|mon|ma|mes|nous|on|puis-je|peut-on|peux-tu|pouvez-vous|(passez|passe|mettez
        |transferez|connectez)-(moi|nous)|[jm]'\w*
    """,
    wanting=r"""
        (je (veux|voudrais|souhaite|souhaiterais|prefere|prefererais|demande|desire|cherche)
        |j'aimerais|j'ai besoin|j'exige|il me faut|(on|nous) (veut|voulons
        |voudrions))( (bien|avoir|de l'aide))* <person>
        |(est-ce qu'il |il )?y a(-t-il)? <person>
        |(est-ce que )?<person> (peut|pourrait|peut-il|peut-elle|pourrait-il) (m'aider
        |nous aider|me repondre|me renseigner)
        |(donnez|trouvez|envoyez)-moi <person>
    """,
    spurning=r"""
        (veux|voudrais|souhaite|aime|aimerais|voulons|veut) (pas|plus)( (parler
        |discuter))?( (a|avec|au))?( d'| de| du)? ?<machine>
        |assez (de )?(parler )?(a |avec |au |du |de )?<machine>
    """,
    refusing=r"""
        (veux|voudrais|souhaite|aimerais|desire|voulons|veut) (pas|plus|jamais)
        |pas besoin|sans (parler|passer|contacter)|n'(ai|a|avons|arrive) (pas|pu)|ne (me
        |nous) \w+ pas
    """,
    others=r"""
        (les|mes|nos|des|aux|ses|leurs?|une?|mon|ma|notre|le|la|chaque) (clients?|clientes?
        |visiteurs?|utilisateurs?|internautes?|equipe de vente|collegues?)|visiteurs|utilisateurs
        |ils|elles|mon equipe|notre equipe
    """,
    elsewhere=r"""
        (tele)?phone|telephonique\w*|telephone\w*|tel|appeler|appel|rappel\w*|numero|e-?mails?
        |mails?|courriel|courrier|adresse|whatsapp|horaires
    """,
)
