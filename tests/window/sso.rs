//! Single sign-on in the real window, through a real browser and a provider that nobody here wrote.

use anyhow::{Result, ensure};
use recado_protocol::Role;
use recado_server::backend::{GroupMapping, NewProvider};
use recado_testkit::{Engine, TestServer};
use serde_json::json;
use xtask::webdriver::keys;

use crate::desk::{Desk, blocking};
use crate::provider::{Browser, Provider};

const EMAIL: &str = "ana.ruiz@cactus.example";
const CLIENT_ID: &str = "recado";
const CLIENT_SECRET: &str = "what the provider gave to the server";

/// Enters the server at the provider and the provider at the server, as an admin does, and says what groups give.
async fn introduce(server: &TestServer, provider: Provider) -> Result<Provider> {
    let backend = server.running().backend();
    let link: recado_protocol::JoinLink = server.join_link().parse()?;
    let new = NewProvider {
        name: "Cactus ID".to_owned(),
        issuer: provider.issuer().to_owned(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        ca_pem: Some(provider.certificate().to_owned()),
        domains: vec!["cactus.example".to_owned()],
        groups_claim: Some("groups".to_owned()),
        makes_accounts: true,
        link_by_verified_email: false,
    };
    let report = backend.add_provider(new, link.url.as_str().trim_end_matches('/')).await?;
    let client = json!({
        "client": {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [report.callback_url],
        },
    });
    let provider = blocking(move || {
        let mut provider = provider;
        provider.tell(&client)?;
        Ok(provider)
    })
    .await?;
    let tested = backend.test_provider("Cactus ID").await?;
    ensure!(!tested.findings.is_empty(), "the look at the provider found something to say");
    for (group, role, team) in [
        ("billing-people", Some(Role::Agent), Some("Billing")),
        ("returns-people", Some(Role::LightAgent), Some("Returns")),
    ] {
        let mapping = GroupMapping { group: group.to_owned(), role, team: team.map(str::to_owned) };
        backend.map_group("Cactus ID", mapping).await?;
    }
    Ok(provider)
}

/// From the address on: the browser does the rest, up to the inbox.
fn sign_in(desk: &Desk, browser: &Browser, issuer: &str) -> Result<()> {
    desk.fill("sign-in-email", EMAIL)?;
    desk.click("sign-in-submit")?;
    // Where there is a password as well, nothing begins by itself.
    desk.click("sign-in-provider")?;
    let way = browser.way()?;
    ensure!(way.contains(&format!("{issuer}/interaction")), "it went by the provider: {way}");
    ensure!(way.contains("You can go back to Recado"), "it was told the end: {way}");
    desk.wait("conversation-list")?;
    desk.click("sidebar-view-all")
}

fn sign_out(desk: &Desk) -> Result<()> {
    desk.window()?.press(&[keys::CONTROL, "k"])?;
    let palette = desk.wait("palette-input")?;
    desk.window()?.type_text(&palette, "sign out")?;
    desk.until_shown("[data-option]", "Sign out")?;
    desk.window()?.press(&[keys::ENTER])?;
    desk.click("sign-out-confirm")?;
    desk.wait("sign-in-email").map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_lets_somebody_in_and_its_groups_decide_what_they_see() -> Result<()> {
    let server = TestServer::start(Engine::Sqlite).await?;
    let provider = introduce(&server, blocking(Provider::start).await?).await?;
    let shop = server.channel("Web shop").await?;
    shop.open("Tom", Some("Billing"), "an invoice is missing").await?;
    shop.open("Eva", Some("Returns"), "the parcel comes back").await?;

    let link = server.join_link();
    let (desk, browser, provider) = blocking(move || {
        let mut provider = provider;
        provider.person("ana", EMAIL, &["everybody", "billing-people"])?;
        let mut desk = Desk::empty()?;
        let mut app = desk.app()?;
        let browser = Browser::install(&desk, &mut app, "ana")?;
        desk.open(&app)?;
        desk.fill("join-link", &link)?;
        desk.click("join-submit")?;
        sign_in(&desk, &browser, provider.issuer())?;
        desk.until_shown("[data-testid=conversation-row]", "Tom")?;
        desk.picture("sso-billing")?;
        ensure!(rows(&desk)? == ["Tom"], "the group's team and no more: {:?}", rows(&desk)?);
        is_known_as(&desk, "Agent")?;
        Ok((desk, browser, provider))
    })
    .await?;

    // The company moves her to another group. The views follow at the next sign-in.
    blocking(move || {
        let mut provider = provider;
        provider.person("ana", EMAIL, &["everybody", "returns-people"])?;
        sign_out(&desk)?;
        sign_in(&desk, &browser, provider.issuer())?;
        desk.until_shown("[data-testid=conversation-row]", "Eva")?;
        ensure!(rows(&desk)? == ["Eva"], "the other group's team and no more: {:?}", rows(&desk)?);
        is_known_as(&desk, "Light agent")
    })
    .await
}

/// Looks at what the menu of the account says of its owner.
fn is_known_as(desk: &Desk, role: &str) -> Result<()> {
    desk.click("account-menu")?;
    for text in ["Ana Ruiz", EMAIL, role] {
        desk.until_shown("[role=menu]", text)?;
    }
    desk.window()?.press(&[keys::ESCAPE])
}

/// The customers in the list, in order.
fn rows(desk: &Desk) -> Result<Vec<String>> {
    let script = "return [...document.querySelectorAll('[data-testid=conversation-row]')]\
                  .map(row => row.innerText.split('\\n')[1]);";
    let names = desk.run(script, &[])?;
    Ok(serde_json::from_value(names)?)
}
