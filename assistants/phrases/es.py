"""What is said in Spanish."""

from assistants.phrases.phrases import Phrases

SPANISH = Phrases(
    talk_to_a_person="Hablar con una persona",
    you_are_welcome="De nada. ¿Hay algo más que le gustaría saber?",
    until_next_time="De acuerdo. Aquí estoy si quiere saber algo más.",
    quoted_from="De {title}:",
    welcome="¡Hola! ¿Qué le gustaría saber?",
    introduction="¡Hola! Soy el asistente de {name}. ¿En qué puedo ayudarle?",
    offer_text="No estoy seguro de haber entendido. ¿Es uno de estos temas?",
    handover_text="Pediré a una persona de nuestro equipo que le responda aquí.",
    unanswered_text="No he encontrado una respuesta. Preguntaré a una persona de nuestro equipo.",
    unapproved="Esto no se ha aprobado. Preguntaré a una persona de nuestro equipo.",
    greeting=r"""
        ((hola|hey|buenas|saludos|buen dia|buenos dias|buenas (tardes|noches)) ?)+(a todos
        |equipo|amigos|de nuevo)?
        |(hola )?(hay )?alguien( (ahi|aqui|por ahi))?
        |(hola )?(que tal|como (estas|esta|va|van|andas)( todo)?)
    """,
    thanks=r"""
        ((ok|vale|perfecto|genial|bien|muy bien|bueno|listo|super|estupendo|excelente|no
        |si) )*((muchas|muchisimas|mil|ok) )?gracias( (por (la|tu|su|todo) ?(ayuda
        |respuesta|informacion)?|a (ti|usted|ustedes)|adios|chao|hasta luego|eso es todo
        |me sirve))*
        |(te|se|le|os) (lo )?agradezco( mucho)?
    """,
    goodbye=r"""
        adios|hasta (luego|pronto|manana|la vista)|chao|chau|nos vemos|que (tengas?
        |pase) (un )?buen dia
        |(no )?(eso es todo|nada mas|es todo)
        |vale|ok|okey|de acuerdo|perfecto|entendido|genial|bueno|listo|claro|ya veo
    """,
    opening=r"""
        hola|buenas( tardes| noches)?|buenos dias|por favor|ok|vale|no|si|pero|y|gracias|bueno
        |oye|oiga|como|donde
    """,
    closing=r"por favor|porfa|gracias|aqui|ahi|ahora|ya|disponible|hoy|mejor",
    person=r"""
        ((a|al|con|de|del|por|una?|el|la|los|algun|alguna|su|tu|vuestr[oa]|otr[oa]
        |verdader[oa]|mejor|directamente) )*(personas?|human[oa]s?|ser humano|agentes?|asesora?
        |representante|operadora?|alguien|emplead[oa]|ejecutiv[oa]|encargad[oa]|supervisora?
        |gerente|responsable|tecnic[oa]|soporte|equipo|(servicio|atencion
        |centro)( de atencion)? (al|a) cliente)( (real|human[oa]|de verdad
        |de carne y hueso|en vivo|tecnico|(del?|de su|de tu|de vuestro) (equipo
        |soporte( tecnico)?|(servicio|atencion) al cliente)))*
    """,
    machine=r"""
        (una? |el |la |este |esta |su )?(robots?|(chat)?bots?|maquinas?|ia
        |inteligencia artificial|contestador)
    """,
    reaching=r"""
        (hablar|hablo|chatear|conversar|comunicarme|comunicarnos|contactar(me|nos)?|contacto
        |ponerme en contacto|escribir(le)?) <person>
        |(pas[ae]|comuni(ca|que)|conect[ae]|transfier[ae]|pon|ponga|deriv[ae]|d[ae])(me
        |nos)( en contacto| por favor)? <person>
        |(me|nos) (puedes? |podrias? |pueden )?(pasar|pasas?|pase|comunicar|comunicas?
        |conectar|conectas?|transferir|transfieres?|poner en contacto|pones en contacto|derivar
        |atienda|atender)( por favor)? <person>
        |(pasarme|comunicarme|conectarme|transferirme|derivarme
        |ponerme) (en contacto )?<person>
    """,
    oneself=r"""
        yo|me|mi|nos|quiero|quisiera|puedo|podria|necesito|gustaria|deseo|prefiero|queremos
        |podemos|necesitamos|hablo|se puede|\w+(me|nos)
    """,
    wanting=r"""
        (quiero|quisiera|necesito|deseo|prefiero|exijo|busco|me gustaria|queremos
        |necesitamos)( (tener|ver|ayuda|que me (atienda|ayude|responda)))* <person>
        |hay <person>( que (me )?(pueda )?\w+)?
        |(puede|podria|pueden)? ?(ayudarme|atenderme|responderme) <person>
        |<person> (me )?(puede|podria|pueda) (ayudar|atender|responder)(me)?
    """,
    spurning=r"""
        no (quiero|quisiera|queremos|deseo|me gusta)( (hablar|chatear|conversar
        |seguir hablando))?( (con|a))? <machine>
    """,
    refusing=r"""
        no (quiero|quisiera|queremos|deseo|necesito|hace falta|es necesario|me (pase|pases
        |conecte|conectes))
        |sin (hablar|contactar)|estoy (hablando|chateando)|(?<!como )hablo con
    """,
    others=r"""
        clientes|(mi|un|el|cada) cliente|visitantes?|usuari[oa]s?|ellos|ellas|mi equipo
        |nuestro equipo|mis (agentes|empleados|companeros)
    """,
    elsewhere=r"""
        telefon\w*|llamar\w*|llamada|numero|correo|e-?mails?|mail|whatsapp|direccion|horarios?
    """,
)
