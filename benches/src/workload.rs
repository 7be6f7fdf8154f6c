//! A made-up workload for the matcher: a dictionary of any size and expense lines with known answers.
//!
//! The same seed gives the same bytes. Four fields with about 130 bytes and 20 words a line; four lines in five pay for
//! no app, 15 % name one exactly in a noisy descriptor, 5 % misspell one. Vendors and unknown merchants are drawn
//! by Zipf's law (s = 1), so that words repeat as they do in life. The vocabulary is invented: syllables make the
//! names, and a line without an app holds no alias. It is denser in near neighbours than real vendors are, so
//! precision on it is a lower bound.

use std::collections::HashSet;
use std::fmt::Write;

/// What is known about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It pays for no app.
    None,
    /// An alias of the vendor of this number stands in it.
    Exact(usize),
    /// A misspelt alias of the vendor of this number stands in it.
    Misspelt(usize),
}

/// A dictionary and lines.
#[derive(Debug, Default)]
pub struct Workload {
    /// JSON Lines, as `Dictionary::from_jsonl` reads them; the vendor of number `n` has the id [`vendor_id`]`(n)`.
    pub dictionary: String,
    /// Every alias in lower case with the number of its vendor: what peers search.
    pub aliases: Vec<(String, usize)>,
    /// The lines: vendor, purpose, expense type, spend category.
    pub lines: Vec<[String; 4]>,
    /// What is known about each line.
    pub truths: Vec<Truth>,
}

/// Whether a word is one of the workload's prose, shops or trades: what a composition of peers must leave alone.
pub fn is_common(word: &str) -> bool {
    PROSE.contains(&word) || SHOPS.contains(&word) || TRADES.contains(&word)
}

/// The id of a vendor.
pub fn vendor_id(vendor: usize) -> String {
    format!("v{vendor:06}")
}

/// Small, quick and good enough: `SplitMix64`.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or_default()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }

    /// A rank by Zipf's law with s = 1: the logarithm of the rank is uniform.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are small and not negative"
    )]
    fn zipf(&mut self, end: usize) -> usize {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (((end as f64).powf(uniform) - 1.0) as usize).min(end - 1)
    }
}

const ONSETS: [&str; 30] = [
    "b", "br", "c", "cl", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p", "pr",
    "qu", "r", "s", "sk", "st", "t", "tr", "v", "w", "x", "z",
];
const VOWELS: [&str; 12] = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou", "y", "oo", "au"];
const CODAS: [&str; 16] = ["", "", "", "n", "r", "l", "s", "x", "m", "rd", "nt", "sk", "lt", "ck", "v", "th"];
const TRADES: [&str; 40] = [
    "software",
    "analytics",
    "networks",
    "robotics",
    "payroll",
    "security",
    "automation",
    "logic",
    "dynamics",
    "interactive",
    "informatics",
    "telecom",
    "metrics",
    "signal",
    "compute",
    "vision",
    "mobile",
    "commerce",
    "ledger",
    "insight",
    "genomics",
    "studio",
    "publishing",
    "translations",
    "recruiting",
    "compliance",
    "optics",
    "workflow",
    "messaging",
    "identity",
    "storage",
    "streaming",
    "forecast",
    "scheduling",
    "invoicing",
    "telemetry",
    "archive",
    "monitoring",
    "observability",
    "procurement",
];
const LEGAL: [&str; 6] = ["Inc", "LLC", "Ltd", "GmbH", "BV", "SAS"];
const CITIES: [&str; 16] = [
    "BERLIN",
    "LONDON",
    "DUBLIN",
    "SEATTLE WA",
    "AUSTIN TX",
    "PARIS",
    "MADRID",
    "OSLO",
    "SAN FRANCISCO CA",
    "BOSTON MA",
    "TORONTO",
    "VIENNA",
    "PRAGUE",
    "MILANO",
    "LISBOA",
    "NEW YORK NY",
];
const SHOPS: [&str; 24] = [
    "bakery",
    "hotel",
    "restaurant",
    "cafe",
    "taxi",
    "pharmacy",
    "florist",
    "garage",
    "market",
    "bookshop",
    "bistro",
    "printers",
    "tavern",
    "cleaners",
    "hardware",
    "plumbing",
    "timber",
    "motors",
    "furniture",
    "opticians",
    "catering",
    "travel",
    "stationers",
    "butchers",
];
const PROSE: [&str; 120] = [
    "the",
    "for",
    "with",
    "team",
    "client",
    "meeting",
    "quarterly",
    "office",
    "supplies",
    "lunch",
    "project",
    "review",
    "march",
    "april",
    "new",
    "hire",
    "onboarding",
    "travel",
    "to",
    "and",
    "from",
    "customer",
    "visit",
    "dinner",
    "parking",
    "fee",
    "monthly",
    "annual",
    "report",
    "budget",
    "print",
    "paper",
    "desk",
    "chair",
    "conference",
    "booth",
    "train",
    "ticket",
    "airport",
    "transfer",
    "hotel",
    "night",
    "breakfast",
    "guest",
    "board",
    "sales",
    "marketing",
    "event",
    "material",
    "sample",
    "shipping",
    "delivery",
    "courier",
    "repair",
    "service",
    "cleaning",
    "flowers",
    "gift",
    "birthday",
    "celebration",
    "training",
    "course",
    "book",
    "magazine",
    "phone",
    "charge",
    "fuel",
    "mileage",
    "rental",
    "car",
    "toll",
    "bridge",
    "london",
    "berlin",
    "week",
    "day",
    "morning",
    "evening",
    "interview",
    "candidate",
    "workshop",
    "summit",
    "planning",
    "kickoff",
    "design",
    "sprint",
    "research",
    "lab",
    "equipment",
    "cable",
    "adapter",
    "battery",
    "coffee",
    "tea",
    "water",
    "snacks",
    "kitchen",
    "cups",
    "plates",
    "window",
    "door",
    "lock",
    "key",
    "sign",
    "poster",
    "frame",
    "camera",
    "lens",
    "light",
    "bulb",
    "garden",
    "plant",
    "move",
    "storage",
    "box",
    "tape",
    "label",
    "stamp",
    "letter",
    "envelope",
];
const TYPES: [(&str, &str); 8] = [
    ("Office Supplies", "Office Supplies"),
    ("Miscellaneous", "Other"),
    ("Undefined", "Other"),
    ("Computer Supplies and Software", "Computer"),
    ("Professional Subscriptions/Dues", "Subscription/Publication"),
    ("Online Fees", "Telecom/Internet"),
    ("Advertising/Marketing", "Advertising/Marketing"),
    ("Seminar/Course fees", "Training"),
];

fn word(random: &mut Random, syllables: usize) -> String {
    let mut word = String::new();
    for at in 0..syllables {
        word.push_str(random.pick::<&str>(&ONSETS));
        word.push_str(random.pick::<&str>(&VOWELS));
        if at + 1 == syllables {
            word.push_str(random.pick::<&str>(&CODAS));
        }
    }
    word
}

fn capitalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
        begins = c == ' ';
    }
    out
}

/// Names of one vendor: the first is its name.
fn names(random: &mut Random, surnames: &[String]) -> Vec<String> {
    match random.below(10) {
        0..=4 => {
            let syllables = 3 + random.below(2);
            let brand = word(random, syllables);
            vec![brand.clone(), format!("{brand} {}", random.pick::<&str>(&LEGAL).to_lowercase())]
        }
        5..=7 => {
            let name = format!("{} {}", random.pick(surnames), random.pick::<&str>(&TRADES));
            let legal = random.pick::<&str>(&LEGAL).to_lowercase();
            vec![name.clone(), format!("{name} {legal}")]
        }
        _ => {
            let pair = (random.pick(surnames).clone(), random.pick(surnames).clone());
            vec![format!("{} {} {}", pair.0, pair.1, random.pick::<&str>(&TRADES))]
        }
    }
}

impl Workload {
    /// Makes a dictionary of about `aliases` aliases and `lines` lines.
    pub fn make(aliases: usize, lines: usize, seed: u64) -> Workload {
        let mut random = Random(seed);
        let mut work = Workload::default();
        let surnames: Vec<String> =
            (0..(aliases / 40).clamp(200, 4_000)).map(|_| word(&mut random, 2)).collect();
        let mut taken: HashSet<String> =
            PROSE.iter().chain(&SHOPS).chain(&TRADES).map(|w| (*w).to_owned()).collect();
        let mut vendors: Vec<Vec<String>> = Vec::new();
        while work.aliases.len() < aliases {
            let mut of_one = names(&mut random, &surnames);
            of_one.retain(|name| name.len() >= 5 && taken.insert(name.clone()));
            if of_one.is_empty() {
                continue;
            }
            let id = vendor_id(vendors.len());
            let spelled: Vec<String> =
                of_one[1..].iter().map(|name| format!("\"{}\"", capitalised(name))).collect();
            let name = capitalised(&of_one[0]);
            let _ = writeln!(
                work.dictionary,
                "{{\"id\":\"{id}\",\"name\":\"{name}\",\"aliases\":[{}]}}",
                spelled.join(",")
            );
            work.aliases.extend(of_one.iter().map(|name| (name.clone(), vendors.len())));
            vendors.push(of_one);
        }
        let strangers: Vec<String> = strangers(&mut random, &taken, 200_000.min(lines.max(1_000)));
        for _ in 0..lines {
            let (line, truth) = match random.below(100) {
                0..=79 => (strange(&mut random, &strangers), Truth::None),
                80..=94 => {
                    let vendor = random.zipf(vendors.len());
                    let alias = random.pick(&vendors[vendor]).clone();
                    (paid(&mut random, &alias), Truth::Exact(vendor))
                }
                _ => match misspelt(&mut random, &vendors, &taken) {
                    Some((alias, vendor)) => (paid(&mut random, &alias), Truth::Misspelt(vendor)),
                    None => (strange(&mut random, &strangers), Truth::None),
                },
            };
            work.lines.push(line);
            work.truths.push(truth);
        }
        work
    }

    /// The lines as a CSV file with a header.
    pub fn csv(&self) -> String {
        let mut csv = String::from("id,VendorDescription,BusinessPurpose,ExpenseTypeName,SpendCategory\n");
        for (at, line) in self.lines.iter().enumerate() {
            let quoted =
                |text: &String| if text.contains(',') { format!("\"{text}\"") } else { text.clone() };
            let fields: Vec<String> = line.iter().map(quoted).collect();
            let _ = writeln!(csv, "{at},{}", fields.join(","));
        }
        csv
    }
}

/// Words that the names of strangers are made of: as in life, people and places share them.
const STRANGE_WORDS: usize = 40_000;

/// Merchants that are in no dictionary.
fn strangers(random: &mut Random, taken: &HashSet<String>, count: usize) -> Vec<String> {
    let words: Vec<String> = (0..STRANGE_WORDS)
        .map(|_| {
            let syllables = 2 + random.below(2);
            word(random, syllables)
        })
        .filter(|word| !taken.contains(word))
        .collect();
    let mut made = Vec::with_capacity(count);
    while made.len() < count {
        let one = &words[random.below(words.len())];
        let name = match random.below(4) {
            0 => format!("{one} {}", random.pick::<&str>(&SHOPS)),
            1 => format!("{} {one}", random.pick::<&str>(&SHOPS)),
            2 => format!("{one} {}", random.pick::<&str>(&LEGAL).to_lowercase()),
            _ => format!("{one} {} {}", words[random.below(words.len())], random.pick::<&str>(&SHOPS)),
        };
        if !taken.contains(&name) {
            made.push(name);
        }
    }
    made
}

fn strange(random: &mut Random, strangers: &[String]) -> [String; 4] {
    let name = strangers[random.zipf(strangers.len())].clone();
    descriptor(random, &name, false)
}

fn paid(random: &mut Random, alias: &str) -> [String; 4] {
    descriptor(random, alias, true)
}

/// A line as card networks and people write it, around the name of who was paid.
fn descriptor(random: &mut Random, name: &str, online: bool) -> [String; 4] {
    let mut vendor = String::new();
    match random.below(10) {
        0 if online => vendor.push_str("PAYPAL *"),
        1 => vendor.push_str("POS DEBIT "),
        _ => {}
    }
    match random.below(4) {
        0 => vendor.push_str(name),
        1 => vendor.push_str(&capitalised(name)),
        _ => vendor.push_str(&name.to_uppercase()),
    }
    match random.below(6) {
        0 => {
            let _ = write!(vendor, " #{}", random.below(9_999));
        }
        1 if online => {
            let _ = write!(vendor, "* {:08X}", random.next() >> 32);
        }
        2 => {
            let _ = write!(vendor, " {:03}-555-{:04}", 200 + random.below(700), random.below(9_999));
        }
        3 => {
            let _ = write!(vendor, " {}", random.pick::<&str>(&CITIES));
        }
        4 => {
            let _ = write!(
                vendor,
                " {:02}/{:02} {}",
                1 + random.below(28),
                1 + random.below(12),
                random.pick::<&str>(&CITIES)
            );
        }
        _ => {}
    }
    let mut purpose = String::new();
    for at in 0..7 + random.below(5) {
        if at > 0 {
            purpose.push(' ');
        }
        purpose.push_str(random.pick::<&str>(&PROSE));
    }
    if random.chance(7) {
        purpose.push_str(" für Büro");
    }
    // Under travel and meals nothing is software; such headings would only make the lines easier.
    let (kind, category) = *random.pick(&TYPES[..if online { 8 } else { 3 }]);
    [
        vendor,
        if online { "annual licence for the team, seats renewed".to_owned() } else { purpose },
        kind.to_owned(),
        category.to_owned(),
    ]
}

/// An alias with one wrong letter, or two when it is long, that is no alias.
fn misspelt(
    random: &mut Random,
    vendors: &[Vec<String>],
    taken: &HashSet<String>,
) -> Option<(String, usize)> {
    let vendor = random.zipf(vendors.len());
    let mut letters: Vec<u8> = random.pick(&vendors[vendor]).clone().into_bytes();
    let edits = match letters.len() {
        0..=6 => return None,
        7..=10 => 1,
        _ => 1 + usize::from(random.chance(30)),
    };
    for _ in 0..edits {
        let at = random.below(letters.len() - 1);
        let letter = b'a' + u8::try_from(random.below(26)).unwrap_or_default();
        match random.below(4) {
            0 => letters[at] = letter,
            1 => letters.insert(at, letter),
            2 => drop(letters.remove(at)),
            _ => letters.swap(at, at + 1),
        }
    }
    let spelled = String::from_utf8(letters).ok()?;
    (!spelled.starts_with(' ') && !taken.contains(&spelled) && spelled.split(' ').all(|word| word.len() > 1))
        .then_some((spelled, vendor))
}
