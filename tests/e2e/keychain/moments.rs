//! Each fault, when the program starts, when somebody signs in, and when what lies here is of an older
//! form.

use anyhow::{Context as _, ensure};
use recado_client::Client;
use recado_protocol::ErrorCode;
use recado_protocol::host::{AppState, ConnectionState, Phase};
use serde_json::json;

use super::desk::{Desk, ask, stop, until};
use super::faults::{self, Deed, Fault, Heals, SignIn, Start, Told};
use super::profile::{Fingerprints, ensure_newer, forget_session, make_older};
use super::script::{Act, Call};

/// Longer than a token lasts, in seconds.
const TOKEN_S: i64 = 3_600;

fn is_told(state: &AppState, told: &Told) -> bool {
    state.problem.as_ref().is_some_and(|problem| {
        problem.code == told.0 && problem.detail.contains(&told.1) && problem.can_retry
    })
}

fn blocked_by(told: &Told) -> impl Fn(&AppState) -> bool {
    move |state| state.phase == Phase::Blocked && is_told(state, told)
}

/// Everything that goes wrong, with one client after the other on the same profile and keychain: what
/// any of them broke, the next ones would meet.
pub(super) async fn at_start(older: bool) -> anyhow::Result<()> {
    let mut desk = Desk::set_up().await?;
    for fault in faults::all() {
        let outcome = one_start(&mut desk, &fault, older).await;
        outcome.with_context(|| format!("at the start: {}", fault.name))?;
    }
    Ok(())
}

async fn one_start(desk: &mut Desk, fault: &Fault, older: bool) -> anyhow::Result<()> {
    if older {
        make_older(&desk.profile())?;
    }
    desk.apply(&fault.deeds).await?;
    let (before, items) = (desk.fingerprints()?, desk.items());
    let client = desk.start(fault.hangs).await?;
    match &fault.start {
        Start::Opens => {}
        Start::Offline(code) => {
            let offline = |state: &AppState| {
                state.phase == Phase::Ready
                    && state.connection.state == ConnectionState::Offline
                    && state.connection.reason == Some(*code)
            };
            // It writes when a token has run out.
            desk.until_online(&client).await?;
            desk.server.clock().advance_seconds(TOKEN_S);
            until(&client, "it says why it is not connected", |state| {
                client.network_changed();
                offline(state)
            })
            .await?;
            desk.heal().await?;
        }
        Start::Blocked(told) => {
            until(&client, &format!("{told:?} is told"), blocked_by(told)).await?;
            ensure!(desk.fingerprints()? == before, "a file has changed");
            ensure!(desk.items() == items, "an item has changed");
            try_again(desk, &client, fault, |state| state.phase == Phase::Blocked).await?;
        }
        Start::Lost => {
            let lost = |state: &AppState| {
                let code = state.problem.as_ref().map(|problem| problem.code);
                state.phase == Phase::SignIn && code == Some(ErrorCode::SessionEnded)
            };
            until(&client, "the session is lost", lost).await?;
            ensure!(desk.fingerprints()? == before, "a file has changed");
            ensure!(desk.items() == items, "an item has changed");
            try_again(desk, &client, fault, lost).await?;
        }
    }
    desk.until_online(&client).await.context("after it got well")?;
    stop(client).await;
    desk.heal().await?;
    if older {
        ensure_newer(&desk.profile())?;
    }
    Ok(())
}

/// Tries again in vain, and once more after it got well.
async fn try_again(
    desk: &mut Desk,
    client: &Client,
    fault: &Fault,
    in_vain: impl Fn(&AppState) -> bool,
) -> anyhow::Result<()> {
    match fault.heals {
        Heals::Already => desk.service.until_back().await,
        Heals::WhenTriedAgain => {
            let before = desk.fingerprints()?;
            ask(client, "problem_retry", json!({})).await?;
            until(client, "it is told again", in_vain).await?;
            ensure!(desk.fingerprints()? == before, "a file has changed when it was tried again");
            desk.heal().await?;
        }
        Heals::ByItself => return desk.heal().await,
    }
    ask(client, "problem_retry", json!({})).await?;
    Ok(())
}

/// The same, when somebody signs in whose inbox lies here.
pub(super) async fn at_sign_in() -> anyhow::Result<()> {
    let mut desk = Desk::set_up().await?;
    for fault in faults::all() {
        let outcome = one_sign_in(&mut desk, &fault).await;
        outcome.with_context(|| format!("at sign-in: {}", fault.name))?;
    }
    Ok(())
}

async fn one_sign_in(desk: &mut Desk, fault: &Fault) -> anyhow::Result<()> {
    forget_session(&desk.profile())?;
    let client = desk.start(fault.hangs).await?;
    until(&client, "the sign-in is asked for", |state| state.phase == Phase::SignIn).await?;
    desk.apply(&fault.deeds).await?;
    let before = desk.fingerprints()?;
    let signed_in = desk.sign_in(&client).await;
    match &fault.sign_in {
        SignIn::Works => {
            signed_in?;
        }
        SignIn::Refused((code, sentence)) => {
            let error = signed_in.err().context("it was not refused")?;
            ensure!(
                error.code == *code && error.message.contains(sentence.as_str()),
                "refused with {error:?}"
            );
            ensure!(desk.fingerprints()? == before, "a file has changed");
            match fault.heals {
                Heals::Already => desk.service.until_back().await,
                _ => desk.heal().await?,
            }
            desk.sign_in_at_last(&client).await.context("after it got well")?;
        }
        SignIn::Blocked(told) => {
            signed_in?;
            until(&client, &format!("{told:?} is told"), blocked_by(told)).await?;
            ensure_same_data(&desk.fingerprints()?, &before)?;
            try_again(desk, &client, fault, |state| state.phase == Phase::Blocked).await?;
        }
    }
    desk.until_online(&client).await?;
    stop(client).await;
    desk.heal().await
}

/// The session that has begun stands in the account's file; everything else is as it was.
fn ensure_same_data(now: &Fingerprints, before: &Fingerprints) -> anyhow::Result<()> {
    let data = |files: &Fingerprints| {
        let mut files = files.clone();
        files.retain(|path, _| !path.ends_with("account.json"));
        files
    };
    ensure!(data(now) == data(before), "a file has changed");
    Ok(())
}

/// A copy that cannot be taken out of the keychain is destroyed all the same, and nobody waits for it.
pub(super) async fn at_sign_out() -> anyhow::Result<()> {
    let mut desk = Desk::set_up().await?;
    let acts = [
        Act::Error("org.freedesktop.DBus.Error.AccessDenied"),
        Act::OnlySaysSo,
        Act::Silent,
        Act::Dies,
    ];
    for act in acts {
        let client = desk.start(act == Act::Silent).await?;
        desk.until_online(&client).await?;
        desk.apply(&[Deed::On(Call::Delete, act)]).await?;
        ask(&client, "sign_out", json!({ "discard_unsent": true })).await?;
        let left = std::fs::read_dir(desk.profile().join("accounts"))?.count();
        ensure!(left == 0, "{act:?}: the copy is still there");
        ensure!(client.state().phase == Phase::SignIn, "{act:?}: {:?}", client.state());
        desk.heal().await?;
        desk.sign_in_at_last(&client).await?;
        desk.until_online(&client).await?;
        stop(client).await;
    }
    Ok(())
}
