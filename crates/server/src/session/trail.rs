//! What of signing in and of sessions stands in the audit.

use recado_protocol::{EnrolmentId, ProviderId, SessionId, TeammateId, Timestamp, WorkspaceId};
use serde_json::{Value, json};

use crate::core::Core;
use crate::ids::Ids;
use crate::storage::audit::{self, Actor, AuditEvent, AuditResult};
use crate::storage::session::{EndReason, StoredDevice};
use crate::storage::{DbError, Tx};

/// Writes events of one transaction. A transaction that runs again begins with a clone.
#[derive(Clone)]
pub(crate) struct Trail {
    workspace_id: WorkspaceId,
    ids: Ids,
    now: Timestamp,
}

impl Trail {
    pub(crate) fn new(core: &Core, workspace_id: WorkspaceId, now: Timestamp) -> Self {
        Self { workspace_id, ids: core.ids(now), now }
    }

    /// A password that was wrong, or that no account belongs to.
    pub(crate) async fn password_refused(
        &mut self,
        tx: &mut Tx,
        teammate_id: Option<TeammateId>,
        device: &StoredDevice,
    ) -> Result<(), DbError> {
        let object = teammate_id.map(TeammateId::uuid);
        self.record(
            tx,
            Actor::Server,
            "sign_in_password",
            ("teammate", object),
            false,
            described(device),
        )
        .await
    }

    /// A code that was wrong, or used before.
    pub(crate) async fn code_refused(
        &mut self,
        tx: &mut Tx,
        teammate_id: TeammateId,
        device: &StoredDevice,
    ) -> Result<(), DbError> {
        let object = ("teammate", Some(teammate_id.uuid()));
        self.record(tx, Actor::Server, "sign_in_code", object, false, described(device)).await
    }

    /// A session that began.
    pub(crate) async fn signed_in(
        &mut self,
        tx: &mut Tx,
        teammate_id: TeammateId,
        session_id: SessionId,
        factor: &'static str,
        device: &StoredDevice,
    ) -> Result<(), DbError> {
        let object = ("session", Some(session_id.uuid()));
        let mut detail = described(device);
        detail["factor"] = json!(factor);
        self.record(tx, Actor::Teammate(teammate_id), "sign_in", object, true, detail).await
    }

    /// A session that ended. One whose secret had a second holder counts as an attempt that was refused.
    pub(crate) async fn ended(
        &mut self,
        tx: &mut Tx,
        teammate_id: TeammateId,
        session_id: SessionId,
        reason: EndReason,
    ) -> Result<(), DbError> {
        let actor = match reason {
            EndReason::SignedOut | EndReason::CredentialsChanged | EndReason::EndedElsewhere => {
                Actor::Teammate(teammate_id)
            }
            _ => Actor::Server,
        };
        self.ended_by(tx, actor, session_id, reason).await
    }

    /// A session that somebody ended, or whose machine somebody has erase its copy.
    pub(crate) async fn ended_by(
        &mut self,
        tx: &mut Tx,
        actor: Actor,
        session_id: SessionId,
        reason: EndReason,
    ) -> Result<(), DbError> {
        let object = ("session", Some(session_id.uuid()));
        let done = reason != EndReason::RefreshReused;
        let detail = json!({ "reason": reason.name() });
        self.record(tx, actor, "session_end", object, done, detail).await
    }

    /// A session of which its owner says that it is theirs.
    pub(crate) async fn seen(
        &mut self,
        tx: &mut Tx,
        teammate_id: TeammateId,
        session_id: SessionId,
    ) -> Result<(), DbError> {
        let object = ("session", Some(session_id.uuid()));
        self.record(tx, Actor::Teammate(teammate_id), "session_seen", object, true, json!({})).await
    }

    /// A machine that says it has erased its copy.
    pub(crate) async fn erased(
        &mut self,
        tx: &mut Tx,
        teammate_id: TeammateId,
        session_id: SessionId,
    ) -> Result<(), DbError> {
        let object = ("session", Some(session_id.uuid()));
        self.record(tx, Actor::Teammate(teammate_id), "session_erased", object, true, json!({}))
            .await
    }

    /// Something that somebody did, or tried to do, with what they sign in with.
    pub(crate) async fn credentials(
        &mut self,
        tx: &mut Tx,
        teammate_id: TeammateId,
        action: &str,
        done: bool,
    ) -> Result<(), DbError> {
        let object = ("teammate", Some(teammate_id.uuid()));
        self.record(tx, Actor::Teammate(teammate_id), action, object, done, json!({})).await
    }

    /// A provider's subject that became a teammate's.
    pub(crate) async fn sso_linked(
        &mut self,
        tx: &mut Tx,
        provider_id: ProviderId,
        teammate_id: TeammateId,
    ) -> Result<(), DbError> {
        let object = ("teammate", Some(teammate_id.uuid()));
        let detail = json!({ "provider_id": provider_id });
        self.record(tx, Actor::Server, "sso_link", object, true, detail).await
    }

    /// A browser that came back from a provider with nothing that counts.
    pub(crate) async fn sso_refused(
        &mut self,
        tx: &mut Tx,
        provider_id: ProviderId,
        code: &str,
        device: &StoredDevice,
    ) -> Result<(), DbError> {
        let object = ("sso_provider", Some(provider_id.uuid()));
        let mut detail = described(device);
        detail["code"] = json!(code);
        self.record(tx, Actor::Server, "sign_in_sso", object, false, detail).await
    }

    /// An app that came with a code that does not count.
    pub(crate) async fn sso_code_refused(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        let object = ("sso_provider", None);
        self.record(tx, Actor::Server, "sign_in_sso_code", object, false, json!(null)).await
    }

    /// A setting of single sign-on that somebody changed at the console.
    pub(crate) async fn sso_set(
        &mut self,
        tx: &mut Tx,
        action: &str,
        provider_id: Option<ProviderId>,
        detail: Value,
    ) -> Result<(), DbError> {
        let object = ("sso_provider", provider_id.map(ProviderId::uuid));
        self.record(tx, Actor::Console, action, object, true, detail).await
    }

    /// A setting of the workspace that somebody changed at the console.
    pub(crate) async fn workspace_set(
        &mut self,
        tx: &mut Tx,
        action: &str,
        detail: Value,
    ) -> Result<(), DbError> {
        let object = ("workspace", Some(self.workspace_id.uuid()));
        self.record(tx, Actor::Console, action, object, true, detail).await
    }

    /// Something that was done with a personal link. Without an actor, it was whoever holds the link.
    pub(crate) async fn link(
        &mut self,
        tx: &mut Tx,
        actor: Option<Actor>,
        action: &str,
        id: EnrolmentId,
        detail: Value,
    ) -> Result<(), DbError> {
        let object = ("enrolment", Some(id.uuid()));
        self.record(tx, actor.unwrap_or(Actor::Server), action, object, true, detail).await
    }

    /// A personal link that cannot be used, or a code that does not complete one.
    pub(crate) async fn link_refused(
        &mut self,
        tx: &mut Tx,
        action: &str,
        id: Option<EnrolmentId>,
    ) -> Result<(), DbError> {
        let object = ("enrolment", id.map(EnrolmentId::uuid));
        self.record(tx, Actor::Server, action, object, false, json!(null)).await
    }

    async fn record(
        &mut self,
        tx: &mut Tx,
        actor: Actor,
        action: &str,
        (object_type, object_id): (&'static str, Option<uuid::Uuid>),
        done: bool,
        detail: Value,
    ) -> Result<(), DbError> {
        let result = if done { AuditResult::Done } else { AuditResult::Denied };
        let event = AuditEvent { actor, action, object_type, object_id, result, detail };
        audit::record(tx, self.workspace_id, &mut self.ids, self.now, event).await
    }
}

fn described(device: &StoredDevice) -> Value {
    json!({ "device": device.name, "system": device.system, "app_version": device.app_version })
}
