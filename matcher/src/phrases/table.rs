//! Words by number: one look-up tells whether any phrase holds a word.

use super::NO_WORD;
use super::key::{KEY_LEN, Key};

/// Words by number, in a table with open addressing: eight bytes a slot, half of the hash and the number.
#[derive(Debug, Default)]
pub(super) struct Words {
    slots: Vec<u64>,
    pub(super) keys: Vec<Key>,
    pub(super) letters: String,
    pub(super) ends: Vec<u32>,
}

/// A slot that is free: no number is this high.
const FREE: u64 = u64::MAX;

impl Words {
    pub(super) fn letters_of(&self, word: u32) -> &str {
        let at = word as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.letters[start..self.ends[at] as usize]
    }

    pub(super) fn find(&self, word: &str) -> u32 {
        self.find_key(Key::of(word.as_bytes()), word.as_bytes())
    }

    #[inline]
    pub(super) fn find_key(&self, key: Key, word: &[u8]) -> u32 {
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

    pub(super) fn add(&mut self, word: &str) -> u32 {
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

pub(super) fn low(slot: u64) -> u32 {
    u32::try_from(slot & u64::from(u32::MAX)).unwrap_or_default()
}

fn start_of(hash: u64, mask: usize) -> usize {
    usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default() & mask
}

/// A dictionary's limits keep every count far below 2^32.
pub(super) fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX - 1)
}
