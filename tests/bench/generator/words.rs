//! Words that nobody wrote, in the proportions of real ones.

use std::collections::HashSet;

use super::random::Random;

/// The language of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// Latin letters without accents.
    English,
    /// Latin letters, some with accents.
    Spanish,
    /// Written without spaces.
    Chinese,
}

impl Language {
    /// The shares of the example conversations: one in nine is Chinese, and one in seven messages
    /// holds more than ASCII.
    pub(crate) fn draw(random: &mut Random) -> Self {
        match random.below(100) {
            0..=10 => Self::Chinese,
            11..=19 => Self::Spanish,
            _ => Self::English,
        }
    }

    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Chinese => "zh",
        }
    }
}

/// Words of falling frequency.
#[derive(Debug)]
struct Vocabulary {
    words: Vec<String>,
    cumulative: Vec<f64>,
}

impl Vocabulary {
    /// The share of the word of rank r is that of 1 / (r + 2.7), as in the example conversations.
    fn new(words: Vec<String>) -> Self {
        let mut sum = 0.0;
        let cumulative = (0..words.len())
            .map(|rank| {
                sum += 1.0 / (rank as f64 + 2.7);
                sum
            })
            .collect();
        Self { words, cumulative }
    }

    fn draw(&self, random: &mut Random) -> &str {
        let whole = self.cumulative.last().copied().unwrap_or(0.0);
        let wanted = random.unit() * whole;
        let rank = self.cumulative.partition_point(|sum| *sum <= wanted);
        &self.words[rank.min(self.words.len() - 1)]
    }
}

/// Every language's words.
#[derive(Debug)]
pub(crate) struct Words {
    english: Vocabulary,
    spanish: Vocabulary,
    chinese: Vocabulary,
}

const LATIN_WORDS: usize = 60_000;
const CHINESE_WORDS: usize = 12_000;

impl Words {
    pub(crate) fn new(seed: u64) -> Self {
        let english = [
            "a", "be", "cor", "der", "en", "fi", "gra", "ho", "in", "jo", "ka", "li", "mon", "ne",
            "o", "per", "qui", "ra", "st", "ti", "u", "ver", "wi", "sh", "ly", "ter",
        ];
        let spanish = [
            "a", "bi", "ción", "de", "é", "fá", "go", "ha", "í", "jo", "la", "mi", "ño", "o", "pe",
            "que", "ra", "so", "tú", "u", "va", "yo", "zo", "es", "ar", "lle",
        ];
        Self {
            english: Vocabulary::new(latin(&english, &mut Random::at(seed, 1))),
            spanish: Vocabulary::new(latin(&spanish, &mut Random::at(seed, 2))),
            chinese: Vocabulary::new(chinese(&mut Random::at(seed, 3))),
        }
    }

    /// A text of about `characters`, with the given words in it.
    pub(crate) fn text(
        &self,
        language: Language,
        characters: usize,
        planted: &[&str],
        random: &mut Random,
    ) -> String {
        let (vocabulary, gap, comma, stop) = match language {
            Language::English => (&self.english, " ", ",", "."),
            Language::Spanish => (&self.spanish, " ", ",", "."),
            Language::Chinese => (&self.chinese, "", "，", "。"),
        };
        let mut text = String::with_capacity(characters + 24);
        let mut length = 0;
        let mut planted = planted.iter();
        let mut latin_before = false;
        loop {
            let word = match planted.next() {
                Some(word) => word,
                None if length >= characters => break,
                None => vocabulary.draw(random),
            };
            if !text.is_empty() {
                text.push_str(if random.chance(0.08) { comma } else { "" });
                // A planted word is Latin and keeps its spaces in any language.
                let spaced = latin_before || word.is_ascii();
                text.push_str(if spaced { " " } else { gap });
            }
            latin_before = word.is_ascii();
            text.push_str(word);
            length += word.chars().count() + gap.len();
        }
        if random.chance(0.06) {
            text.push_str(&format!(" #{}", 100_000 + random.below(900_000)));
        }
        text.push_str(if random.chance(0.25) { "?" } else { stop });
        capitalised(&text)
    }

    /// A person's name.
    pub(crate) fn name(&self, language: Language, random: &mut Random) -> String {
        let vocabulary = match language {
            Language::Chinese => return self.chinese.draw(random).to_owned(),
            Language::English => &self.english,
            Language::Spanish => &self.spanish,
        };
        let given = capitalised(vocabulary.draw(random));
        format!("{given} {}", capitalised(vocabulary.draw(random)))
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Distinct words of one to five syllables; the frequent ones are short.
fn latin(syllables: &[&str], random: &mut Random) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut words = Vec::with_capacity(LATIN_WORDS);
    while words.len() < LATIN_WORDS {
        let longest = 2 + (words.len() as u64 / 300).min(4);
        let count = 1 + random.below(longest);
        let word: String = (0..count).map(|_| syllables[random.index(syllables.len())]).collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// Distinct words of one to three of some 3,000 characters.
fn chinese(random: &mut Random) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut words = Vec::with_capacity(CHINESE_WORDS);
    while words.len() < CHINESE_WORDS {
        let count = 1 + random.below(3);
        let word: String = (0..count)
            .filter_map(|_| char::from_u32(0x4E00 + random.below(3_000) as u32))
            .collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}
