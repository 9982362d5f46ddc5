"""Films from India in the demo's catalogue. The facts are those of the films' releases."""

from datetime import date

from .film import Film

FILMS = (
    Film(
        "RRR",
        date(2022, 3, 25),
        182,
        "Telugu",
        "UA",
        "7.8",
        ("Action", "Drama", "Historical"),
        ("N. T. Rama Rao Jr.", "Ram Charan", "Ajay Devgn", "Alia Bhatt", "Olivia Morris"),
        "Delhi in the 1920s: a man from the forest comes to bring a stolen child home, and an "
        "officer of the crown is sent to stop him. They become the closest of friends before "
        "either learns who the other is.",
        popularity=5,
        formats=("2D", "3D", "IMAX"),
    ),
    Film(
        "Jawan",
        date(2023, 9, 7),
        169,
        "Hindi",
        "UA",
        "6.9",
        ("Action", "Thriller"),
        ("Shah Rukh Khan", "Nayanthara", "Vijay Sethupathi", "Deepika Padukone", "Priyamani"),
        "A prison warden and six women with scores of their own hijack the city's trains and "
        "hospitals to shame the powerful into doing their jobs. The arms dealer they are after "
        "knew his father.",
        popularity=5,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Pathaan",
        date(2023, 1, 25),
        146,
        "Hindi",
        "UA",
        "5.8",
        ("Action", "Spy", "Thriller"),
        ("Shah Rukh Khan", "Deepika Padukone", "John Abraham", "Dimple Kapadia", "Ashutosh Rana"),
        "An agent thought lost comes back to lead a unit of wounded veterans. A former colleague "
        "has gone private, and what he is selling could empty a city.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "12th Fail",
        date(2023, 10, 27),
        147,
        "Hindi",
        "UA",
        "8.7",
        ("Biography", "Drama"),
        ("Vikrant Massey", "Medha Shankr", "Anant V Joshi", "Anshumaan Pushkar"),
        "A boy from the Chambal valley fails his school exams on the day the headmaster is kept "
        "from helping the class cheat. He sets out for Delhi and the hardest examination in the "
        "country, one restart at a time.",
        popularity=3,
    ),
    Film(
        "Rocky Aur Rani Kii Prem Kahaani",
        date(2023, 7, 28),
        168,
        "Hindi",
        "UA",
        "6.5",
        ("Comedy", "Drama", "Romance"),
        ("Ranveer Singh", "Alia Bhatt", "Dharmendra", "Jaya Bachchan", "Shabana Azmi"),
        "He is all gym and glitter, she reads the news with a raised eyebrow. To win each other's "
        "families they swap homes for three months, and find that grandparents have love stories "
        "too.",
        popularity=3,
    ),
    Film(
        "Laapataa Ladies",
        date(2024, 3, 1),
        122,
        "Hindi",
        "UA",
        "8.4",
        ("Comedy", "Drama"),
        ("Nitanshi Goel", "Pratibha Ranta", "Sparsh Shrivastava", "Ravi Kishan", "Chhaya Kadam"),
        "Two brides under the same red veil share a night train, and a sleepy groom leads the "
        "wrong one home. While a policeman sniffs for a crime, both women find out what they "
        "might do with a life of their own.",
        popularity=3,
    ),
    Film(
        "Stree 2",
        date(2024, 8, 15),
        147,
        "Hindi",
        "UA",
        "6.9",
        ("Comedy", "Horror"),
        ("Shraddha Kapoor", "Rajkummar Rao", "Pankaj Tripathi", "Abhishek Banerjee"),
        "The town of Chanderi has made peace with its ghost, until something without a head comes "
        "for the women who think for themselves. Vicky and his friends would rather not be the "
        "heroes again.",
        popularity=4,
    ),
    Film(
        "Chhaava",
        date(2025, 2, 14),
        161,
        "Hindi",
        "UA 16+",
        "7.3",
        ("Action", "Drama", "Historical"),
        ("Vicky Kaushal", "Rashmika Mandanna", "Akshaye Khanna", "Ashutosh Rana"),
        "After the death of Shivaji his son Sambhaji takes the throne, and an emperor marches "
        "south to finish the Marathas. Nine years of war turn on courage, and on who sells whom.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Vikram",
        date(2022, 6, 3),
        174,
        "Tamil",
        "UA",
        "8.3",
        ("Action", "Crime", "Thriller"),
        ("Kamal Haasan", "Vijay Sethupathi", "Fahadh Faasil", "Narain", "Chemban Vinod Jose"),
        "Masked men are killing officers in Chennai, and the investigator called in does not "
        "trust the file. A missing shipment, a grieving father and a very patient gangster are "
        "all in it somewhere.",
        popularity=4,
    ),
    Film(
        "Ponniyin Selvan: I",
        date(2022, 9, 30),
        167,
        "Tamil",
        "UA",
        "7.6",
        ("Action", "Drama", "Historical"),
        ("Vikram", "Aishwarya Rai Bachchan", "Jayam Ravi", "Karthi", "Trisha"),
        "A cheerful messenger rides across the Chola lands with a secret for the king. At every "
        "court he visits someone is plotting, and the best plotter of them has loved the crown "
        "prince since she was a girl.",
        popularity=3,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Jailer",
        date(2023, 8, 10),
        168,
        "Tamil",
        "UA",
        "7.1",
        ("Action", "Comedy", "Crime"),
        ("Rajinikanth", "Vinayakan", "Ramya Krishnan", "Vasanth Ravi", "Yogi Babu"),
        "A retired jailer spends his mornings with his grandson and his vegetables. When his son, "
        "a policeman, goes missing on the trail of idol smugglers, old inmates start answering "
        "his calls.",
        popularity=4,
    ),
    Film(
        "Leo",
        date(2023, 10, 19),
        164,
        "Tamil",
        "UA",
        "7.2",
        ("Action", "Crime", "Thriller"),
        ("Vijay", "Trisha", "Sanjay Dutt", "Arjun", "Gautham Vasudev Menon"),
        "Parthiban keeps a café and a rescued hyena in a hill town in Himachal. One violent night "
        "puts his face in the papers, and a family of traffickers swears he is the son they "
        "buried.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Amaran",
        date(2024, 10, 31),
        169,
        "Tamil",
        "UA",
        "8.1",
        ("Biography", "Drama", "War"),
        ("Sivakarthikeyan", "Sai Pallavi", "Bhuvan Arora", "Rahul Bose"),
        "The life of Major Mukund Varadarajan, as his wife Indhu remembers it: a college love "
        "that two families opposed, years of postings and phone calls, and a last operation in "
        "Kashmir.",
        popularity=3,
    ),
    Film(
        "Bramayugam",
        date(2024, 2, 15),
        139,
        "Malayalam",
        "UA",
        "7.8",
        ("Horror", "Thriller"),
        ("Mammootty", "Arjun Ashokan", "Sidharth Bharathan"),
        "A singer on the run loses his way in the forest and finds shelter in a crumbling mansion. "
        "Its master likes company, dice, and guests who do not ask to leave. In black and white.",
        popularity=2,
    ),
    Film(
        "Manjummel Boys",
        date(2024, 2, 22),
        135,
        "Malayalam",
        "UA",
        "8.2",
        ("Adventure", "Drama", "Thriller"),
        ("Soubin Shahir", "Sreenath Bhasi", "Balu Varghese", "Ganapathi", "Deepak Parambol"),
        "Friends from a small town near Kochi squeeze into a car for a holiday in Kodaikanal. At "
        "the Guna Caves one of them drops out of sight, into a shaft nobody has come back from.",
        popularity=3,
    ),
    Film(
        "Aavesham",
        date(2024, 4, 11),
        158,
        "Malayalam",
        "UA",
        "7.8",
        ("Action", "Comedy"),
        ("Fahadh Faasil", "Hipzster", "Mithun Jai Sankar", "Roshan Shanavas", "Sajin Gopu"),
        "Three freshers in Bengaluru, beaten up by seniors, look for a local tough to befriend. "
        "They find Ranga, all in white and gold, who takes friendship far more seriously than "
        "they bargained for.",
        popularity=4,
    ),
    Film(
        "All We Imagine as Light",
        date(2024, 11, 22),
        115,
        "Malayalam",
        "A",
        "7.0",
        ("Drama", "Romance"),
        ("Kani Kusruti", "Divya Prabha", "Chhaya Kadam", "Hridhu Haroon"),
        "Two nurses share a flat in Mumbai: one hears from her husband abroad only through a rice "
        "cooker, the other has nowhere to be alone with her boyfriend. A friend's move back to "
        "the coast gives all three some room.",
        popularity=2,
    ),
    Film(
        "Pushpa: The Rise",
        date(2021, 12, 17),
        179,
        "Telugu",
        "UA",
        "7.6",
        ("Action", "Crime", "Drama"),
        ("Allu Arjun", "Rashmika Mandanna", "Fahadh Faasil", "Dhananjaya", "Sunil"),
        "A labourer in the Seshachalam hills has a gift for getting red sandalwood past the law, "
        "and no talent at all for bowing. As he climbs from lorry to boardroom the people above "
        "him run out.",
        popularity=3,
    ),
    Film(
        "Sita Ramam",
        date(2022, 8, 5),
        163,
        "Telugu",
        "UA",
        "8.5",
        ("Drama", "Romance", "War"),
        ("Dulquer Salmaan", "Mrunal Thakur", "Rashmika Mandanna", "Sumanth"),
        "An orphaned lieutenant in Kashmir gets letters from a wife he doesn't have. Twenty years "
        "later a student is made to deliver his last reply, and has to find out who Sita was.",
        popularity=3,
    ),
    Film(
        "Kalki 2898 AD",
        date(2024, 6, 27),
        181,
        "Telugu",
        "UA",
        "7.0",
        ("Action", "Fantasy", "Science Fiction"),
        ("Prabhas", "Amitabh Bachchan", "Kamal Haasan", "Deepika Padukone", "Disha Patani"),
        "In the last city on earth, under an upturned pyramid that takes what is left of the "
        "world's water, a bounty hunter wants a way in. The woman he is paid to catch is guarded "
        "by a warrior older than the ruins.",
        popularity=5,
        formats=("2D", "3D", "IMAX"),
    ),
    Film(
        "K.G.F: Chapter 2",
        date(2022, 4, 14),
        166,
        "Kannada",
        "UA",
        "8.2",
        ("Action", "Crime", "Drama"),
        ("Yash", "Sanjay Dutt", "Raveena Tandon", "Srinidhi Shetty", "Prakash Raj"),
        "Rocky has the gold fields now, and the people who dig in them. He also has the heirs of "
        "those he killed at one gate, and the prime minister at the other.",
        popularity=4,
        formats=("2D", "IMAX"),
    ),
    Film(
        "Kantara",
        date(2022, 9, 30),
        148,
        "Kannada",
        "UA",
        "8.2",
        ("Action", "Drama", "Thriller"),
        ("Rishab Shetty", "Sapthami Gowda", "Kishore", "Achyuth Kumar"),
        "A king once gave his forest to a village in return for peace. His heirs want it back, the "
        "forest officer wants it fenced, and a brawler who runs from his father's dance must "
        "choose where he stands.",
        popularity=4,
    ),
)
