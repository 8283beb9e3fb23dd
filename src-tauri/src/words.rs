//! The few words outside the webview: the tray's menu, and why there is no window.

use recado_protocol::host::Language;

use crate::StartFailed;

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

/// Why the program ends without a window, and what to do.
pub(crate) fn start_failed(spanish: bool, error: &StartFailed) -> String {
    match (error, spanish) {
        (StartFailed::NoDisplay, false) => {
            "Recado could not start: there is no display to open a window on. Start it in a \
             graphical session."
                .into()
        }
        (StartFailed::NoDisplay, true) => {
            "Recado no ha podido arrancar: no hay pantalla en la que abrir una ventana. Ábrelo en \
             una sesión gráfica."
                .into()
        }
        (StartFailed::NoWindow(error), false) => format!(
            "Recado could not open its window. Nothing has been deleted. Start it again; if it \
             stays so, reinstall it.\n\n{error}"
        ),
        (StartFailed::NoWindow(error), true) => format!(
            "Recado no ha podido abrir su ventana. No se ha borrado nada. Ábrelo otra vez; si \
             sigue igual, vuelve a instalarlo.\n\n{error}"
        ),
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
