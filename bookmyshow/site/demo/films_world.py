"""Films from other countries in the demo's catalogue.

American films of 2020 to 2023 are left out: the catalogue that `import_movies` reads has those, and
each film should exist once.
"""

from datetime import date

from .film import Film

FILMS = (
    Film(
        "Mission: Impossible – The Final Reckoning",
        date(2025, 5, 23),
        170,
        "English",
        "UA 16+",
        "7.2",
        ("Action", "Spy", "Thriller"),
        ("Tom Cruise", "Hayley Atwell", "Ving Rhames", "Simon Pegg", "Esai Morales"),
        "A program that tells better lies than any government is days from the launch codes. Ethan "
        "Hunt has half of its key, a sunken submarine to visit, and friends he won't trade.",
        popularity=5,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Inside Out 2",
        date(2024, 6, 14),
        96,
        "English",
        "U",
        "7.5",
        ("Animated", "Comedy", "Family"),
        ("Amy Poehler", "Maya Hawke", "Kensington Tallman", "Lewis Black", "Phyllis Smith"),
        "Riley turns thirteen on the eve of hockey camp, and builders knock through the wall of "
        "headquarters to make room for new emotions. Anxiety means well, has a plan, and takes "
        "the desk.",
        popularity=4,
        formats=("2D", "3D"),
    ),
    Film(
        "Deadpool & Wolverine",
        date(2024, 7, 26),
        128,
        "English",
        "A",
        "7.6",
        ("Action", "Comedy", "Superhero"),
        ("Ryan Reynolds", "Hugh Jackman", "Emma Corrin", "Matthew Macfadyen"),
        "Wade Wilson sells used cars until an office that prunes timelines comes for his. To save "
        "the nine people he likes he needs a Wolverine, and gets the one who let his world down.",
        popularity=4,
        formats=("2D", "3D", "IMAX"),
    ),
    Film(
        "Wicked",
        date(2024, 11, 22),
        160,
        "English",
        "UA",
        "7.4",
        ("Fantasy", "Musical"),
        ("Cynthia Erivo", "Ariana Grande", "Jonathan Bailey", "Michelle Yeoh", "Jeff Goldblum"),
        "Long before a farmhouse falls on anyone, a green girl with a gift and a pink one with a "
        "following are made to share a room at Shiz. The Wizard would like to meet one of them.",
        popularity=4,
        formats=("2D", "3D"),
    ),
    Film(
        "The Wild Robot",
        date(2024, 9, 27),
        102,
        "English",
        "U",
        "8.2",
        ("Animated", "Family", "Science Fiction"),
        ("Lupita Nyong'o", "Pedro Pascal", "Kit Connor", "Bill Nighy", "Stephanie Hsu"),
        "A service robot is washed up on an island with no one to serve. Then a gosling hatches in "
        "front of her, and there is a task: feed it, teach it to swim, have it flying by autumn.",
        popularity=3,
        formats=("2D", "3D"),
    ),
    Film(
        "Furiosa: A Mad Max Saga",
        date(2024, 5, 24),
        148,
        "English",
        "A",
        "7.5",
        ("Action", "Adventure", "Science Fiction"),
        ("Anya Taylor-Joy", "Chris Hemsworth", "Tom Burke", "Alyla Browne"),
        "Taken as a child from the last green place, Furiosa grows up between two warlords who "
        "trade in water, petrol and people. She keeps a star map on her arm and a debt to settle.",
        popularity=3,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Superman",
        date(2025, 7, 11),
        129,
        "English",
        "UA 13+",
        "7.1",
        ("Action", "Adventure", "Superhero"),
        ("David Corenswet", "Rachel Brosnahan", "Nicholas Hoult", "Edi Gathegi"),
        "Three years into the job, Superman stops a war without asking anyone, and has to explain "
        "himself. A jealous billionaire has a recording, a clone, and the public's ear; Superman "
        "has a badly trained dog.",
        popularity=4,
        formats=("2D", "3D", "IMAX"),
    ),
    Film(
        "Conclave",
        date(2024, 10, 25),
        120,
        "English",
        "UA 13+",
        "7.4",
        ("Drama", "Mystery", "Thriller"),
        ("Ralph Fiennes", "Stanley Tucci", "John Lithgow", "Isabella Rossellini"),
        "The Pope is dead and the doors of the Sistine Chapel are locked on a hundred men who all "
        "deny wanting the job. The dean who has to count their votes keeps finding out things.",
        popularity=3,
    ),
    Film(
        "The Substance",
        date(2024, 9, 20),
        141,
        "English",
        "A",
        "7.2",
        ("Horror", "Science Fiction"),
        ("Demi Moore", "Margaret Qualley", "Dennis Quaid"),
        "Fired on her fiftieth birthday, a television star orders a kit that promises a better "
        "version of herself, every other week. The instructions are short, and both of her are "
        "bad at sharing.",
        popularity=2,
    ),
    Film(
        "Anora",
        date(2024, 10, 18),
        139,
        "English",
        "A",
        "7.4",
        ("Comedy", "Drama", "Romance"),
        ("Mikey Madison", "Mark Eydelshteyn", "Yura Borisov", "Karren Karagulian"),
        "A dancer from Brighton Beach marries an oligarch's son in Las Vegas on an impulse that "
        "feels like luck. His parents send three men to have it annulled before their plane lands.",
        popularity=2,
    ),
    Film(
        "Sinners",
        date(2025, 4, 18),
        138,
        "English",
        "A",
        "7.6",
        ("Drama", "Horror", "Musical"),
        ("Michael B. Jordan", "Hailee Steinfeld", "Miles Caton", "Jack O'Connell", "Delroy Lindo"),
        "Mississippi, 1932: twin brothers come home from Chicago with money and open a juke joint "
        "in an old sawmill. Their young cousin plays so well on the first night that something "
        "outside asks to be let in.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "F1",
        date(2025, 6, 27),
        155,
        "English",
        "UA 16+",
        "7.7",
        ("Action", "Drama", "Sports"),
        ("Brad Pitt", "Damson Idris", "Kerry Condon", "Javier Bardem"),
        "A driver who last raced at this level thirty years ago is asked back by a friend whose "
        "team is going under. The rookie in the other car has no wish for a mentor.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "One Battle After Another",
        date(2025, 9, 26),
        162,
        "English",
        "A",
        "8.0",
        ("Action", "Comedy", "Thriller"),
        ("Leonardo DiCaprio", "Sean Penn", "Benicio del Toro", "Regina Hall", "Chase Infiniti"),
        "Sixteen years after the cause fell apart, a burnt-out bomb maker can't remember the "
        "password when he needs it. An old enemy in uniform is coming for his daughter.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Godzilla Minus One",
        date(2023, 11, 3),
        125,
        "Japanese",
        "UA 13+",
        "7.7",
        ("Action", "Drama", "Science Fiction"),
        ("Ryunosuke Kamiki", "Minami Hamabe", "Yuki Yamada", "Sakura Ando"),
        "A pilot who could not go through with his last mission comes home to a burnt city and a "
        "family that isn't quite his. What he froze in front of on an island in 1945 is on its "
        "way to Tokyo.",
        popularity=3,
        formats=("2D", "IMAX"),
    ),
    Film(
        "The Boy and the Heron",
        date(2023, 7, 14),
        124,
        "Japanese",
        "UA",
        "7.4",
        ("Animated", "Adventure", "Fantasy"),
        ("Soma Santoki", "Masaki Suda", "Ko Shibasaki", "Aimyon", "Takuya Kimura"),
        "After his mother's death in a fire, Mahito is sent to the country, where a heron with too "
        "many teeth says she is alive. The way to her leads down a tower that his great-uncle "
        "walked into and never left.",
        popularity=3,
    ),
    Film(
        "Perfect Days",
        date(2023, 12, 22),
        124,
        "Japanese",
        "U",
        "7.9",
        ("Drama",),
        ("Koji Yakusho", "Tokio Emoto", "Arisa Nakano", "Aoi Yamada"),
        "Hirayama cleans Tokyo's public toilets with great care, listens to cassettes on the way "
        "there, and takes one photograph of the same tree each noon. A few people disturb the "
        "pattern.",
    ),
    Film(
        "Drive My Car",
        date(2021, 8, 20),
        179,
        "Japanese",
        "UA 16+",
        "7.5",
        ("Drama",),
        ("Hidetoshi Nishijima", "Toko Miura", "Masaki Okada", "Reika Kirishima"),
        "A widowed director rehearses Uncle Vanya in Hiroshima with actors who share no language. "
        "The festival insists on a driver for his red Saab, and on the road the two begin to talk.",
    ),
    Film(
        "Decision to Leave",
        date(2022, 6, 29),
        139,
        "Korean",
        "UA 16+",
        "7.3",
        ("Crime", "Mystery", "Romance"),
        ("Tang Wei", "Park Hae-il", "Lee Jung-hyun", "Go Kyung-pyo"),
        "A sleepless detective in Busan watches the widow of a climber who fell. She is patient "
        "with his questions, and he is slower and slower to close the case.",
    ),
    Film(
        "Exhuma",
        date(2024, 2, 22),
        134,
        "Korean",
        "UA 16+",
        "6.9",
        ("Horror", "Mystery"),
        ("Choi Min-sik", "Kim Go-eun", "Yoo Hae-jin", "Lee Do-hyun"),
        "Two young shamans trace a rich family's curse to a nameless grave near the northern "
        "border and call in a geomancer and an undertaker to move it. There is a second coffin, "
        "standing upright.",
        popularity=3,
    ),
    Film(
        "Anatomy of a Fall",
        date(2023, 8, 23),
        152,
        "French",
        "A",
        "7.6",
        ("Crime", "Drama", "Mystery"),
        ("Sandra Hüller", "Swann Arlaud", "Milo Machado-Graner", "Antoine Reinartz"),
        "A man lies dead in the snow under an open window, and the only other adult in the chalet "
        "is his wife. A year later a court takes their marriage apart in front of their son, who "
        "hears better than he sees.",
        popularity=2,
    ),
    Film(
        "The Count of Monte Cristo",
        date(2024, 6, 28),
        178,
        "French",
        "UA 13+",
        "7.6",
        ("Adventure", "Drama", "Romance"),
        ("Pierre Niney", "Bastien Bouillon", "Anaïs Demoustier", "Anamaria Vartolomei"),
        "Arrested at the altar on a lie, Edmond Dantès learns everything he will need from the "
        "prisoner in the next cell. Years later a very rich count comes to dine with the three "
        "men who put him there.",
        popularity=3,
    ),
    Film(
        "I'm Still Here",
        date(2024, 11, 7),
        137,
        "Portuguese",
        "UA 13+",
        "8.2",
        ("Biography", "Drama", "Historical"),
        ("Fernanda Torres", "Selton Mello", "Fernanda Montenegro"),
        "Rio, 1971: a house by the beach is full of children and records until men come to take "
        "the father in for questioning. His wife keeps the family together and goes on asking "
        "where he is for decades.",
    ),
    Film(
        "The Worst Person in the World",
        date(2021, 10, 13),
        128,
        "Norwegian",
        "A",
        "7.8",
        ("Comedy", "Drama", "Romance"),
        ("Renate Reinsve", "Anders Danielsen Lie", "Herbert Nordrum"),
        "In twelve chapters, Julie drops medicine, psychology and photography, loves a comic-book "
        "author ten years older, and gate-crashes a wedding. Turning thirty does not settle it.",
    ),
    Film(
        "Another Round",
        date(2020, 9, 24),
        117,
        "Danish",
        "UA 16+",
        "7.7",
        ("Comedy", "Drama"),
        ("Mads Mikkelsen", "Thomas Bo Larsen", "Magnus Millang", "Lars Ranthe"),
        "Four tired teachers test a theory that people are born half a glass of wine short. The "
        "lessons get livelier, the protocol gets looser, and one of them remembers how to dance.",
    ),
    Film(
        "Flow",
        date(2024, 8, 29),
        85,
        "No dialogue",
        "U",
        "7.9",
        ("Adventure", "Animated", "Family"),
        (),
        "The water rises, and a cat who likes no one has to share a sailing boat with a capybara, "
        "a lemur with luggage, a bird and a dog. Not a word is spoken.",
        popularity=2,
    ),
)
