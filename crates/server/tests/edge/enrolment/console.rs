//! Links that are made at the server's console.

use recado_protocol::enrolment::{
    EnrolmentKind, EnrolmentLinks, LetterLanguage, LinkStanding, MadeLink,
};
use recado_protocol::error::ErrorCode;
use recado_protocol::identity::Session;
use recado_protocol::{ConversationAccess, Role};
use recado_server::backend::{BackendError, BackendSettings, LinkSettings, NewLink};
use recado_server::console::{Console, Request};

use super::scene::{GOOD, Joining};
use crate::harness::{TestServer, body, code};

fn make(email: &str, new: NewLink) -> Request {
    let settings = LinkSettings { expires_in_s: Some(3_600), language: LetterLanguage::Es };
    Request::LinkMake { email: email.to_owned(), new, settings }
}

fn invitation(role: Role) -> NewLink {
    let access = ConversationAccess::usual(role);
    NewLink::Invitation { name: "Ana".to_owned(), role, access, teams: vec!["Billing".to_owned()] }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_invites_lists_withdraws_and_resets() {
    let server = TestServer::start().await;
    let settings = BackendSettings::new(server.data.path().join("data"));
    let mut console = Console::open(settings).await.expect("a console");
    let email = "ana@inbox.example";
    let first: MadeLink = console.ask(make(email, invitation(Role::Admin))).await.expect("made");
    assert!(first.letter.contains("Tienes una invitación") && first.letter.contains(&first.link));
    let kind: EnrolmentKind =
        console.ask(Request::LinkRevoke { email: "ANA@inbox.example".to_owned() }).await.expect("");
    assert_eq!(kind, EnrolmentKind::Invitation);
    let refused = Joining::of(&first).open(&server).await;
    assert_eq!(code(refused).await, ErrorCode::PersonalLinkInvalid);
    let again = console.ask::<EnrolmentKind>(Request::LinkRevoke { email: email.to_owned() }).await;
    assert!(matches!(again, Err(BackendError::Refused(_))));

    // The newest comes first in the list.
    server.clock.advance(1);
    let made: MadeLink = console.ask(make(email, invitation(Role::Admin))).await.expect("made");
    let mut ana = Joining::of(&made);
    assert_eq!(ana.opened(&server).await.invited_by, None);
    ana.chose(&server, "Ana", GOOD).await;
    let session: Session = body(ana.complete(&server).await).await;
    let bootstrap: serde_json::Value =
        body(server.get("/v1/bootstrap", &session.access_token).await).await;
    let teams = bootstrap["teams"].as_array().expect("teams");
    assert!(teams.iter().any(|team| team["name"] == "Billing"), "{bootstrap}");

    let taken = console.ask::<MadeLink>(make(email, invitation(Role::Agent))).await;
    assert!(matches!(taken, Err(BackendError::Refused(_))));
    server.clock.advance(1);
    let reset = NewLink::Reset { authenticator: true };
    let made: MadeLink = console.ask(make(email, reset)).await.expect("made");
    assert_eq!(made.enrolment.kind, EnrolmentKind::AccountReset);
    let list: EnrolmentLinks = console.ask(Request::LinkList).await.expect("listed");
    let standings: Vec<_> = list.links.iter().map(|link| link.standing).collect();
    assert_eq!(standings, [LinkStanding::Open, LinkStanding::Used, LinkStanding::Revoked]);
    server.clock.advance(3_600);
    let refused = Joining::of(&made).open(&server).await;
    assert_eq!(code(refused).await, ErrorCode::PersonalLinkInvalid);
}
