//! UTF-8 that was taken for Latin-1 or Windows-1252, and written as UTF-8 again.

/// Reads one character that was UTF-8, taken for Latin-1 or Windows-1252, and written as UTF-8 again: `Ã¼` is `ü`.
pub(super) fn repair_mojibake(text: &str) -> Option<(char, usize)> {
    let mut chars = text.chars();
    let lead = chars.next().and_then(single_byte)?;
    let length = match lead {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let mut bytes = [0_u8; 4];
    bytes[0] = lead;
    for slot in bytes.iter_mut().take(length).skip(1) {
        *slot = chars.next().and_then(single_byte).filter(|b| (0x80..=0xBF).contains(b))?;
    }
    let decoded = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
    Some((decoded, text.len() - chars.as_str().len()))
}

/// The byte that Windows-1252 (a superset of Latin-1's printable part) writes as this character.
fn single_byte(c: char) -> Option<u8> {
    const WINDOWS_1252: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    match u32::from(c) {
        code @ 0x80..=0xFF => u8::try_from(code).ok(),
        _ => WINDOWS_1252.iter().position(|&w| w == c).and_then(|at| u8::try_from(0x80 + at).ok()),
    }
}
