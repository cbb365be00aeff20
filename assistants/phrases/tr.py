"""What is said in Turkish."""

from assistants.phrases.phrases import Phrases

TURKISH = Phrases(
    talk_to_a_person="Bir temsilciyle görüş",
    you_are_welcome="Rica ederim. Öğrenmek istediğiniz başka bir şey var mı?",
    until_next_time="Tamam. Başka bir şey öğrenmek isterseniz buradayım.",
    quoted_from="Kaynak – {title}:",
    welcome="Merhaba! Ne öğrenmek istersiniz?",
    introduction="Merhaba! Ben {name} asistanıyım. Nasıl yardımcı olabilirim?",
    offer_text="Anladığımdan emin değilim. Bunlardan biri mi?",
    handover_text="Ekibimizden birinden size burada yanıt vermesini isteyeceğim.",
    unanswered_text="Buna bir yanıt bulamadım. Ekibimizden birine soracağım.",
    unapproved="Bu onaylanmadı. Ekibimizden birine soracağım.",
    greeting=r"""
        (merhaba(lar)?|selam(lar)?|selamun aleykum|gunaydin|iyi (gunler|aksamlar|geceler)
        |hey|hello|alo)( (herkese|arkadaslar|ekip|tekrar))?
        |(merhaba )?(orada |burada )?(kimse|biri|birisi) var mi
        |(merhaba |selam )?(nasilsin(iz)?|ne haber|naber|nasil gidiyor)
    """,
    thanks=r"""
        ((tamam|ok|peki|super|harika|guzel|evet|hayir
        |anladim) )*((cok )?(tesekkur(ler)?|sag ?ol(un)?|mersi|eyvallah)( (ederim
        |ederiz))?)( (yardim(in|iniz) icin|bu kadar|hosca ?kal(in)?|iyi (gunler
        |aksamlar)|gorusuruz))*
    """,
    goodbye=r"""
        gorusuruz|gorusmek uzere|hosca ?kal(in)?|gule gule|bay bay|(hayir )?(bu kadar
        |hepsi bu)
        |tamam(dir)?|peki|anladim|oldu|ok|super|harika
    """,
    opening=r"""
        merhaba|selam|iyi gunler|iyi aksamlar|lutfen|tamam|ok|hayir|evet|ama|ve|tesekkurler|pardon
        |nasil
    """,
    closing=r"lutfen|tesekkurler|burada|simdi|hemen|bugun",
    person=r"""
        ((bir|gercek|canli|baska|yetkili|herhangi|musteri|hizmetleri|destek|insan
        |sizden) )*(insan(la|a|i|lar\w{0,3})?|kisi(yle|ye|yi)?
        |temsilci(n?iz)?(si)?n?(yle|le|ye|e|yi|i|ler\w{0,4})?|yetkili(si)?n?(yle|ye|e
        |yi)?|operator(le|e|u)?|danisman(iniz)?(la|a|i)?|biri(si)?n?(yle|le|ne|e|ni|i
        |siyle)?|personel(le|e|i)?|calisan(la|a|i)?|uzman(la|a|i)?|mudur(le|e|unuzle)?
        |sorumlu(yla|ya)?|destek(le)?|ekip(le)?|hizmetleri(yle|ne|nden)?|ekib(i
        |iniz)(yle|le|ne|e|nden)?)( (ile|birisi(yle)?|biri(yle)?))?
    """,
    machine=r"""
        (bir |bu )?((chat)?bot\w{0,4}|robot\w{0,4}|makine\w{0,3}|yapay zeka\w{0,3}
        |bilgisayar\w{0,3})( ile)?
    """,
    reaching=r"""
        <person> (\w+ )?(konus|gorus|yazis|baglan|ulas|sohbet et|irtibata gec
        |iletisime gec)(mek|mak|ebil\w*|abil\w*|eyim|ayim|elim|alim|mem|mam|sem|sam|ur|uruz|urum
        |ulur|irim|iriz|mayi|meyi)?
        |<person> (bagla|aktar|yonlendir)(r|yin|in|yabilir|abilir|ebilir|ir|yip|t)?( m\w+)?
    """,
    oneself=r"""
        ben|biz|beni|bana|bizi|bize|m[iu]y[iu][mz]|misin(iz)?|musun(uz)?|lazim|gerek|nasil
        |lutfen|\w+(yorum|yoruz|bilirim|biliriz|bilir|ayim|eyim|alim|elim|irim|erim|arim|urum)
    """,
    wanting=r"""
        ((ben|biz|bana|bize) )?<person> (istiyorum|isterim|istiyoruz|ariyorum|lazim|gerek
        |rica ediyorum|rica ederim|bulun|verin|verir misiniz)
        |<person> (ihtiyacim var|ihtiyacimiz var|var mi|yok mu|musait mi|yardim\w* (edebilir
        |olabilir) mi)
        |(bana|bize) <person> yardim\w* (etsin|edebilir mi|olabilir mi)
    """,
    spurning=r"<machine> (\w+ ){0,2}istemiyor(um|uz)",
    refusing=r"istemiyor(um|uz)|istemem|gerek yok|lazim degil|baglama\w*|aktarma\w*",
    others=r"""
        musteriler\w*|ziyaretci\w*|kullanici\w*|konuklar\w*|ekibim\w*|ekibimiz\w*|musterim\w*
    """,
    elsewhere=r"""
        telefon\w*|aramak|arayabil\w*|ariyabil\w*|numara\w*|e-?posta\w*|e-?mail\w*|mail\w*
        |adres\w*|whatsapp|saatler\w*
    """,
)
