//! Contacts: the workspace's customers.

use serde::{Deserialize, Serialize};

use crate::id::ContactId;
use crate::time::Timestamp;

/// A customer, with the field names of the published Intercom API where it has one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS, utoipa::ToSchema)]
pub struct Contact {
    /// The contact's id.
    pub id: ContactId,
    /// The customer's id in the system that brought the contact, if it gave one.
    pub external_id: Option<String>,
    /// The contact's name, where it is known.
    pub name: Option<String>,
    /// The contact's e-mail address, where it is known.
    pub email: Option<String>,
    /// The contact's telephone number, where it is known.
    pub phone: Option<String>,
    /// The contact's language as a BCP 47 tag, where it is known.
    pub language: Option<String>,
    /// When the contact was made.
    pub created_at: Timestamp,
    /// The change log's number of the newest change to this object.
    pub version: u64,
}

// Words between people and names never reach a log, whoever prints this.
impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
