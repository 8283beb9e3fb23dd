//! The contract's ids and times as values: an id is its 16 bytes, a time its microseconds.

use recado_protocol::{
    ChannelId, CommandId, ContactId, ConversationId, EnrolmentId, LogId, PartId, ProviderId,
    SessionId, TeamId, TeammateId, Timestamp, WorkspaceId,
};
use uuid::Uuid;

use super::{FromValue, Value};

macro_rules! id_values {
    ($($id:ident),* $(,)?) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::from(id.uuid())
            }
        }

        impl FromValue for $id {
            const EXPECTED: &'static str = stringify!($id);

            fn from_value(value: &Value) -> Option<Self> {
                Uuid::from_value(value).map(Self::from_uuid)
            }
        }
    )*};
}

id_values!(
    ChannelId,
    CommandId,
    ContactId,
    ConversationId,
    EnrolmentId,
    LogId,
    PartId,
    ProviderId,
    SessionId,
    TeamId,
    TeammateId,
    WorkspaceId,
);

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Integer(time.as_micros())
    }
}

impl FromValue for Timestamp {
    const EXPECTED: &'static str = "microseconds";

    fn from_value(value: &Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

#[cfg(test)]
mod tests {
    use super::{ContactId, FromValue, Timestamp, Uuid, Value};

    #[test]
    fn ids_and_times_come_back_as_they_were() {
        let id = ContactId::from_uuid(Uuid::now_v7());
        assert_eq!(ContactId::from_value(&Value::from(id)), Some(id));
        assert_eq!(Option::<ContactId>::from_value(&Value::from(None::<ContactId>)), Some(None));
        assert_eq!(ContactId::from_value(&Value::Integer(1)), None);
        let time = Timestamp::from_micros(-1);
        assert_eq!(Timestamp::from_value(&Value::from(Some(time))), Some(time));
    }
}
