//! The few words outside the webview: the tray's menu.

use recado_protocol::host::Language;

/// Whether the tray speaks Spanish. `System` follows the locale that the desktop set.
pub(crate) fn is_spanish(language: Language, locale: Option<&str>) -> bool {
    match language {
        Language::Es => true,
        Language::En => false,
        Language::System => locale.is_some_and(|locale| locale.to_lowercase().starts_with("es")),
    }
}

/// The locale of messages, as POSIX orders the variables.
pub(crate) fn system_locale() -> Option<String> {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
}

/// The tray's menu item that brings the window back.
pub(crate) const fn open(spanish: bool) -> &'static str {
    if spanish { "Abrir Recado" } else { "Open Recado" }
}

/// The tray's menu item that ends the program.
pub(crate) const fn quit(spanish: bool) -> &'static str {
    if spanish { "Salir" } else { "Quit" }
}

/// The line that says how many conversations hold something unread.
pub(crate) fn unread(spanish: bool, count: u32) -> String {
    match (spanish, count) {
        (true, 0) => "Nada sin leer".into(),
        (true, 1) => "1 conversación sin leer".into(),
        (true, count) => format!("{count} conversaciones sin leer"),
        (false, 0) => "Nothing unread".into(),
        (false, 1) => "1 unread conversation".into(),
        (false, count) => format!("{count} unread conversations"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_wins_over_the_system() {
        assert!(is_spanish(Language::System, Some("es_MX.UTF-8")));
        assert!(!is_spanish(Language::System, Some("en_GB.UTF-8")));
        assert!(!is_spanish(Language::System, None));
        assert!(!is_spanish(Language::En, Some("es_ES.UTF-8")));
        assert!(is_spanish(Language::Es, Some("C")));
    }

    #[test]
    fn counts_are_said_in_the_right_number() {
        assert_eq!(unread(false, 1), "1 unread conversation");
        assert_eq!(unread(true, 2), "2 conversaciones sin leer");
    }
}
