"""What is said in Portuguese."""

from assistants.phrases.phrases import Phrases

PORTUGUESE = Phrases(
    talk_to_a_person="Falar com uma pessoa",
    you_are_welcome="De nada. Há mais alguma coisa que gostaria de saber?",
    until_next_time="Está bem. Estou aqui se quiser saber mais alguma coisa.",
    quoted_from="De {title}:",
    welcome="Olá! O que gostaria de saber?",
    introduction="Olá! Sou o assistente de {name}. Como posso ajudar?",
    offer_text="Não tenho certeza de ter entendido. É um destes assuntos?",
    handover_text="Vou pedir a uma pessoa da nossa equipe que lhe responda aqui.",
    unanswered_text="Não encontrei uma resposta. Vou perguntar a uma pessoa da nossa equipe.",
    unapproved="Isso não foi aprovado. Vou perguntar a uma pessoa da nossa equipe.",
    greeting=r"""
        ((ola|oi|bom dia|boa tarde|boa noite|opa|alo|hey) ?)+(a todos|pessoal|equipe|equipa
        |tudo bem|tudo bom)?
        |(ola |oi )?(tem |ha )?alguem( (ai|aqui))?
        |(ola |oi )?(tudo (bem|bom)|como (vai|esta|estas)|e ai)( (com )?(voce
        |voces))?
    """,
    thanks=r"""
        ((ok|certo|otimo|perfeito|beleza|legal|bom|muito bem|nao|sim
        |esta bem) )*(muit[oa]s? )?(obrigad[oa]s?|obrigadao|brigad[oa]|obg|valeu|agradeco
        |grat[oa])( (mesmo|pela (ajuda|resposta|informacao|atencao)|por tudo|a (voce|voces
        |ti)|tchau|era so isso|ate logo))*
    """,
    goodbye=r"""
        tchau|adeus|ate (logo|mais|breve|amanha|ja)|(tenha )?(um )?bom dia para (voce
        |voces|si)|(nao )?(e so isso|era so isso|so isso|isso e tudo|e tudo)
        |ok|certo|entendi|perfeito|beleza|blz|otimo|ta bom|esta bem|legal|percebi
    """,
    opening=r"""
        ola|oi|bom dia|boa tarde|boa noite|por favor|ok|nao|sim|mas|e|obrigad[oa]|entao|desculpe
        |como|onde
    """,
    closing=r"por favor|pf|pfv|obrigad[oa]|aqui|ai|agora|ja|disponivel|hoje",
    person=r"""
        ((a|ao|com|para|por|de|do|da|no|na|uma?|o|os|algum|alguma|seu|sua|vosso|vossa|outr[oa]
        |verdadeir[oa]|direto|diretamente) )*(pessoas?|human[oa]s?|ser humano|atendentes?
        |atendimento|agente|assessora?|consultora?|representante|operadora?|alguem|funcionari[oa]
        |colaboradora?|supervisora?|gerente|responsavel|suporte|equipe|equipa|sac|apoio
        |servico de apoio)( (real|de verdade|human[oa]|ao vivo|de carne e osso|tecnico
        |ao cliente|(do|da|de) (suporte|equipe|equipa|loja|atendimento|apoio)))*
    """,
    machine=r"""
        (uma? |o |a |este |esse |com )?(robos?|robot|(chat)?bots?|maquinas?|ia
        |inteligencia artificial|computador)
    """,
    reaching=r"""
        (falar|falo|conversar|converso|teclar|contat(ar|o)|contact(ar|o)|comunicar) <person>
        |(me|nos) (passar?|passe|transferir|transfere|transfira|conectar?|conecte|colocar?
        |coloque|encaminhar?|encaminhe)( em contac?to)? <person>
        |(passar?|passe|transfira|transfere|transferir|conecte|conectar?|coloque
        |encaminhe)-(me|nos)( em contac?to)? <person>
        |(ser )?atendid[oa] <person>
    """,
    oneself=r"""
        eu|me|mim|nos|a gente|quero|queria|gostaria|posso|poderia|preciso|prefiro|podemos|queremos
        |consigo|falo|converso|desejo|da para|\w+-(me|nos)
    """,
    wanting=r"""
        (eu )?(quero|queria|preciso|gostaria|prefiro|desejo|exijo|queremos
        |precisamos)( (ter|ajuda))* <person>
        |(ha|tem|existe) <person>( que (me )?possa \w+| para me ajudar)?
        |(pode|poderia) me ajudar <person>|<person> (pode|poderia) (me ajudar|ajudar-me
        |me atender)
        |(me )?(chame|chama) <person>
    """,
    spurning=r"""
        nao (quero|queria|queremos|gosto|desejo)( (de )?(falar
        |conversar))?( com)? <machine>
    """,
    refusing=r"""
        nao (quero|queria|queremos|desejo|preciso|e preciso|precisa|me (passe|transfira))
        |sem (falar|contatar)|estou (falando|a falar)|(?<!como )falo com
    """,
    others=r"""
        clientes|(meu|um|o|cada) cliente|visitantes?|utilizador(es)?|usuari[oa]s?|eles|elas
        |(minha|nossa) (equipe|equipa)|meus (atendentes|agentes|colegas)
    """,
    elsewhere=r"""
        telefon\w*|ligar|ligacao|numero|e-?mails?|mail|correio|whatsapp|zap|endereco|morada
        |horarios?
    """,
)
