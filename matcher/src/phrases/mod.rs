//! Phrases of whole words, found by one look-up a word: the fast engine of the exact pass.
//!
//! A word is hashed once and looked up in a table of all words that any phrase holds; a word that begins a phrase
//! starts a walk through a tree of words, one look-up a step. A line costs as many look-ups as it has words, whatever
//! the number of phrases; an automaton over bytes costs a step a byte (`automaton` is that engine, and the referee in
//! the tests). Words are compared letter by letter, so that two words of one hash are never taken for one another.

mod key;
mod letters;
mod table;

use std::ops::Range;

use rustc_hash::FxHashMap;

pub(crate) use key::{KEY_LEN, Key};
use table::{Words, low, narrow};

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
    /// Place and word in one number, to the next place; empty once all are there.
    steps: FxHashMap<u64, u32>,
    /// The same steps then, in the order of their places and of the words, and where those of each place end.
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

    /// Number of phrases.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Number of words.
    pub(crate) fn words(&self) -> usize {
        self.words.ends.len()
    }

    /// Gives back the memory that only adding needs. Nothing is added afterwards.
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
        self.followers.shrink_to_fit();
        self.words.letters.shrink_to_fit();
        self.words.keys.shrink_to_fit();
        self.words.ends.shrink_to_fit();
        self.begins.shrink_to_fit();
        self.places.shrink_to_fit();
        self.steps = FxHashMap::default();
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
        if self.follower_ends.is_empty() {
            return self.steps.get(&step(node, word)).copied().map(Node);
        }
        // Most places have few.
        let followers = self.followers(node);
        let at = followers.partition_point(|&(follower, _)| follower < word);
        followers.get(at).filter(|&&(follower, _)| follower == word).map(|&(_, node)| node)
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
