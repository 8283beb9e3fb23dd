//! Invented names for customers whose source has none.

use super::chance::Chance;

/// The language that a customer writes in, as far as names need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// Latin script, and not known to be Spanish.
    English,
    /// Spanish.
    Spanish,
    /// Chinese.
    Chinese,
}

impl Language {
    /// Guesses from what was written.
    pub(super) fn of(text: &str) -> Self {
        let chinese = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
        if text.chars().any(chinese) {
            Self::Chinese
        } else if text.contains(['¿', '¡', 'ñ']) {
            Self::Spanish
        } else {
            Self::English
        }
    }

    /// The BCP 47 tag.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Chinese => "zh",
        }
    }
}

const ENGLISH_FIRST: &[&str] = &[
    "Abigail", "Amara", "Andre", "Beatrice", "Caleb", "Carmen", "Chidi", "Clara", "Daniel",
    "Denise", "Edith", "Elias", "Farah", "Felix", "Grace", "Hannah", "Hugo", "Imani", "Iris",
    "Jasper", "Joanna", "Kofi", "Laura", "Leon", "Lydia", "Malik", "Marcus", "Miriam", "Nadia",
    "Noah", "Olivia", "Oscar", "Paula", "Quentin", "Rafael", "Rosa", "Ruben", "Samira", "Simon",
    "Tessa", "Tobias", "Ursula", "Victor", "Wanda", "Yasmin", "Zoe",
];
const ENGLISH_LAST: &[&str] = &[
    "Abara",
    "Ashford",
    "Bell",
    "Brandt",
    "Calloway",
    "Castle",
    "Dalton",
    "Doyle",
    "Ekström",
    "Farrow",
    "Fielding",
    "Garrick",
    "Hale",
    "Holloway",
    "Ivers",
    "Jansen",
    "Kaplan",
    "Keane",
    "Lambert",
    "Larkin",
    "Marsh",
    "Mensah",
    "Novak",
    "Oduya",
    "Osborne",
    "Paxton",
    "Pereira",
    "Quill",
    "Rahman",
    "Reyes",
    "Sandoval",
    "Shaw",
    "Thorne",
    "Underhill",
    "Vance",
    "Vogel",
    "Whitaker",
    "Winslow",
    "Yates",
    "Zimmer",
];
const SPANISH_FIRST: &[&str] = &[
    "Alba",
    "Álvaro",
    "Beatriz",
    "Carlos",
    "Daniela",
    "Emilio",
    "Fátima",
    "Gonzalo",
    "Inés",
    "Joaquín",
    "Lucía",
    "Marta",
    "Nuria",
    "Óscar",
    "Pilar",
    "Raúl",
    "Sofía",
    "Tomás",
    "Valentina",
    "Ximena",
];
const SPANISH_LAST: &[&str] = &[
    "Aguilar",
    "Benítez",
    "Cabrera",
    "Domínguez",
    "Escobar",
    "Fuentes",
    "Gallardo",
    "Herrero",
    "Ibáñez",
    "Lozano",
    "Medina",
    "Núñez",
    "Ordóñez",
    "Peña",
    "Quiroga",
    "Rojas",
    "Sáez",
    "Téllez",
    "Urrutia",
    "Vidal",
];
const CHINESE_LAST: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "林",
    "郭", "何", "高", "罗",
];
const CHINESE_FIRST: &[&str] = &[
    "小雨", "佳怡", "志强", "雅静", "宇航", "晓彤", "子涵", "文博", "思远", "梦瑶", "建国", "丽娜",
    "俊杰", "欣然", "浩然", "美玲", "天宇", "诗涵", "嘉豪", "婉清", "明哲", "若琳", "海燕", "立新",
    "春梅",
];

/// A name for the customer of a conversation; always the same one.
pub(super) fn invent(seed: &str, language: Language) -> String {
    let mut chance = Chance::of(&format!("name {seed}"));
    match language {
        Language::English => {
            format!("{} {}", chance.pick(ENGLISH_FIRST), chance.pick(ENGLISH_LAST))
        }
        Language::Spanish => {
            format!("{} {}", chance.pick(SPANISH_FIRST), chance.pick(SPANISH_LAST))
        }
        Language::Chinese => format!("{}{}", chance.pick(CHINESE_LAST), chance.pick(CHINESE_FIRST)),
    }
}

/// A surname for a customer of whom only the first name is known.
pub(super) fn surname(seed: &str) -> &'static str {
    let surname: &&str = Chance::of(&format!("surname {seed}")).pick(ENGLISH_LAST);
    surname
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_keeps_the_name_and_it_fits_what_they_write() {
        assert_eq!(invent("star-1", Language::English), invent("star-1", Language::English));
        assert_eq!(Language::of("你好，我想订酒店"), Language::Chinese);
        assert_eq!(Language::of("¿Tienen mesa para dos?"), Language::Spanish);
        assert_eq!(Language::of("Hello there"), Language::English);
        let name = invent("crosswoz-1", Language::Chinese);
        assert_eq!(Language::of(&name), Language::Chinese);
        assert!(invent("es-1", Language::Spanish).contains(' '));
    }

    #[test]
    fn a_thousand_customers_have_many_names() {
        let names: std::collections::BTreeSet<_> =
            (0..1_000).map(|n| invent(&n.to_string(), Language::English)).collect();
        assert!(names.len() > 600, "{}", names.len());
    }
}
