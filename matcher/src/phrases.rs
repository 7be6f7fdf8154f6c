//! Phrases of whole words, found by one look-up a word: the fast engine of the exact pass.
//!
//! A word is hashed once and looked up in a table of all words that any phrase holds; a word that begins a phrase
//! starts a walk through a tree of words, one look-up a step. A line costs as many look-ups as it has words, whatever
//! the number of phrases; an automaton over bytes costs a step a byte (`automaton` is that engine, and the referee in
//! the tests). Words are compared letter by letter, so that two words of one hash are never taken for one another.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::automaton::Occurrence;
use crate::normalize::Normalized;

/// A word that no phrase holds.
pub(crate) const NO_WORD: u32 = u32::MAX;
const NO_PHRASE: u32 = u32::MAX;
/// Letters of a word that [`Phrases::copy_letters`] can copy.
pub(crate) const WORD_LEN_MAX: usize = 40;

/// Where a walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node(u32);

/// What is known at a place of the tree.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The phrase that ends here, or [`NO_PHRASE`].
    phrase: u32,
    /// Longer phrases go on from here.
    goes_on: bool,
}

/// A set of normalised phrases, numbered in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Phrases {
    words: Words,
    /// By word: the place of a walk that begins with it, or [`NO_WORD`].
    begins: Vec<u32>,
    places: Vec<Place>,
    /// Place and word in one number, to the next place.
    steps: FxHashMap<u64, u32>,
    /// The same steps in the order of their places, and where those of each place end: for reading all of a place.
    followers: Vec<(u32, Node)>,
    follower_ends: Vec<u32>,
    /// Number of phrases.
    len: usize,
}

impl Phrases {
    /// The number of a phrase, which is added when it is new. Its words are separated by one space.
    pub(crate) fn add(&mut self, phrase: &str) -> usize {
        let mut at: Option<Node> = None;
        for word in phrase.split(' ') {
            let word = self.words.add(word);
            if self.begins.len() <= word as usize {
                self.begins.resize(word as usize + 1, NO_WORD);
            }
            let known = match at {
                None => Some(self.begins[word as usize]).filter(|&place| place != NO_WORD),
                Some(node) => self.steps.get(&step(node, word)).copied(),
            };
            let place = known.unwrap_or_else(|| {
                let place = narrow(self.places.len());
                self.places.push(Place { phrase: NO_PHRASE, goes_on: false });
                match at {
                    None => self.begins[word as usize] = place,
                    Some(node) => {
                        self.places[node.0 as usize].goes_on = true;
                        self.steps.insert(step(node, word), place);
                    }
                }
                place
            });
            at = Some(Node(place));
        }
        let Some(Node(place)) = at else { return 0 };
        let slot = &mut self.places[place as usize];
        if slot.phrase == NO_PHRASE {
            slot.phrase = narrow(self.len);
            self.len += 1;
        }
        slot.phrase as usize
    }

    /// All phrases in the order of their numbers.
    pub(crate) fn spelled(&self) -> Vec<String> {
        // A place is younger than the one it is reached from, so that its beginning is always spelled already.
        let mut steps: Vec<(u32, u64)> = self.steps.iter().map(|(&step, &place)| (place, step)).collect();
        steps.sort_unstable();
        let mut texts = vec![String::new(); self.places.len()];
        for (word, &place) in (0..).zip(&self.begins).filter(|&(_, &place)| place != NO_WORD) {
            texts[place as usize].push_str(self.letters(word));
        }
        for (place, step) in steps {
            let (before, word) = ((step >> 32) as usize, low(step));
            texts[place as usize] = format!("{} {}", texts[before], self.letters(word));
        }
        let mut spelled = vec![String::new(); self.len];
        for (place, text) in self.places.iter().zip(texts).filter(|(place, _)| place.phrase != NO_PHRASE) {
            spelled[place.phrase as usize] = text;
        }
        spelled
    }

    /// Number of phrases.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Number of words.
    pub(crate) fn words(&self) -> usize {
        self.words.ends.len()
    }

    /// Gives back the memory that only adding needs.
    pub(crate) fn shrink(&mut self) {
        let mut steps: Vec<(u64, u32)> = self.steps.iter().map(|(&step, &place)| (step, place)).collect();
        steps.sort_unstable();
        self.follower_ends = vec![0; self.places.len()];
        for &(step, _) in &steps {
            self.follower_ends[(step >> 32) as usize] += 1;
        }
        let mut end = 0;
        for slot in &mut self.follower_ends {
            end += *slot;
            *slot = end;
        }
        self.followers = steps.into_iter().map(|(step, place)| (low(step), Node(place))).collect();
        self.words.letters.shrink_to_fit();
        self.words.keys.shrink_to_fit();
        self.words.ends.shrink_to_fit();
        self.begins.shrink_to_fit();
        self.places.shrink_to_fit();
        self.steps.shrink_to_fit();
    }

    /// The number of a word, or [`NO_WORD`].
    #[inline]
    pub(crate) fn word(&self, word: &str) -> u32 {
        self.words.find(word)
    }

    /// The letters of a word.
    pub(crate) fn letters(&self, word: u32) -> &str {
        self.words.letters_of(word)
    }

    /// What a word is compared by first.
    #[inline]
    pub(crate) fn key(&self, word: u32) -> Key {
        self.words.keys[word as usize]
    }

    /// Copies the letters of a word of at most [`WORD_LEN_MAX`] letters, folded by `fold`. A short word's letters are
    /// its key.
    #[inline]
    pub(crate) fn copy_letters<'b>(
        &self,
        word: u32,
        key: Key,
        buffer: &'b mut [u8; WORD_LEN_MAX],
        fold: impl Fn(u8) -> u8,
    ) -> &'b [u8] {
        let Key(first, second) = key;
        buffer[..8].copy_from_slice(&first.to_le_bytes());
        buffer[8..16].copy_from_slice(&second.to_le_bytes());
        let mut length = KEY_LEN - second.leading_zeros() as usize / 8;
        if second == 0 {
            length = 8 - first.leading_zeros() as usize / 8;
        } else if buffer[KEY_LEN - 1] != 0 {
            let letters = self.letters(word).as_bytes();
            length = letters.len().min(WORD_LEN_MAX);
            buffer[..length].copy_from_slice(&letters[..length]);
        }
        buffer[..length].iter_mut().for_each(|letter| *letter = fold(*letter));
        &buffer[..length]
    }

    /// The number of a phrase.
    pub(crate) fn find(&self, phrase: &str) -> Option<usize> {
        let mut words = phrase.split(' ').map(|word| self.word(word));
        let mut node = self.begin(words.next()?)?;
        for word in words {
            node = self.go_on(node, word)?;
        }
        self.phrase_at(node)
    }

    /// Begins a walk with a word.
    #[inline]
    pub(crate) fn begin(&self, word: u32) -> Option<Node> {
        let place = *self.begins.get(word as usize)?;
        (place != NO_WORD).then_some(Node(place))
    }

    /// Goes on with a word.
    #[inline]
    pub(crate) fn go_on(&self, node: Node, word: u32) -> Option<Node> {
        if word == NO_WORD || !self.places[node.0 as usize].goes_on {
            return None;
        }
        self.steps.get(&step(node, word)).copied().map(Node)
    }

    /// The words with which a walk may go on, each with where it leads. Nothing before [`Phrases::shrink`].
    pub(crate) fn followers(&self, node: Node) -> &[(u32, Node)] {
        let at = node.0 as usize;
        let Some(&end) = self.follower_ends.get(at) else { return &[] };
        let start = at.checked_sub(1).map_or(0, |before| self.follower_ends[before]);
        &self.followers[start as usize..end as usize]
    }

    /// The phrase that ends where a walk stands.
    #[inline]
    pub(crate) fn phrase_at(&self, node: Node) -> Option<usize> {
        let phrase = self.places[node.0 as usize].phrase;
        (phrase != NO_PHRASE).then_some(phrase as usize)
    }

    /// Looks up every word of a text.
    #[inline]
    pub(crate) fn look_up(&self, text: &Normalized, words: &mut Vec<u32>) {
        words.clear();
        let padded = text.padded();
        words.extend(text.tokens.iter().map(|token| {
            let (start, end) = (token.start as usize, token.end as usize);
            self.words.find_key(Key::at(padded, start, end - start), &padded[start..end])
        }));
    }

    /// Hands over every occurrence in a text, overlapping ones included, ordered by their begin and then their end.
    #[inline]
    pub(crate) fn find_all(&self, words: &[u32], mut found: impl FnMut(Occurrence)) {
        for start in 0..words.len() {
            let Some(mut node) = self.begin(words[start]) else { continue };
            let mut end = start + 1;
            loop {
                if let Some(pattern) = self.phrase_at(node) {
                    found(Occurrence { pattern, tokens: Range { start, end } });
                }
                let Some(next) = words.get(end).and_then(|&word| self.go_on(node, word)) else { break };
                node = next;
                end += 1;
            }
        }
    }
}

fn step(node: Node, word: u32) -> u64 {
    u64::from(node.0) << 32 | u64::from(word)
}

/// A dictionary's limits keep every count far below 2^32.
fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX - 1)
}

/// Words by number, in a table with open addressing: eight bytes a slot, half of the hash and the number.
#[derive(Debug, Default)]
struct Words {
    slots: Vec<u64>,
    keys: Vec<Key>,
    letters: String,
    ends: Vec<u32>,
}

/// A slot that is free: no number is this high.
const FREE: u64 = u64::MAX;

/// The first sixteen letters of a word: most words whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(u64, u64);

/// Letters in a [`Key`].
pub(crate) const KEY_LEN: usize = 16;

impl Key {
    /// The first letter.
    pub(crate) fn first(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    pub(crate) fn of(word: &[u8]) -> Key {
        let mut letters = [0_u8; KEY_LEN];
        let length = word.len().min(KEY_LEN);
        letters[..length].copy_from_slice(&word[..length]);
        let (halves, _) = letters.as_chunks::<8>();
        Key(u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
    }

    /// The same for a word inside a padded text, which is quicker.
    #[inline]
    fn at(padded: &[u8], start: usize, length: usize) -> Key {
        let eight = |at: usize, length: usize| {
            let letters = padded.get(at..).and_then(|rest| rest.first_chunk::<8>());
            letters.map_or(0, |letters| u64::from_le_bytes(*letters))
                & (u64::MAX >> (64 - 8 * length.clamp(1, 8)))
        };
        Key(eight(start, length), if length > 8 { eight(start + 8, length - 8) } else { 0 })
    }

    #[inline]
    fn hash(self, word: &[u8]) -> u64 {
        let mut hash =
            fold(self.0 ^ 0x9E37_79B9_7F4A_7C15, self.1 ^ 0xD1B5_4A32_D192_ED03 ^ word.len() as u64);
        if word.len() > KEY_LEN {
            for rest in word[KEY_LEN..].chunks(8) {
                hash = fold(hash ^ Key::of(rest).0, 0xAEF1_7502_108E_F2D9);
            }
        }
        hash
    }
}

/// A multiplication whose halves are mixed: every bit of both depends on every bit of the result.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    half(product >> 64) ^ half(product)
}

impl Words {
    fn letters_of(&self, word: u32) -> &str {
        let at = word as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.letters[start..self.ends[at] as usize]
    }

    fn find(&self, word: &str) -> u32 {
        self.find_key(Key::of(word.as_bytes()), word.as_bytes())
    }

    #[inline]
    fn find_key(&self, key: Key, word: &[u8]) -> u32 {
        if self.slots.is_empty() {
            return NO_WORD;
        }
        let (mask, hash) = (self.slots.len() - 1, key.hash(word));
        let mut at = start_of(hash, mask);
        loop {
            let slot = self.slots[at];
            if slot == FREE {
                return NO_WORD;
            }
            let number = low(slot);
            if slot >> 32 == hash >> 32
                && self.keys[number as usize] == key
                && (word.len() <= KEY_LEN || self.letters_of(number).as_bytes() == word)
            {
                return number;
            }
            at = (at + 1) & mask;
        }
    }

    fn add(&mut self, word: &str) -> u32 {
        let key = Key::of(word.as_bytes());
        let known = self.find_key(key, word.as_bytes());
        if known != NO_WORD {
            return known;
        }
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let number = narrow(self.ends.len());
        self.letters.push_str(word);
        self.ends.push(narrow(self.letters.len()));
        self.keys.push(key);
        self.place(key.hash(word.as_bytes()), number);
        number
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        self.slots = vec![FREE; size];
        for number in 0..narrow(self.ends.len()) {
            let hash = self.keys[number as usize].hash(self.letters_of(number).as_bytes());
            self.place(hash, number);
        }
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.slots.len() - 1;
        let mut at = start_of(hash, mask);
        while self.slots[at] != FREE {
            at = (at + 1) & mask;
        }
        self.slots[at] = hash >> 32 << 32 | u64::from(number);
    }
}

fn low(slot: u64) -> u32 {
    u32::try_from(slot & u64::from(u32::MAX)).unwrap_or_default()
}

fn start_of(hash: u64, mask: usize) -> usize {
    usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default() & mask
}
