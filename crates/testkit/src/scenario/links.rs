//! Personal links that the colleague makes.

use anyhow::Context as _;
use recado_protocol::Role;
use recado_protocol::enrolment::{
    EnrolmentLinks, InviteRequest, LetterLanguage, LinkStanding, MadeLink, ResetRequest,
};
use recado_server::enrolment::Made;
use recado_server::session::Caller;
use recado_server::storage::audit::Actor;

use super::Scenario;

impl Scenario {
    /// Invites somebody as an agent.
    pub(super) async fn invite(&self, email: &str, name: &str) -> anyhow::Result<String> {
        let request = InviteRequest {
            email: email.to_owned(),
            name: name.to_owned(),
            role: Role::Agent,
            team_ids: Vec::new(),
            expires_in_s: None,
            language: LetterLanguage::En,
        };
        let caller = self.colleague_calls().await?;
        self.link(self.server.running().backend().enrolments().invite(caller, request).await?)
    }

    /// Lets the agent set anew what they sign in with.
    pub(super) async fn reset(&self, authenticator: bool) -> anyhow::Result<String> {
        let language = LetterLanguage::En;
        let request = ResetRequest { authenticator, expires_in_s: None, language };
        let caller = self.colleague_calls().await?;
        let enrolments = self.server.running().backend().enrolments();
        self.link(enrolments.reset(caller, self.agent.id, request).await?)
    }

    /// Withdraws every link that is open.
    pub(super) async fn revoke_links(&self) -> anyhow::Result<()> {
        let enrolments = self.server.running().backend().enrolments();
        let EnrolmentLinks { links } = enrolments.list().await?;
        for link in links.iter().filter(|link| link.standing == LinkStanding::Open) {
            enrolments.revoke(Actor::Console, link.id).await?;
        }
        Ok(())
    }

    fn link(&self, made: Made) -> anyhow::Result<String> {
        let language = LetterLanguage::En;
        let written = made.written(self.server.running().join_link(), "Recado", language)?;
        let MadeLink { link, .. } = written;
        Ok(link)
    }

    /// The colleague's session.
    async fn colleague_calls(&self) -> anyhow::Result<Caller> {
        let account = self.colleague.client().state().account;
        let teammate_id = account.and_then(|it| it.teammate_id).context("nobody is signed in")?;
        let own_account = self.server.running().backend().own_account();
        let listed = own_account.list_sessions_of(teammate_id).await?;
        let session = listed.sessions.first().context("the colleague has no session")?;
        Ok(Caller { session_id: session.session_id, teammate_id })
    }
}
