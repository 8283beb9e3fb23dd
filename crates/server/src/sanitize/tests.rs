use proptest::prelude::*;

use super::{Body, CLEANER, MAX_TAGS, plain_text, search_tokens};
use recado_protocol::channel::ChannelMessage;

fn html(html: &str) -> Body {
    let message = ChannelMessage { body_html: Some(html.to_owned()), ..ChannelMessage::default() };
    Body::from_message(&message).expect("a body")
}

#[test]
fn scripts_styles_forms_and_handlers_do_not_survive() {
    for hostile in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><animate onbegin=alert(1)>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "<a href='data:text/html,x'>x</a>",
        "<form action=https://example.com><input name=password><button>x</button></form>",
        "<iframe src=https://example.com></iframe>",
        "<object data=x></object><embed src=x>",
        "<base href=https://example.com><meta http-equiv=refresh content=0><link rel=stylesheet href=x>",
        "<div style='background:url(https://example.com)'>x</div>",
        "<p class=x id=y>x</p>",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<!--><script>alert(1)</script>-->",
    ] {
        let clean = html(&format!("Hello {hostile}")).html.to_lowercase();
        for trace in [
            "script",
            "onerror",
            "onload",
            "onbegin",
            "svg",
            "math",
            "style",
            "form",
            "input",
            "iframe",
            "object",
            "embed",
            "base",
            "meta",
            "link",
            "class",
            " id=",
            "javascript:",
            "data:",
            "<!--",
        ] {
            // Words that were text stay text; what may not stay is a tag or an attribute.
            let as_markup = clean.split('<').skip(1).filter_map(|tag| tag.split_once('>'));
            assert!(!as_markup.clone().any(|(tag, _)| tag.contains(trace)), "{hostile}: {clean}");
        }
    }
}

#[test]
fn plain_html_becomes_the_same_as_plain_text() {
    let body = html(
        "<html><head><title>no</title></head><body><p>One &amp; two<br>three</p>\n<div>four</div></body>",
    );
    assert_eq!(body.text, "One & two\nthree\n\nfour");
    assert!(!body.rich);
    assert_eq!(body, Body::from_text("One & two\nthree\n\nfour").expect("a body"));
}

#[test]
fn rich_html_keeps_its_structure_and_reads_well_as_text() {
    let body = html(
        "<h1>Order</h1><ul><li>One</li><li>Two&nbsp;kg</li></ul>\
         <table><tr><td>A</td><td>B</td></tr></table><pre>x\n  y</pre>\
         <a href=\"https://example.com/?a=1&b=2\" title=\"a > b\">here</a>",
    );
    assert!(body.rich);
    assert_eq!(body.text, "Order\n\n- One\n- Two kg\n\nA B\n\nx\n  y\n\nhere");
    assert!(body.html.contains("<li>One</li>"));
    assert!(body.html.contains("rel=\"noopener noreferrer nofollow\""));
    assert!(body.tokens.split(' ').any(|token| token == "order"));
}

#[test]
fn text_stands_in_for_html_without_words() {
    let message = |html: &str, text: &str| ChannelMessage {
        body_html: Some(html.to_owned()),
        body_text: Some(text.to_owned()),
        created_at: None,
    };
    let body = Body::from_message(&message("<p> </p>", "words")).expect("a body");
    assert_eq!(body.text, "words");
    let body = Body::from_message(&message("<p>html</p>", "words")).expect("a body");
    assert_eq!(body.text, "html", "the text cannot say something else than the HTML");
    let body = Body::from_message(&message("<img src=https://example.com/x.png>", "words"));
    assert!(body.expect("a body").rich);
}

#[test]
fn hostile_nesting_is_shown_as_text() {
    let deep = format!("{}deep", "<b><i a=1>".repeat(MAX_TAGS));
    let body = html(&deep);
    assert!(!body.rich);
    assert_eq!(body.text, "deep");
}

#[test]
fn tokens_come_once_and_not_without_end() {
    assert_eq!(search_tokens("One one TWO, one"), "one two");
    let many: String = (0..200_000).map(|number| format!("w{number} ")).collect();
    assert!(search_tokens(&many).len() <= super::MAX_TOKEN_BYTES);
}

#[test]
fn a_body_does_not_print_itself() {
    let body = Body::from_text("secret").expect("a body");
    assert!(!format!("{body:?}").contains("secret"));
}

proptest! {
    #[test]
    fn text_survives_its_own_html(text in "[ -~\\n\u{e9}\u{4f60}]{1,80}") {
        prop_assume!(!text.trim().is_empty());
        let body = Body::from_text(&text).expect("a body");
        prop_assert_eq!(&body.text, &text);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(&plain_text::read(&body.html).text), words(&text));
        let cleaned = CLEANER.clean(&body.html).to_string();
        prop_assert_eq!(words(&plain_text::read(&cleaned).text), words(&text));
    }

    #[test]
    fn what_is_clean_stays_as_it_is(soup in "(<[a-z/]{1,6}( [a-z]{1,5}=[\"'x<>]{0,4})?>|[a-z&;<>\" ]{0,6}){0,20}") {
        let clean = CLEANER.clean(&soup).to_string();
        prop_assert_eq!(CLEANER.clean(&clean).to_string(), clean);
    }
}
