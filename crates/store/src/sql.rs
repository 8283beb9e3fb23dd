//! Values between Rust and SQLite: ids as 16 bytes, times as microseconds, lists as JSON.

use recado_protocol::Timestamp;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// An id newtype of the protocol.
pub(crate) trait Id: Copy {
    fn wrap(uuid: Uuid) -> Self;
    fn unwrap(self) -> Uuid;
}

macro_rules! ids {
    ($($name:ident),*) => {$(
        impl Id for recado_protocol::$name {
            fn wrap(uuid: Uuid) -> Self {
                Self::from_uuid(uuid)
            }
            fn unwrap(self) -> Uuid {
                self.uuid()
            }
        }
    )*};
}
ids!(CommandId, ContactId, ConversationId, LogId, PartId, TeamId, TeammateId);

/// An id as it stands in SQL.
pub(crate) fn blob(id: impl Id) -> [u8; 16] {
    id.unwrap().into_bytes()
}

/// An optional id as it stands in SQL.
pub(crate) fn opt_blob(id: Option<impl Id>) -> Option<[u8; 16]> {
    id.map(blob)
}

pub(crate) fn id<T: Id>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    Ok(T::wrap(Uuid::from_bytes(row.get(column)?)))
}

pub(crate) fn opt_id<T: Id>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let bytes: Option<[u8; 16]> = row.get(column)?;
    Ok(bytes.map(|bytes| T::wrap(Uuid::from_bytes(bytes))))
}

pub(crate) fn at(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_micros(row.get(column)?))
}

pub(crate) fn opt_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// Optional microseconds as they stand in SQL.
pub(crate) fn opt_micros(at: Option<Timestamp>) -> Option<i64> {
    at.map(Timestamp::as_micros)
}

/// A number of the change log as it stands in SQL, which knows no unsigned 64 bits.
pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    Ok(u64::try_from(value).unwrap_or(0))
}

/// A closed name, such as a state's.
pub(crate) fn named<T>(
    row: &Row<'_>,
    column: usize,
    from_name: impl Fn(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let name = row.get_ref(column)?.as_str()?;
    from_name(name).ok_or_else(|| bad_value(column, "unknown name".into()))
}

/// A closed name that a newer server may have added to: `unknown` where it is not known here.
pub(crate) fn open_named<T>(
    row: &Row<'_>,
    column: usize,
    from_name: impl Fn(&str) -> Option<T>,
    unknown: T,
) -> rusqlite::Result<T> {
    Ok(from_name(row.get_ref(column)?.as_str()?).unwrap_or(unknown))
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| bad_value(column, error.into()))
}

pub(crate) fn opt_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    match row.get_ref(column)?.as_str_or_null()? {
        None => Ok(None),
        Some(text) => {
            serde_json::from_str(text).map(Some).map_err(|error| bad_value(column, error.into()))
        }
    }
}

pub(crate) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn bad_value(column: usize, error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error)
}
