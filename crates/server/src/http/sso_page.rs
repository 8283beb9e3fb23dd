//! The page that a browser shows where it cannot be sent on to the app.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use recado_protocol::ErrorCode;

/// The languages that the page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Spanish,
}

impl Language {
    /// The browser's favourite among them; English without one.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let mut best = (Self::English, 0.0);
        for entry in wanted.unwrap_or_default().split(',').take(32) {
            let (tag, weight) = entry.split_once(';').unwrap_or((entry, "q=1"));
            let weight: f32 = weight.trim().trim_start_matches("q=").parse().unwrap_or(0.0);
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" => Self::English,
                "es" => Self::Spanish,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }

    /// Its name in HTML and HTTP.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }
}

/// The page. It holds nothing but its own words.
pub(super) fn write(code: ErrorCode, language: Language) -> String {
    let (title, sentence, next) = match (language, code) {
        (Language::English, ErrorCode::TooManyAttempts) => (
            "Too many attempts",
            "There were too many attempts from this network.",
            "Wait a few minutes, then start the sign-in again in Recado.",
        ),
        (Language::Spanish, ErrorCode::TooManyAttempts) => (
            "Demasiados intentos",
            "Hubo demasiados intentos desde esta red.",
            "Espera unos minutos y vuelve a iniciar sesión en Recado.",
        ),
        (Language::English, ErrorCode::Overloaded | ErrorCode::Internal) => (
            "The server cannot serve you just now",
            "Nothing was changed.",
            "Go back to Recado and start the sign-in again in a moment.",
        ),
        (Language::Spanish, ErrorCode::Overloaded | ErrorCode::Internal) => (
            "El servidor no puede atenderte ahora",
            "No se ha cambiado nada.",
            "Vuelve a Recado e inicia sesión de nuevo en un momento.",
        ),
        (Language::English, _) => (
            "This sign-in cannot go on",
            "It took too long, was finished before, or was not started in Recado.",
            "Close this page, go back to Recado and start the sign-in again.",
        ),
        (Language::Spanish, _) => (
            "Este inicio de sesión no puede continuar",
            "Tardó demasiado, ya se había completado o no se inició en Recado.",
            "Cierra esta página, vuelve a Recado e inicia sesión de nuevo.",
        ),
    };
    let name = language.name();
    format!(
        "<!doctype html>\n<html lang=\"{name}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} – Recado</title>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n<p>{sentence}</p>\n<p>{next}</p>\n</main>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(accept: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, accept.parse().expect("a header"));
        Language::of(&headers)
    }

    #[test]
    fn the_page_is_in_the_browser_s_language() {
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
        assert_eq!(language("es-MX,es;q=0.9,en;q=0.8"), Language::Spanish);
        assert_eq!(language("en;q=0.3, es;q=0.5"), Language::Spanish);
        assert_eq!(language("de, fr;q=0.9"), Language::English);
        assert_eq!(language("de, es;q=0.2"), Language::Spanish);
        assert_eq!(language("es;q=0, en;q=broken"), Language::English);
    }

    #[test]
    fn each_page_has_a_title_a_heading_and_a_way_on() {
        for code in [ErrorCode::SsoFailed, ErrorCode::TooManyAttempts, ErrorCode::Internal] {
            let (english, spanish) =
                (write(code, Language::English), write(code, Language::Spanish));
            assert!(english.contains("<html lang=\"en\">") && english.contains("<h1>"));
            assert!(spanish.contains("<html lang=\"es\">") && spanish.contains("Recado"));
            assert_ne!(english, spanish);
        }
    }
}
