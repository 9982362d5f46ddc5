"""The demo's future releases: old films that return to cinemas. They have no shows yet."""

from datetime import date

from .film import Film

# Each has a release date in the near future, and its text says when it was first shown.
FILMS = (
    Film(
        "Amélie",
        date(2001, 4, 25),
        122,
        "French",
        "A",
        "8.3",
        ("Comedy", "Romance"),
        ("Audrey Tautou", "Mathieu Kassovitz", "Rufus", "Jamel Debbouze"),
        "First shown in 2001 and back for a winter run. A waitress in Montmartre returns a tin of "
        "childhood treasures to its owner and takes up mending strangers' lives, in secret.",
        popularity=3,
        returns_in_weeks=2,
    ),
    Film(
        "Spirited Away",
        date(2001, 7, 20),
        125,
        "Japanese",
        "UA 7+",
        "8.6",
        ("Adventure", "Animated", "Fantasy"),
        ("Rumi Hiiragi", "Miyu Irino", "Mari Natsuki"),
        "First shown in 2001 and back for the holidays. Her parents have eaten what they should "
        "not have, and ten-year-old Chihiro must work in a bath house of spirits, without her "
        "name, to win them back.",
        popularity=4,
        returns_in_weeks=4,
    ),
    Film(
        "In the Mood for Love",
        date(2000, 9, 29),
        98,
        "Cantonese",
        "UA 13+",
        "8.1",
        ("Drama", "Romance"),
        ("Maggie Cheung", "Tony Leung Chiu-wai"),
        "First shown in 2000 and back for two weeks. Hong Kong, 1962: two neighbours work out "
        "that her husband and his wife are away together, and resolve not to be like them.",
        returns_in_weeks=3,
    ),
    Film(
        "Pather Panchali",
        date(1955, 8, 26),
        125,
        "Bengali",
        "U",
        "8.2",
        ("Drama",),
        ("Kanu Banerjee", "Karuna Banerjee", "Subir Banerjee", "Uma Dasgupta"),
        "First shown in 1955 and back on large screens. Apu and his sister Durga grow up in a poor "
        "house in a Bengali village, with an old aunt, stolen guavas and a train beyond the reeds.",
        returns_in_weeks=5,
    ),
    Film(
        "Seven Samurai",
        date(1954, 4, 26),
        207,
        "Japanese",
        "UA 13+",
        "8.6",
        ("Action", "Adventure", "Drama"),
        ("Toshiro Mifune", "Takashi Shimura", "Keiko Tsushima", "Isao Kimura"),
        "First shown in 1954 and back in its full length. A village with nothing to offer but rice "
        "hires seven masterless swordsmen against the bandits who come after every harvest.",
        popularity=3,
        returns_in_weeks=6,
    ),
    Film(
        "Sholay",
        date(1975, 8, 15),
        204,
        "Hindi",
        "U",
        "8.1",
        ("Action", "Adventure", "Musical"),
        ("Dharmendra", "Amitabh Bachchan", "Sanjeev Kumar", "Hema Malini", "Amjad Khan"),
        "First shown in 1975 and back in the new year. A retired policeman without arms hires two "
        "cheerful thieves to bring him the bandit Gabbar Singh, alive.",
        popularity=4,
        returns_in_weeks=7,
    ),
)
