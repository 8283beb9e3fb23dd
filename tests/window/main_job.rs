//! The main job, as an agent does it, and what is left of it on the disk.

use std::collections::BTreeSet;

use anyhow::Result;
use recado_protocol::channel::ChannelMessage;
use recado_protocol::{ConversationAccess, Role};
use recado_testkit::profile_scan::{Needle, needles_in, sealed_databases};
use recado_testkit::{Channel, Engine, Person, TestClient, TestServer};
use serde_json::json;
use xtask::poll;
use xtask::webdriver::keys;

use crate::desk::{Desk, PATIENCE, blocking};
use crate::keychain::Keychain;

/// Twenty texts that stand nowhere else. The customer's name, messages and HTML take the first
/// fifteen, what the agent types the others.
fn canaries() -> [String; 20] {
    std::array::from_fn(|number| format!("Canary{number:02}Wz3"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_answers_in_the_window_and_a_colleague_sees_it() -> Result<()> {
    let words = canaries();
    let [.., reply, note, tag, _, draft] = &words;
    let server = TestServer::start(Engine::Sqlite).await?;
    let ana = server.add("Ana Ruiz", Role::Agent, ConversationAccess::all(), &[]).await?;
    let ben = server.add("Ben Okafor", Role::Agent, ConversationAccess::all(), &[]).await?;
    let shop = server.channel("Web shop").await?;
    let id = shop.open(&words[0], None, &words[1]).await?;
    for text in &words[2..13] {
        shop.message(id, text).await?;
    }
    let body_html = Some(format!("<table><tr><td>{}</td></tr></table>", words[13]));
    shop.add(id, ChannelMessage { body_html, ..ChannelMessage::default() }).await?;
    let b = TestClient::start().await?;
    b.sign_in(&server.join_link(), &ben).await?;

    let (link, person, first) = (server.join_link(), ana.clone(), words[1].clone());
    let (desk, code) = blocking(move || {
        let desk = Desk::sit_down()?;
        let code = desk.sign_in(&link, &person)?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.until_shown("[data-testid=message]", &first)?;
        Ok((desk, code))
    })
    .await?;

    // A customer's message arrives in both.
    shop.message(id, &words[14]).await?;
    b.until_shows(id, &words[14]).await?;
    let typed = words.clone();
    let desk = blocking(move || {
        let [.., arrived, reply, note, tag, search, _] = &typed;
        desk.until_shown("[data-testid=message]", arrived)?;
        desk.click("composer-tab-reply")?;
        desk.fill("composer-editor", reply)?;
        desk.click("composer-send")?;
        desk.until_shown("[data-testid=message][data-delivery=sent]", reply)?;
        desk.click("composer-tab-note")?;
        desk.fill("composer-editor", note)?;
        desk.click("composer-send")?;
        desk.until_shown("[data-testid=message][data-kind=note][data-delivery=sent]", note)?;
        tag_and_search(&desk, tag, search)?;
        Ok(desk)
    })
    .await?;

    assert_eq!(b.until_shows(id, reply).await?, 1);
    b.until_shows(id, note).await?;
    b.until(&format!("the tag {tag}"), async |b| {
        Ok(b.open(id).await?.head.tags.contains(tag).then_some(()))
    })
    .await?;
    only_the_reply_went_out(&shop, reply).await?;

    // A draft and the session survive a restart of the app.
    let kept = draft.clone();
    let desk = blocking(move || {
        let mut desk = desk;
        desk.click("composer-tab-reply")?;
        desk.fill("composer-editor", &kept)?;
        // A draft is kept a moment after the last key. The app is not asked to close: it dies.
        desk.until_shown("[role=status]", "Saved")?;
        desk.close_app();
        desk.open_app()?;
        desk.click("sidebar-view-all")?;
        desk.click("conversation-row")?;
        desk.until(
            "the draft is back",
            "const editor = document.querySelector('[data-testid=composer-editor]');\
             return Boolean(editor) && (editor.value ?? editor.innerText).includes(arguments[0]);",
            &[json!(kept)],
        )?;
        Ok(desk)
    })
    .await?;
    nothing_is_left_to_read(desk, &words, &ana, &code).await
}

/// The window's own scan: of all that it kept, in the app's folder, the webview's and the caches.
async fn nothing_is_left_to_read(
    mut desk: Desk,
    words: &[String],
    person: &Person,
    code: &str,
) -> Result<()> {
    let mut needles: Vec<Needle> = words.iter().map(|text| Needle::text(text)).collect();
    // With this every token of the server begins.
    let secrets = [person.password.as_str(), person.totp_secret.as_str(), "rct_"];
    needles.extend(secrets.map(Needle::text));
    needles.push(Needle::number(code));
    let of_the_keychain = Keychain::of(&desk).await?.needles().await?;
    let names: BTreeSet<&str> = of_the_keychain.iter().map(Needle::name).collect();
    assert!(names.contains("current"), "the session's secret is known: {names:?}");
    needles.extend(of_the_keychain);

    assert_eq!(needles_in(desk.everything(), &needles)?, BTreeSet::new(), "while it runs");
    // The scan sees what a webview leaves behind.
    let left = "left by the page";
    desk.run("localStorage.setItem('mark', arguments[0]);", &[json!(left)])?;
    // The webview writes it down in its own time, and no more once it is closed.
    poll::until("the webview has written", PATIENCE, || {
        let seen = needles_in(desk.everything(), &[Needle::text(left)])?;
        Ok((seen.len() == 1).then_some(()))
    })?;
    desk.close_app();
    assert_eq!(needles_in(desk.everything(), &needles)?, BTreeSet::new(), "after its end");
    let seen = needles_in(desk.everything(), &[Needle::text(left)])?;
    assert_eq!(seen.len(), 1, "the scan sees the webview's folders");
    let databases = sealed_databases(&desk.profile())?;
    assert_eq!(databases.len(), 2, "the cache and the outbox: {databases:?}");
    Ok(())
}

/// Types a text into the search and adds a tag, both by keyboard.
fn tag_and_search(desk: &Desk, tag: &str, search: &str) -> Result<()> {
    desk.fill("search-input", search)?;
    desk.until_shown("search [role=status]", "Nothing found")?;
    desk.window()?.press(&[keys::ESCAPE])?;
    desk.click("details-tag")?;
    let field = desk.wait("picker-input")?;
    desk.window()?.type_text(&field, tag)?;
    desk.window()?.press(&[keys::ENTER])
}

async fn only_the_reply_went_out(shop: &Channel, reply: &str) -> Result<()> {
    let replies = shop.replies().await?;
    assert_eq!(replies.len(), 1, "the channel's whole cursor holds the reply once, and no note");
    assert_eq!(replies[0].body_text, reply);
    Ok(())
}
