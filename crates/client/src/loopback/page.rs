//! The one page that the browser shows at the end. It holds nothing but its own words.

use super::Brought;

/// The languages that the page is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Spanish,
}

/// The first of the browser's languages that the page is written in; English without one.
pub(super) fn language(head: &str) -> Language {
    let wanted = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let wanted = wanted.filter(|(name, _)| name.eq_ignore_ascii_case("accept-language"));
    let tags = wanted.flat_map(|(_, tags)| tags.split(','));
    for tag in tags {
        let tag = tag.trim().to_ascii_lowercase();
        match tag.split(['-', ';']).next() {
            Some("es") => return Language::Spanish,
            Some("en") => return Language::English,
            _ => {}
        }
    }
    Language::English
}

/// The whole answer.
pub(super) fn write(status: u16, outcome: Option<&Brought>, language: Language) -> String {
    let (title, sentence) = match (language, outcome) {
        (Language::English, Some(Brought::Code(_))) => {
            ("You can go back to Recado", "Recado is signing you in. You may close this page.")
        }
        (Language::Spanish, Some(Brought::Code(_))) => (
            "Puedes volver a Recado",
            "Recado está iniciando tu sesión. Puedes cerrar esta página.",
        ),
        (Language::English, Some(Brought::Error(_))) => {
            ("Go back to Recado", "You were not signed in. Recado says what you can do.")
        }
        (Language::Spanish, Some(Brought::Error(_))) => {
            ("Vuelve a Recado", "No se inició tu sesión. Recado te dice qué puedes hacer.")
        }
        (Language::English, None) => (
            "Nothing awaits you here",
            "Start the sign-in in Recado and use the page that it opens.",
        ),
        (Language::Spanish, None) => {
            ("Aquí no se te espera", "Inicia sesión en Recado y usa la página que se abre.")
        }
    };
    let lang = match language {
        Language::English => "en",
        Language::Spanish => "es",
    };
    let body = format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n<p>{sentence}</p>\n</main>\n</body>\n</html>\n"
    );
    let reason = match status {
        200 => "OK",
        404 => "Not Found",
        405 => "Method Not Allowed",
        _ => "Bad Request",
    };
    format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nCache-Control: no-store\r\n\
         Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
