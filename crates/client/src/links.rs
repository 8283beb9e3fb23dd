//! Links: out of the app, and into it.

use recado_protocol::{ConversationId, JoinLink};
use url::Url;

/// The longest link that is read, in bytes. A join link carries a certificate.
const MAX_LINK_BYTES: usize = 32_768;

/// Opens an address in the program that the system has for it. The host implements it; it is called
/// only with what [`outside`] let through.
pub trait Opener: Send + Sync {
    /// Opens `url`.
    ///
    /// # Errors
    ///
    /// The system's words if it could not.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// Opens nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoOpener;

impl Opener for NoOpener {
    fn open(&self, _: &Url) -> Result<(), String> {
        Err("nothing is opened here".to_owned())
    }
}

/// A link may not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only links to web pages, e-mail addresses and telephone numbers are opened")]
pub struct LinkRefused;

/// The address behind a link in a message, if it is one that is opened outside: `https`, `mailto`
/// or `tel`, and nothing hidden in it.
///
/// # Errors
///
/// [`LinkRefused`] for everything else.
pub fn outside(text: &str) -> Result<Url, LinkRefused> {
    // The parser would silently drop controls and trim, and so show one text and open another.
    if text.len() > MAX_LINK_BYTES || text.chars().any(is_hidden) {
        return Err(LinkRefused);
    }
    let url = Url::parse(text).map_err(|_| LinkRefused)?;
    let accepted = match url.scheme() {
        // A user in front of the host makes the host look like another one.
        "https" => {
            url.host_str().is_some_and(|host| !host.is_empty())
                && url.username().is_empty()
                && url.password().is_none()
        }
        // Anything but the address would let a message choose attachments or copies.
        "mailto" => {
            url.query_pairs().all(|(key, _)| matches!(key.as_ref(), "subject" | "body"))
                && url.path().contains('@')
        }
        "tel" => {
            let number = url.path();
            number.bytes().any(|byte| byte.is_ascii_digit())
                && number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.()".contains(&byte))
                && url.query().is_none()
        }
        _ => false,
    };
    if accepted { Ok(url) } else { Err(LinkRefused) }
}

/// White space, controls, zero-width characters and such as turn the direction of reading.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(u32::from(c),
            0x00AD | 0x034F | 0x061C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
            | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE_0000..=0xE_0FFF)
}

/// A link that somebody outside asked the app to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeepLink {
    /// Joins a server, after the person has agreed.
    Join(JoinLink),
    /// Shows a conversation.
    OpenConversation(ConversationId),
}

/// Reads a `recado://` link. It comes from anywhere, so whatever is not exactly one of the two
/// forms is refused.
///
/// # Errors
///
/// [`LinkRefused`] for everything else.
pub fn deep_link(text: &str) -> Result<DeepLink, LinkRefused> {
    if text.len() > MAX_LINK_BYTES {
        return Err(LinkRefused);
    }
    if let Some(id) = text.strip_prefix("recado://open/conversation/") {
        return id.parse().map(DeepLink::OpenConversation).map_err(|_| LinkRefused);
    }
    if text.starts_with("recado://join?") {
        return text.parse().map(DeepLink::Join).map_err(|_| LinkRefused);
    }
    Err(LinkRefused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn web_pages_addresses_and_numbers_are_opened() {
        for text in [
            "https://example.com",
            "https://example.com:8443/a/b?c=d#e",
            "https://bücher.example/",
            "HTTPS://EXAMPLE.COM/",
            "mailto:ana@example.com",
            "mailto:ana@example.com?subject=Hello",
            "tel:+34911234567",
            "tel:(030)12-34.56",
        ] {
            assert!(outside(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "example.com",
            "http://example.com",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,hello",
            "file:///etc/passwd",
            "smb://server/share",
            "ms-msdt:/id",
            "vbscript:x",
            "about:blank",
            "blob:https://example.com/1",
            "recado://open/conversation/cnv_0",
            "https://",
            "https://user@example.com",
            "https://bank.example:secret@evil.example",
            "https://exa\u{200b}mple.com",
            "https://example.com/\u{202e}gpj.exe",
            " https://example.com",
            "https://example.com/a b",
            "https://example.com/\n",
            "java\nscript:alert(1)",
            "mailto:ana@example.com?attach=/etc/passwd",
            "mailto:ana@example.com?bcc=eve@example.com",
            "mailto:nobody",
            "tel:",
            "tel:abc",
            "tel:*#06#",
            "tel:123;ext=4?x=y",
        ] {
            assert_eq!(outside(text), Err(LinkRefused), "{text:?}");
        }
    }

    #[test]
    fn a_deep_link_is_one_of_two_forms() {
        let id = "cnv_01970000000070008000000000000001";
        let link = deep_link(&format!("recado://open/conversation/{id}"));
        assert_eq!(link, Ok(DeepLink::OpenConversation(id.parse().expect("an id"))));
        let workspace = "wrk_01970000000070008000000000000001";
        let join = format!("recado://join?url=https://desk.example&workspace={workspace}");
        assert!(matches!(deep_link(&join), Ok(DeepLink::Join(_))));
        for text in [
            String::new(),
            "recado://".into(),
            "recado://open/conversation/".into(),
            "recado://open/conversation/cnv_1".into(),
            format!("recado://open/conversation/{id}/"),
            format!("recado://open/conversation/{id}?x"),
            format!("recado://open/conversation/../{id}"),
            format!("recado://open/conversation/{}", id.to_uppercase()),
            format!("https://open/conversation/{id}"),
            format!("recado://settings/{id}"),
            "recado://join?url=http://desk.example&workspace=x".into(),
            format!("recado://join?{}", "a".repeat(40_000)),
        ] {
            assert_eq!(deep_link(&text), Err(LinkRefused), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_opened_has_an_allowed_scheme(text in "\\PC{0,60}") {
            if let Ok(url) = outside(&text) {
                prop_assert!(["https", "mailto", "tel"].contains(&url.scheme()));
            }
        }

        #[test]
        fn hostile_deep_links_do_not_panic(text in ".{0,120}") {
            let _ = deep_link(&text);
            let _ = deep_link(&format!("recado://open/conversation/{text}"));
            let _ = deep_link(&format!("recado://join?{text}"));
        }
    }
}
