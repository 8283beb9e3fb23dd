//! Personal links, as an admin makes, sees and withdraws them. A link that was made passes through to whoever asked
//! for it; nothing of it stays here.

use std::sync::Arc;

use recado_protocol::enrolment::{EnrolmentLinks, InviteRequest, MadeLink, ResetRequest};
use recado_protocol::host::{
    Empty, HostError, PersonalLinkResetRequest, PersonalLinkRevokeRequest,
};

use super::shared::Shared;
use crate::transport::Request;

impl Shared {
    pub(super) async fn personal_links(
        self: &Arc<Self>,
        _: Empty,
    ) -> Result<EnrolmentLinks, HostError> {
        self.ask_server(Request::get("/v1/invitations")).await
    }

    pub(super) async fn personal_link_invite(
        self: &Arc<Self>,
        request: InviteRequest,
    ) -> Result<MadeLink, HostError> {
        self.ask_server(Request::post("/v1/invitations", &request)?).await
    }

    pub(super) async fn personal_link_reset(
        self: &Arc<Self>,
        request: PersonalLinkResetRequest,
    ) -> Result<MadeLink, HostError> {
        let PersonalLinkResetRequest { teammate_id, authenticator, expires_in_s, language } =
            request;
        let body = ResetRequest { authenticator, expires_in_s, language };
        self.ask_server(Request::post(format!("/v1/teammates/{teammate_id}/reset"), &body)?).await
    }

    pub(super) async fn personal_link_revoke(
        self: &Arc<Self>,
        request: PersonalLinkRevokeRequest,
    ) -> Result<EnrolmentLinks, HostError> {
        let path = format!("/v1/invitations/{}/revoke", request.id);
        self.ask_server(Request::post(path, &Empty {})?).await
    }
}
