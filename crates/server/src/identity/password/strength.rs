//! How hard a password is to guess, as zxcvbn estimates it: advice, where the policy decides.

use recado_protocol::account::PasswordHint;
use zxcvbn::feedback::Warning;
use zxcvbn::zxcvbn;

/// More characters change nothing about the estimate and only take time.
const MOST_CHARACTERS: usize = 100;

/// From 0 (guessed at once) to 4 (beyond reach), with what makes it easier than it looks. `known` are words that an
/// attacker would try first.
#[must_use]
pub(super) fn strength(password: &str, known: &[&str]) -> (u8, Option<PasswordHint>) {
    let looked_at: String = password.chars().take(MOST_CHARACTERS).collect();
    let estimate = zxcvbn(&looked_at, known);
    let hint = estimate.feedback().and_then(|feedback| feedback.warning()).map(hint);
    (u8::from(estimate.score()), hint)
}

const fn hint(warning: Warning) -> PasswordHint {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess
        | Warning::ShortKeyboardPatternsAreEasyToGuess => PasswordHint::Keyboard,
        Warning::RepeatsLikeAaaAreEasyToGuess
        | Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => PasswordHint::Repeat,
        Warning::ThisIsATop10Password
        | Warning::ThisIsATop100Password
        | Warning::ThisIsACommonPassword
        | Warning::ThisIsSimilarToACommonlyUsedPassword => PasswordHint::Common,
        Warning::SequencesLikeAbcAreEasyToGuess => PasswordHint::Sequence,
        Warning::RecentYearsAreEasyToGuess | Warning::DatesAreOftenEasyToGuess => {
            PasswordHint::Date
        }
        Warning::AWordByItselfIsEasyToGuess => PasswordHint::Word,
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
        | Warning::CommonNamesAndSurnamesAreEasyToGuess => PasswordHint::Name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weakness_has_its_hint_and_a_long_phrase_none() {
        for (password, expected) in [
            ("password", PasswordHint::Common),
            ("qwertyuiop", PasswordHint::Common),
            ("abcdefgh", PasswordHint::Sequence),
            ("aaaaaaaaaaaaaaaa", PasswordHint::Repeat),
            ("1987-03-12", PasswordHint::Date),
        ] {
            let (score, hint) = strength(password, &[]);
            assert!(score <= 2, "{password}: {score}");
            assert_eq!(hint, Some(expected), "{password}");
        }
        assert_eq!(strength("otter violin gravel seventeen", &[]), (4, None));
    }

    #[test]
    fn the_longest_password_is_looked_at_in_no_time() {
        assert_eq!(strength(&"ab1".repeat(340), &[]).0, 1);
    }

    #[test]
    fn what_everybody_knows_of_the_account_does_not_count() {
        let unknown = strength("cactusboxinbox", &[]).0;
        let known = strength("cactusboxinbox", &["cactusbox", "inbox"]).0;
        assert!(known < unknown, "{known} and {unknown}");
    }
}
