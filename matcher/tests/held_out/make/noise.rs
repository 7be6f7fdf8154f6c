//! What happens to a name on its way into an expense line.

use super::random::Random;

/// Letters that scanners take for one another.
const LOOK_ALIKES: [(char, &str); 14] = [
    ('o', "0"),
    ('l', "1"),
    ('i', "1"),
    ('s', "5"),
    ('b', "8"),
    ('e', "3"),
    ('i', "l"),
    ('l', "i"),
    ('m', "rn"),
    ('g', "9"),
    ('z', "2"),
    ('a', "4"),
    ('u', "v"),
    ('c', "e"),
];
/// The keys beside each key.
const NEIGHBOURS: [&str; 26] = [
    "qsz", "vn", "xv", "sf", "wr", "dg", "fh", "gj", "uo", "hk", "jl", "k", "n", "bm", "ip", "o", "wa", "et",
    "ad", "ry", "yi", "cb", "qe", "zc", "tu", "xs",
];

/// Takes letters for others of their shape, at most `count`; `None` when there are none such.
pub(crate) fn scanned(name: &str, count: usize, random: &mut Random) -> Option<String> {
    let mut text: Vec<char> = name.chars().collect();
    let mut done = 0;
    for _ in 0..12 {
        let (from, to) = *random.pick(&LOOK_ALIKES);
        let places: Vec<usize> =
            (0..text.len()).filter(|&at| text[at].to_ascii_lowercase() == from).collect();
        if places.is_empty() || done == count {
            continue;
        }
        let at = *random.pick(&places);
        let upper = text[at].is_uppercase();
        text.splice(at..=at, to.chars().map(|c| if upper { c.to_ascii_uppercase() } else { c }));
        done += 1;
    }
    (done > 0).then(|| text.into_iter().collect())
}

/// Mistypes a name: a neighbouring key, a letter too many or too few, two letters swapped.
pub(crate) fn mistyped(name: &str, count: usize, random: &mut Random) -> Option<String> {
    let mut text: Vec<char> = name.chars().collect();
    for _ in 0..count {
        let letters: Vec<usize> = (0..text.len()).filter(|&at| text[at].is_ascii_alphabetic()).collect();
        if letters.len() < 4 {
            return None;
        }
        let at = *random.pick(&letters[..letters.len() - 1]);
        let key = usize::from(text[at].to_ascii_lowercase() as u8 - b'a');
        let near: Vec<char> = NEIGHBOURS[key].chars().collect();
        let mut near = *random.pick(&near);
        if text[at].is_uppercase() {
            near = near.to_ascii_uppercase();
        }
        match random.below(4) {
            0 => text[at] = near,
            1 => text.insert(at, near),
            2 => drop(text.remove(at)),
            _ => text.swap(at, at + 1),
        }
    }
    let text: String = text.into_iter().collect();
    (text.trim() == text && text.to_lowercase() != name.to_lowercase()).then_some(text)
}

/// What card networks and people hang on a name.
pub(crate) fn with_suffix(name: &str, places: &[&str], random: &mut Random) -> String {
    let number = random.below(9_000_000) + 1_000_000;
    let code = |random: &mut Random| -> String {
        (0..8).map(|_| char::from(*random.pick(b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"))).collect()
    };
    match random.below(12) {
        0 => name.to_owned(),
        1 | 2 => format!("{name} {}", random.pick(places)),
        3 => format!("{name}* {}", code(random)),
        4 => format!("{name} #{number}"),
        5 => format!("{name} INV{number}"),
        6 => format!("{name} 4158{number}"),
        7 => format!(
            "{name} {}-555-{:04} {}",
            200 + random.below(700),
            random.below(9_999),
            random.pick(places)
        ),
        8 => format!("{name} 0{}/1{} {}", 1 + random.below(9), random.below(9), random.pick(places)),
        9 => format!("{name} {}", code(random)),
        10 => format!("{name}*{} {}", code(random), random.pick(places)),
        _ => format!("{name:<22} {}", random.pick(places)),
    }
}

/// Cut as a field is.
pub(crate) fn cut(text: &str, length: usize) -> String {
    text.chars().take(length).collect::<String>().trim_end().to_owned()
}

/// As Concur keeps it: 64 characters.
pub(crate) fn kept(text: String) -> String {
    if text.chars().count() > 64 { cut(&text, 64) } else { text }
}

/// The same in full-width letters.
pub(crate) fn full_width(text: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        ' ' => '\u{3000}',
        other => other,
    };
    text.chars().map(wide).collect()
}

/// The same with an accent on the first vowel.
pub(crate) fn accented(text: &str) -> String {
    let mut done = false;
    text.chars()
        .map(|c| {
            let accented = match c {
                'a' => 'á',
                'A' => 'Â',
                'e' => 'é',
                'E' => 'È',
                'o' => 'ö',
                'O' => 'Ö',
                'u' => 'ü',
                'U' => 'Ü',
                'i' => 'î',
                'I' => 'Í',
                other => other,
            };
            let this = if done { c } else { accented };
            done = done || accented != c;
            this
        })
        .collect()
}
