//! Which passwords are accepted: length and guessability, no composition rule.

use recado_protocol::account::{PasswordCheck, PasswordIssue};
use unicode_normalization::UnicodeNormalization as _;

use super::blocklist::{self, Blocklist};
use super::pattern;
use super::strength::strength;

/// Fewest characters where the password is the only factor.
pub const MINIMUM_CHARACTERS: u32 = 15;
/// Fewest characters where a second factor is enforced.
pub const MINIMUM_CHARACTERS_WITH_SECOND_FACTOR: u32 = 8;
/// Most bytes of UTF-8 that are accepted.
pub const MAXIMUM_BYTES: u32 = 1_024;

/// Words that anyone attacking a Recado account would try.
const PRODUCT_WORDS: &[&str] = &["recado"];
/// A shorter context word appears in other words by chance.
const MINIMUM_CONTEXT_WORD_CHARACTERS: usize = 3;
/// What must be left of a password after its context words are taken away.
const MINIMUM_REMAINDER_CHARACTERS: usize = 8;

/// What an attacker knows about the account.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasswordContext<'a> {
    /// The workspace's name.
    pub workspace_name: &'a str,
    /// The account's e-mail address.
    pub email: &'a str,
    /// The teammate's name.
    pub teammate_name: &'a str,
    /// Whether signing in also takes a second factor, without exception.
    pub second_factor_enforced: bool,
}

impl PasswordContext<'_> {
    fn words(&self) -> Vec<String> {
        let local_part = self.email.rsplit_once('@').map_or(self.email, |(local, _)| local);
        let mut words: Vec<String> = PRODUCT_WORDS.iter().map(|word| (*word).to_owned()).collect();
        for phrase in [self.workspace_name, local_part, self.teammate_name] {
            let folded = blocklist::fold(phrase);
            let parts = folded.split(|c: char| !c.is_alphanumeric());
            words.extend(parts.clone().map(str::to_owned));
            words.push(parts.collect());
            words.push(folded.trim().to_owned());
        }
        words.retain(|word| word.chars().count() >= MINIMUM_CONTEXT_WORD_CHARACTERS);
        // The longest first, so that `mario.rossi` is named rather than `mario`.
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.dedup();
        words
    }
}

/// Decides about new passwords. Never used on sign-in.
#[derive(Debug)]
pub struct PasswordPolicy {
    blocklist: Blocklist,
}

impl PasswordPolicy {
    /// The policy over the given list of common passwords.
    pub fn new(blocklist: Blocklist) -> Self {
        Self { blocklist }
    }

    /// Gives every reason against the password; none means that it is accepted.
    pub fn check(&self, password: &str, context: &PasswordContext<'_>) -> Vec<PasswordIssue> {
        if password.len() > MAXIMUM_BYTES as usize {
            return vec![PasswordIssue::TooLong { maximum_bytes: MAXIMUM_BYTES }];
        }
        let mut issues = Vec::new();
        let minimum_characters = if context.second_factor_enforced {
            MINIMUM_CHARACTERS_WITH_SECOND_FACTOR
        } else {
            MINIMUM_CHARACTERS
        };
        if password.nfc().count() < minimum_characters as usize {
            issues.push(PasswordIssue::TooShort { minimum_characters });
        }
        let folded = blocklist::fold(password);
        let characters: Vec<char> = folded.chars().collect();
        if self.blocklist.covers(password) {
            issues.push(PasswordIssue::Common);
        }
        if let Some(word) = self.leaning_on_context(&folded, context) {
            issues.push(PasswordIssue::ContainsContext { word });
        }
        if pattern::is_repetitive(&characters) {
            issues.push(PasswordIssue::Repetitive);
        }
        if pattern::is_sequential(&characters) {
            issues.push(PasswordIssue::Sequential);
        }
        issues
    }

    /// The reasons against a password, and how hard it is to guess for who knows the account.
    pub fn judge(&self, password: &str, context: &PasswordContext<'_>) -> PasswordCheck {
        let PasswordContext { workspace_name, email, teammate_name, .. } = *context;
        let known = [&[workspace_name, email, teammate_name], PRODUCT_WORDS].concat();
        let (score, hint) = strength(password, &known);
        PasswordCheck { issues: self.check(password, context), score, hint }
    }

    /// The context word without which too little of the password would be left.
    fn leaning_on_context(&self, folded: &str, context: &PasswordContext<'_>) -> Option<String> {
        let mut remainder = folded.to_owned();
        let mut first_found = None;
        for word in context.words() {
            if remainder.contains(&word) {
                // A mark between the pieces keeps them from forming a new word.
                remainder = remainder.replace(&word, "\u{0}");
                first_found.get_or_insert(word);
            }
        }
        let word = first_found?;
        let left: String = remainder.chars().filter(|c| c.is_alphanumeric()).collect();
        let too_little = left.chars().count() < MINIMUM_REMAINDER_CHARACTERS;
        (too_little || self.blocklist.covers(&left)).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTEXT: PasswordContext<'static> = PasswordContext {
        workspace_name: "Harbour Coffee",
        email: "mario.rossi@harbour.example",
        teammate_name: "Mario Rossi",
        second_factor_enforced: false,
    };

    fn issues(password: &str, second_factor_enforced: bool) -> Vec<PasswordIssue> {
        let context = PasswordContext { second_factor_enforced, ..CONTEXT };
        PasswordPolicy::new(Blocklist::built_in()).check(password, &context)
    }

    #[test]
    fn long_and_unguessable_passwords_are_accepted_whatever_they_are_made_of() {
        for password in [
            "gargling otter quilt",
            "alllowercasebutoddwords",
            "паляниця зі сметаною",
            "今日は朝から海辺を三時間ほど歩いた",
            "🦊🐢🪁🧵🫖🛶🥁🪵🧦🐌🦑🪆🧂🛸🪐",
            "correct horse battery staple",
            " leading and trailing space ",
            "tab\tand\nnewline and more",
            "7c1e9ab2f04d8356",
            "my recado inbox is seldom empty",
            "x7Kq!vbT9zLw2#pM",
        ] {
            assert_eq!(issues(password, false), [], "{password:?}");
        }
    }

    #[test]
    fn eight_characters_are_enough_only_with_a_second_factor() {
        assert_eq!(issues("k9#vTq2w", true), []);
        assert_eq!(issues("k9#vTq2w", false), [PasswordIssue::TooShort { minimum_characters: 15 }]);
        assert_eq!(issues("k9#vTq2", true), [PasswordIssue::TooShort { minimum_characters: 8 }]);
    }

    #[test]
    fn the_length_limit_is_in_bytes_and_inclusive() {
        let longest: String = "gargling otter quilt, ".chars().cycle().take(1_024).collect();
        assert!(
            !issues(&longest, false).contains(&PasswordIssue::TooLong { maximum_bytes: 1_024 })
        );
        let longer = format!("{longest}x");
        assert_eq!(issues(&longer, false), [PasswordIssue::TooLong { maximum_bytes: 1_024 }]);
    }

    #[test]
    fn characters_are_counted_after_composition() {
        let decomposed = "e\u{301}k9vTq2w";
        assert_eq!(decomposed.chars().count(), 9);
        assert_eq!(issues(decomposed, true), []);
        let too_short = "e\u{301}k9vTq2";
        assert_eq!(too_short.chars().count(), 8);
        assert_ne!(issues(too_short, true), []);
    }

    #[test]
    fn guessable_passwords_are_refused_for_the_right_reason() {
        for (password, issue) in [
            ("passwordpassword", PasswordIssue::Common),
            ("P@ssw0rdP@ssw0rd", PasswordIssue::Common),
            ("sunshineprincess1", PasswordIssue::Common),
            ("aaaaaaaaaaaaaaaa", PasswordIssue::Repetitive),
            ("xk2xk2xk2xk2xk2xk2", PasswordIssue::Repetitive),
            ("abcdefghijklmnopq", PasswordIssue::Sequential),
            ("qwertyuiopasdfghjkl", PasswordIssue::Sequential),
            ("98765432109876543", PasswordIssue::Sequential),
        ] {
            assert!(issues(password, false).contains(&issue), "{password:?}");
        }
    }

    #[test]
    fn names_that_everybody_knows_do_not_carry_a_password() {
        for (password, word) in [
            ("recado-recado-2026", "recado"),
            ("Recado-Support-2026", "recado"),
            ("harbour coffee 2026", "harbour coffee"),
            ("HarbourCoffee2026!", "harbourcoffee"),
            ("mario.rossi@recado", "mario.rossi"),
            ("rossi-password-12", "rossi"),
        ] {
            let found = issues(password, false)
                .into_iter()
                .any(|issue| matches!(issue, PasswordIssue::ContainsContext { word: named } if named == word));
            assert!(found, "{password:?}: {:?}", issues(password, false));
        }
    }

    #[test]
    fn an_issue_has_a_stable_wire_form() {
        let json = serde_json::to_string(&PasswordIssue::TooShort { minimum_characters: 15 })
            .expect("serialisable");
        assert_eq!(json, r#"{"issue":"too_short","minimum_characters":15}"#);
    }

    #[test]
    fn random_unicode_of_sufficient_length_is_never_refused_for_its_composition() {
        let policy = PasswordPolicy::new(Blocklist::built_in());
        proptest!(|(password in "\\PC{20,60}")| {
            for issue in policy.check(&password, &CONTEXT) {
                match issue {
                    PasswordIssue::TooShort { .. } => {
                        prop_assert!(password.nfc().count() < MINIMUM_CHARACTERS as usize);
                    }
                    other => prop_assert!(false, "{:?} for {:?}", other, password),
                }
            }
        });
    }
}
