"""Everyday phrases of our own in four languages, by topic: what lies on a map beside the captions of the probe set."""

from __future__ import annotations

from vaegen.data.probe_sentences import Probe

TOPIC = "topic"
_BY_TOPIC = {
    "greeting": """
Good morning.|Guten Morgen.|Bonjour.|Dobré ráno.
Good night, sleep well.|Gute Nacht, schlaf gut.|Bonne nuit, dors bien.|Dobrou noc, spi dobře.
Hello, how are you?|Hallo, wie geht es dir?|Bonjour, comment vas-tu ?|Ahoj, jak se máš?
See you tomorrow.|Bis morgen.|À demain.|Uvidíme se zítra.
Nice to meet you.|Freut mich, dich kennenzulernen.|Ravi de te rencontrer.|Těší mě.
What is your name?|Wie heißt du?|Comment t'appelles-tu ?|Jak se jmenuješ?
Thank you very much.|Vielen Dank.|Merci beaucoup.|Mockrát děkuji.
I am sorry that I am late.|Es tut mir leid, dass ich zu spät komme.|Je suis désolé d'être en retard.|Omlouvám se, že jdu pozdě.
Happy birthday!|Alles Gute zum Geburtstag!|Joyeux anniversaire !|Všechno nejlepší k narozeninám!
Welcome to our house.|Willkommen in unserem Haus.|Bienvenue chez nous.|Vítejte u nás doma.""",
    "food": """
I am hungry.|Ich habe Hunger.|J'ai faim.|Mám hlad.
I would like a cup of coffee.|Ich hätte gern eine Tasse Kaffee.|Je voudrais une tasse de café.|Dal bych si šálek kávy.
Can I have a glass of water?|Kann ich ein Glas Wasser haben?|Puis-je avoir un verre d'eau ?|Mohu dostat sklenici vody?
She does not eat meat.|Sie isst kein Fleisch.|Elle ne mange pas de viande.|Ona nejí maso.
The soup is too hot.|Die Suppe ist zu heiß.|La soupe est trop chaude.|Polévka je příliš horká.
We had fish for dinner.|Wir hatten Fisch zum Abendessen.|Nous avons mangé du poisson au dîner.|K večeři jsme měli rybu.
Do you like apples?|Magst du Äpfel?|Aimes-tu les pommes ?|Máš rád jablka?
He is baking a cake.|Er backt einen Kuchen.|Il fait un gâteau.|Peče dort.
The bread is fresh.|Das Brot ist frisch.|Le pain est frais.|Chléb je čerstvý.
The bill, please.|Die Rechnung, bitte.|L'addition, s'il vous plaît.|Účet, prosím.""",
    "travel": """
Where is the station?|Wo ist der Bahnhof?|Où est la gare ?|Kde je nádraží?
The train leaves at eight.|Der Zug fährt um acht ab.|Le train part à huit heures.|Vlak odjíždí v osm.
I missed the bus.|Ich habe den Bus verpasst.|J'ai raté le bus.|Ujel mi autobus.
We are going to Paris next week.|Wir fahren nächste Woche nach Paris.|Nous allons à Paris la semaine prochaine.|Příští týden jedeme do Paříže.
How far is it to the airport?|Wie weit ist es bis zum Flughafen?|À quelle distance est l'aéroport ?|Jak daleko je to na letiště?
Turn left at the corner.|Biegen Sie an der Ecke links ab.|Tournez à gauche au coin.|Na rohu zahněte doleva.
My suitcase is heavy.|Mein Koffer ist schwer.|Ma valise est lourde.|Můj kufr je těžký.
I have lost my passport.|Ich habe meinen Pass verloren.|J'ai perdu mon passeport.|Ztratil jsem pas.
Can you show me the way?|Können Sie mir den Weg zeigen?|Pouvez-vous me montrer le chemin ?|Můžete mi ukázat cestu?
The hotel is near the sea.|Das Hotel liegt am Meer.|L'hôtel est près de la mer.|Hotel je blízko moře.""",
    "family": """
My sister is older than me.|Meine Schwester ist älter als ich.|Ma sœur est plus âgée que moi.|Moje sestra je starší než já.
His father is a doctor.|Sein Vater ist Arzt.|Son père est médecin.|Jeho otec je lékař.
We have two children.|Wir haben zwei Kinder.|Nous avons deux enfants.|Máme dvě děti.
My parents live in a small town.|Meine Eltern wohnen in einer kleinen Stadt.|Mes parents habitent dans une petite ville.|Moji rodiče žijí v malém městě.
She is getting married in June.|Sie heiratet im Juni.|Elle se marie en juin.|V červnu se vdává.
The baby is asleep.|Das Baby schläft.|Le bébé dort.|Dítě spí.
I miss my grandmother.|Ich vermisse meine Großmutter.|Ma grand-mère me manque.|Stýská se mi po babičce.
He has no brothers.|Er hat keine Brüder.|Il n'a pas de frères.|Nemá žádné bratry.
They are good friends.|Sie sind gute Freunde.|Ils sont de bons amis.|Jsou to dobří přátelé.
Her husband works a lot.|Ihr Mann arbeitet viel.|Son mari travaille beaucoup.|Její manžel hodně pracuje.""",
    "work": """
I have to work today.|Ich muss heute arbeiten.|Je dois travailler aujourd'hui.|Dnes musím pracovat.
She got a new job.|Sie hat eine neue Arbeit.|Elle a un nouveau travail.|Má novou práci.
The meeting begins at ten.|Die Sitzung beginnt um zehn.|La réunion commence à dix heures.|Schůzka začíná v deset.
He is reading a letter.|Er liest einen Brief.|Il lit une lettre.|Čte dopis.
We need more time.|Wir brauchen mehr Zeit.|Nous avons besoin de plus de temps.|Potřebujeme víc času.
My computer does not work.|Mein Computer funktioniert nicht.|Mon ordinateur ne marche pas.|Můj počítač nefunguje.
Who wrote this book?|Wer hat dieses Buch geschrieben?|Qui a écrit ce livre ?|Kdo napsal tuto knihu?
The students are learning French.|Die Schüler lernen Französisch.|Les élèves apprennent le français.|Žáci se učí francouzsky.
I do not understand the question.|Ich verstehe die Frage nicht.|Je ne comprends pas la question.|Nerozumím té otázce.
The school is closed on Sunday.|Die Schule ist am Sonntag geschlossen.|L'école est fermée le dimanche.|Škola je v neděli zavřená.""",
    "weather": """
It is raining.|Es regnet.|Il pleut.|Prší.
It is very cold today.|Heute ist es sehr kalt.|Il fait très froid aujourd'hui.|Dnes je velká zima.
The sun is shining.|Die Sonne scheint.|Le soleil brille.|Svítí slunce.
It snowed last night.|Letzte Nacht hat es geschneit.|Il a neigé la nuit dernière.|V noci sněžilo.
Summer is my favourite season.|Der Sommer ist meine liebste Jahreszeit.|L'été est ma saison préférée.|Léto je moje oblíbené roční období.
Take an umbrella with you.|Nimm einen Regenschirm mit.|Prends un parapluie avec toi.|Vezmi si s sebou deštník.
The wind is strong.|Der Wind ist stark.|Le vent est fort.|Vítr je silný.
Will it be warm tomorrow?|Wird es morgen warm?|Fera-t-il chaud demain ?|Bude zítra teplo?
The sky is blue.|Der Himmel ist blau.|Le ciel est bleu.|Obloha je modrá.
I like the rain.|Ich mag den Regen.|J'aime la pluie.|Mám rád déšť.""",
    "health": """
I am tired.|Ich bin müde.|Je suis fatigué.|Jsem unavený.
My head hurts.|Mein Kopf tut weh.|J'ai mal à la tête.|Bolí mě hlava.
She is ill.|Sie ist krank.|Elle est malade.|Je nemocná.
You should see a doctor.|Du solltest zum Arzt gehen.|Tu devrais voir un médecin.|Měl bys jít k lékaři.
He broke his leg.|Er hat sich das Bein gebrochen.|Il s'est cassé la jambe.|Zlomil si nohu.
I could not sleep.|Ich konnte nicht schlafen.|Je n'ai pas pu dormir.|Nemohl jsem spát.
Do you feel better?|Geht es dir besser?|Te sens-tu mieux ?|Je ti lépe?
Smoking is bad for you.|Rauchen ist ungesund.|Fumer est mauvais pour la santé.|Kouření škodí zdraví.
She took her medicine.|Sie hat ihre Medizin genommen.|Elle a pris son médicament.|Vzala si lék.
The old man is still healthy.|Der alte Mann ist noch gesund.|Le vieil homme est encore en bonne santé.|Starý muž je stále zdravý.""",
    "shopping": """
How much does it cost?|Wie viel kostet das?|Combien ça coûte ?|Kolik to stojí?
This car is too expensive.|Dieses Auto ist zu teuer.|Cette voiture est trop chère.|To auto je příliš drahé.
I want to buy a new coat.|Ich möchte einen neuen Mantel kaufen.|Je veux acheter un nouveau manteau.|Chci si koupit nový kabát.
I have no money.|Ich habe kein Geld.|Je n'ai pas d'argent.|Nemám peníze.
The shop opens at nine.|Das Geschäft öffnet um neun.|Le magasin ouvre à neuf heures.|Obchod otevírá v devět.
Do you have a smaller one?|Haben Sie ein kleineres?|En avez-vous un plus petit ?|Máte menší?
He sold his house.|Er hat sein Haus verkauft.|Il a vendu sa maison.|Prodal svůj dům.
She bought a red dress.|Sie hat ein rotes Kleid gekauft.|Elle a acheté une robe rouge.|Koupila si červené šaty.
I will take it.|Ich nehme es.|Je le prends.|Vezmu si to.
These shoes are cheap.|Diese Schuhe sind billig.|Ces chaussures ne sont pas chères.|Tyto boty jsou levné.""",
    "feelings": """
I love you.|Ich liebe dich.|Je t'aime.|Miluji tě.
Why are you crying?|Warum weinst du?|Pourquoi pleures-tu ?|Proč pláčeš?
He is afraid of dogs.|Er hat Angst vor Hunden.|Il a peur des chiens.|Bojí se psů.
I am very happy.|Ich bin sehr glücklich.|Je suis très heureux.|Jsem velmi šťastný.
She was angry with me.|Sie war böse auf mich.|Elle était fâchée contre moi.|Zlobila se na mě.
Do not worry.|Mach dir keine Sorgen.|Ne t'inquiète pas.|Neboj se.
I hope that you are right.|Ich hoffe, dass du recht hast.|J'espère que tu as raison.|Doufám, že máš pravdu.
I do not care.|Das ist mir egal.|Ça m'est égal.|Je mi to jedno.
That is a good idea.|Das ist eine gute Idee.|C'est une bonne idée.|To je dobrý nápad.
Everybody laughed.|Alle lachten.|Tout le monde a ri.|Všichni se smáli.""",
    "time": """
What time is it?|Wie spät ist es?|Quelle heure est-il ?|Kolik je hodin?
I have no time.|Ich habe keine Zeit.|Je n'ai pas le temps.|Nemám čas.
He always gets up early.|Er steht immer früh auf.|Il se lève toujours tôt.|Vždy vstává brzy.
When did you come home?|Wann bist du nach Hause gekommen?|Quand es-tu rentré ?|Kdy jsi přišel domů?
Wait a minute.|Warte einen Moment.|Attends une minute.|Počkej chvilku.
I will call you tonight.|Ich rufe dich heute Abend an.|Je t'appellerai ce soir.|Zavolám ti dnes večer.
It is too late.|Es ist zu spät.|Il est trop tard.|Je příliš pozdě.
She will be back soon.|Sie ist bald zurück.|Elle sera bientôt de retour.|Brzy se vrátí.
We waited for an hour.|Wir haben eine Stunde gewartet.|Nous avons attendu une heure.|Čekali jsme hodinu.
Today is Monday.|Heute ist Montag.|Aujourd'hui, c'est lundi.|Dnes je pondělí.""",
}  # fmt: skip
TOPICS = tuple(_BY_TOPIC)


def phrases() -> list[Probe]:
    """Returns all phrases; their one factor is the topic."""
    rows = [(topic, line.split("|")) for topic, lines in _BY_TOPIC.items() for line in lines.strip().splitlines()]
    return [Probe(dict(zip(("en", "de", "fr", "cs"), row, strict=True)), {TOPIC: topic}) for topic, row in rows]
