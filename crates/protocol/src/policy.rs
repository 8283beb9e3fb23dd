//! The one place that decides what a teammate may do. The server asks it under the lock of the
//! transaction that acts; the client asks it to know what to offer.

use serde::{Deserialize, Serialize};

use crate::access::{ScopeFacts, Visibility};
use crate::permission::{Permission, Role};
use crate::workspace::TeammateState;

/// Who wants to act: everything about a teammate that a decision depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Subject {
    /// The teammate's role.
    pub role: Role,
    /// Whether the account is in use. Only an active teammate may do anything.
    pub state: TeammateState,
    /// Which conversations the teammate may see.
    pub visibility: Visibility,
}

/// Why something is denied.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema,
)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Denial {
    /// The account is not active.
    NotActive,
    /// The object is outside what the teammate may see. To the outside this reads like an object
    /// that does not exist.
    OutOfScope,
    /// The role lacks a permission.
    MissingPermission {
        /// The permission that would be needed.
        permission: Permission,
    },
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may be done.
    Allowed,
    /// It may not, and why.
    Denied(Denial),
}

impl Decision {
    /// Whether it may be done.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// Decides whether `subject` may use `permission` on a conversation with these facts, or, without
/// facts, at all. Everything that is not allowed by a rule here is denied.
pub fn decide(subject: &Subject, permission: Permission, facts: Option<&ScopeFacts>) -> Decision {
    if subject.state != TeammateState::Active {
        return Decision::Denied(Denial::NotActive);
    }
    // Scope comes before permission: a denial must not tell that a hidden object exists.
    if facts.is_some_and(|facts| !subject.visibility.matches(facts)) {
        return Decision::Denied(Denial::OutOfScope);
    }
    for needed in [Permission::ConversationRead, permission] {
        let applies = needed == permission || facts.is_some();
        if applies && !subject.role.allows(needed) {
            return Decision::Denied(Denial::MissingPermission { permission: needed });
        }
    }
    Decision::Allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ConversationAccess;
    use crate::id::TeammateId;
    use uuid::Uuid;

    fn subject(role: Role, state: TeammateState, access: ConversationAccess) -> Subject {
        let me = TeammateId::from_uuid(Uuid::from_u128(1));
        Subject { role, state, visibility: Visibility::new(me, access, []) }
    }

    fn somebody_elses() -> ScopeFacts {
        ScopeFacts {
            admin_assignee_id: Some(TeammateId::from_uuid(Uuid::from_u128(2))),
            team_assignee_id: None,
        }
    }

    #[test]
    fn every_role_may_do_exactly_what_it_lists() {
        for &role in Role::ALL {
            for &permission in Permission::ALL {
                let subject = subject(role, TeammateState::Active, ConversationAccess::all());
                let allowed = decide(&subject, permission, Some(&somebody_elses())).is_allowed();
                assert_eq!(
                    allowed,
                    role.permissions().contains(&permission),
                    "{role:?} {permission:?}"
                );
            }
        }
        assert!(!Role::LightAgent.allows(Permission::ConversationReply));
        assert!(Role::LightAgent.allows(Permission::ConversationNote));
    }

    #[test]
    fn only_active_teammates_may_do_anything() {
        for state in [TeammateState::Invited, TeammateState::Suspended, TeammateState::Removed] {
            let subject = subject(Role::Admin, state, ConversationAccess::all());
            assert_eq!(
                decide(&subject, Permission::ConversationRead, None),
                Decision::Denied(Denial::NotActive)
            );
        }
    }

    #[test]
    fn a_hidden_conversation_is_out_of_scope_before_it_is_anything_else() {
        let subject =
            subject(Role::LightAgent, TeammateState::Active, ConversationAccess::assigned());
        assert_eq!(
            decide(&subject, Permission::ConversationReply, Some(&somebody_elses())),
            Decision::Denied(Denial::OutOfScope)
        );
    }

    #[test]
    fn nobody_gives_a_role_that_allows_more_than_their_own() {
        for &own in Role::ALL {
            for &other in Role::ALL {
                let more = other.permissions().iter().any(|it| !own.allows(*it));
                assert_eq!(own.may_give(other), !more, "{own:?} {other:?}");
            }
            assert!(!own.may_give(Role::Unknown));
        }
        assert!(Role::Admin.may_give(Role::Admin) && !Role::Agent.may_give(Role::Admin));
    }

    #[test]
    fn names_on_the_wire_are_the_names_in_code() {
        for &permission in Permission::ALL {
            let wire = serde_json::to_value(permission).expect("a permission serialises");
            assert_eq!(wire, permission.name());
        }
        for &role in Role::ALL {
            assert_eq!(serde_json::to_value(role).expect("a role serialises"), role.name());
        }
    }
}
