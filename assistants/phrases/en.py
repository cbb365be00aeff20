"""What is said in English."""

from assistants.phrases.phrases import Phrases

ENGLISH = Phrases(
    talk_to_a_person="Talk to a person",
    you_are_welcome="You are welcome. Is there anything else that you would like to know?",
    until_next_time="All right. I am here if you would like to know anything else.",
    quoted_from="From {title}:",
    welcome="Hello! What would you like to know?",
    introduction="Hello! I am the assistant of {name}. How can I help?",
    offer_text="I am not sure that I understood. Is it one of these?",
    handover_text="I will ask a person of our team to answer you here.",
    unanswered_text="I did not find an answer to this. I will ask a person of our team.",
    unapproved="This was not approved. I will ask a person of our team.",
    greeting=r"""
        (hi|hello|hey|hiya|howdy|greetings|good (morning|afternoon|evening|day))( (there
        |everyone|all|team|guys|again))?
        |(is )?any(body|one) (here|there)
        |(hi |hello |hey )?how are you( doing)?( today)?
        |what's up
    """,
    thanks=r"""
        ((ok|okay|great|perfect|cool|awesome|super|nice|good
        |wonderful) )*((many |no )?thanks?( you)?( (so|very) much| a lot)?|thx|ty
        |cheers)( (that helps|that helped|bye|goodbye|that is all|that's all|for (your
        |the) help))*
    """,
    goodbye=r"""
        (ok(ay)? )?(good ?bye|bye( bye)?)|see you( later)?|have a (nice|good|great) day
        |(no )?that('s| is) all|no thats all
        |ok(ay)?|great|perfect|cool|got it|i see
    """,
    opening=r"please|hi|hello|hey|ok|okay|no|yes|well|so|sorry|thanks|but|and|there",
    closing=r"""
        please|pls|here|there|available|now|right now|instead|today|asap|thanks|thank you
    """,
    person=r"""
        ((to|with|on|over|through|an?|the|your|some|another|any|just|real|live|living|actual
        |human|support|sales|customer|service|care|team|of|one|member) )*(person|people|humans?
        |human being|agents?|advis[eo]r|representative|rep|operator|someone|somebody|staff
        |employee|team|support|service|helpdesk|member|specialist|colleagues?|manager|supervisor
        |boss|human (help|assistance))
    """,
    machine=r"""
        (a |an |the |this |your |stupid )*((chat ?|ro)?bots?|machines?|ai|computer)
    """,
    reaching=r"""
        (talk|talking|speak|speaking|chat|chatting|contact|contacting|reach|in touch) <person>
        |(connect|transfer|get|give|put|pass|hand|forward|escalate|redirect) (me|us|this
        |it)( (over|through))? <person>
        |(^(transfer|hand over)|connect|escalate|forward|redirect) <person>
    """,
    oneself=r"""
        i|i'[dm]|i'll|i've|id|im|me|my|need|want|wanna|help|how to|we|we'd|us|you|let's
    """,
    wanting=r"""
        (i|we|i'd|we'd)( would| really| just| do)* (want|need|like|prefer|demand
        |request)( to have| help from)? <person>( to (help|assist|talk|speak|chat|contact
        |call|reply)( \w+){0,3})?
        |i'd rather have <person>
        |(is|are) there <person>( (that |who )?i (can|could) (talk|speak
        |chat)( to| with)?)?|is <person> (there|here|available|online)
        |(get|give|find|send|call)( me| us)? <person>
        |(can|could|may) (i|we) (please )?(have|get) <person>
        |(can|could|would|will) <person> (please )?(help|assist|answer)( me| us)?
    """,
    spurning=r"""
        (don't|dont|do not) (want|like|need|wish)( to)?( (talk|speak|chat))?( (to
        |with))? <machine>
        |(stop|hate|sick of|tired of) (talking|speaking|chatting) (to|with) <machine>
    """,
    refusing=r"""
        (don't|dont|do not|didn't|never|no longer)( \w+){0,2} (want|need|wish|like|have)
        |no need|(?<!how )(do|should|must|shall) (i|we)( (have|need) to)? (talk|speak
        |chat|contact|reach)|am i (\w+ )?(talking|speaking|chatting|connected)|(don't
        |do not) (connect|transfer|talk|speak|contact|get|give)
    """,
    others=r"""
        visitors?|customers|users?|clients?|they|them|others|(my|a|the) customer (?!service
        |support|care)\w+
        |(my|our) (team|agents?|colleagues|staff|employees)
    """,
    elsewhere=r"""
        (tele)?phones?( number)?|by (phone|e-?mail|post|mail)|e-?mails?|whatsapp|sms|fax
        |(by|on the) telephone|number|address|hours|(what|which) time|when
    """,
)
