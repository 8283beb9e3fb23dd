//! Values on their way into and out of the database.

mod wire;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::DbError;

/// One parameter or column. Its `Debug` output shows kinds and lengths only, never contents.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// SQL's NULL, of whatever type the other side has.
    Null,
    /// A 64-bit integer; also times, as microseconds since 1970 in UTC.
    Integer(i64),
    /// Text. U+0000, which PostgreSQL cannot store, becomes U+FFFD on both engines.
    Text(String),
    /// Bytes; also ids, as 16 bytes.
    Blob(Vec<u8>),
    /// A truth value; SQLite stores 0 or 1.
    Bool(bool),
    /// A floating point number.
    Real(f64),
    /// An unsigned number beyond the range of a column. Binding it is an error, so that it is neither cut nor a panic.
    OutOfRange(u64),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Integer(_) => f.write_str("Integer"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
            Self::Bool(_) => f.write_str("Bool"),
            Self::Real(_) => f.write_str("Real"),
            Self::OutOfRange(_) => f.write_str("OutOfRange"),
        }
    }
}

/// The parameters of one statement: `tx.execute(sql, &params![id, name, None::<i64>])`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$($crate::storage::Value::from($value)),*]
    };
}
pub(crate) use params;

/// The text as both engines can store it.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

macro_rules! value_from {
    ($($type:ty => |$value:ident| $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $make
            }
        }
    )*};
}

value_from! {
    i64 => |value| Self::Integer(value);
    i32 => |value| Self::Integer(value.into());
    u32 => |value| Self::Integer(value.into());
    u16 => |value| Self::Integer(value.into());
    u8 => |value| Self::Integer(value.into());
    u64 => |value| i64::try_from(value).map_or(Self::OutOfRange(value), Self::Integer);
    usize => |value| Self::from(value as u64);
    bool => |value| Self::Bool(value);
    f64 => |value| Self::Real(value);
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    &str => |value| Self::Text(value.to_owned());
    Vec<u8> => |value| Self::Blob(value);
    &Vec<u8> => |value| Self::Blob(value.clone());
    &[u8] => |value| Self::Blob(value.to_vec());
    Uuid => |value| Self::Blob(value.as_bytes().to_vec());
    &Uuid => |value| Self::Blob(value.as_bytes().to_vec());
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// A Rust type that a column can be read as.
pub trait FromValue: Sized {
    /// The type's name in an error.
    const EXPECTED: &'static str;

    /// The value as this type, or `None` if it does not fit.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! integer_from_value {
    ($($type:ty),*) => {$(
        impl FromValue for $type {
            const EXPECTED: &'static str = stringify!($type);

            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Integer(number) => (*number).try_into().ok(),
                    _ => None,
                }
            }
        }
    )*};
}

integer_from_value!(i64, i32, u64, u32, u16, u8, usize);

impl FromValue for bool {
    const EXPECTED: &'static str = "bool";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(*truth),
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        }
    }
}

impl FromValue for f64 {
    const EXPECTED: &'static str = "f64";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Real(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromValue for String {
    const EXPECTED: &'static str = "text";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    const EXPECTED: &'static str = "bytes";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    const EXPECTED: &'static str = "bytes of a fixed length";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }
}

impl FromValue for Uuid {
    const EXPECTED: &'static str = "16-byte id";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => Self::from_slice(bytes).ok(),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl FromValue for Value {
    const EXPECTED: &'static str = "value";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

/// One row of an answer. Its `Debug` output shows column names and kinds only.
#[derive(Clone)]
pub struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.columns.iter().zip(&self.values)).finish()
    }
}

impl Row {
    pub(super) fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The column at `index`, a position from 0 or a name, as `T`.
    ///
    /// # Errors
    /// [`DbError::Decode`] if there is no such column or it holds something else; NULL fits only an `Option`.
    pub fn get<T: FromValue>(&self, index: impl RowIndex) -> Result<T, DbError> {
        index
            .position(&self.columns)
            .and_then(|position| self.values.get(position))
            .and_then(T::from_value)
            .ok_or_else(|| DbError::Decode {
                column: index.label(&self.columns),
                expected: T::EXPECTED,
            })
    }
}

/// How a column is named: by position from 0, or by its name.
pub trait RowIndex {
    /// The position among `columns`, if there is one.
    fn position(&self, columns: &[String]) -> Option<usize>;
    /// The column's name in an error.
    fn label(&self, columns: &[String]) -> String;
}

impl RowIndex for usize {
    fn position(&self, _columns: &[String]) -> Option<usize> {
        Some(*self)
    }

    fn label(&self, columns: &[String]) -> String {
        columns.get(*self).map_or_else(|| self.to_string(), |name| format!("{self} ({name})"))
    }
}

impl RowIndex for &str {
    fn position(&self, columns: &[String]) -> Option<usize> {
        columns.iter().position(|name| name == self)
    }

    fn label(&self, _columns: &[String]) -> String {
        (*self).to_owned()
    }
}
