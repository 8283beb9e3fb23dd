//! [`Value`] as PostgreSQL's binary parameters and columns.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::storage::Value;
use crate::storage::value::storable;

type Failure = Box<dyn Error + Sync + Send>;

/// A parameter that does not fit where its statement puts it.
#[derive(Debug, thiserror::Error)]
#[error("{kind} does not fit a parameter of type {ty}")]
pub(super) struct Misfit {
    kind: String,
    ty: String,
}

impl Value {
    fn misfit(&self, ty: &Type) -> Failure {
        Box::new(Misfit { kind: format!("{self:?}"), ty: ty.to_string() })
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (self, ty) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Integer(number), &Type::INT8) => number.to_sql(ty, out),
            (Self::Integer(number), &Type::INT4) => match i32::try_from(*number) {
                Ok(number) => number.to_sql(ty, out),
                Err(_) => Err(self.misfit(ty)),
            },
            (Self::Integer(number), &Type::INT2) => match i16::try_from(*number) {
                Ok(number) => number.to_sql(ty, out),
                Err(_) => Err(self.misfit(ty)),
            },
            (Self::Integer(number), &Type::FLOAT8) => (*number as f64).to_sql(ty, out),
            (Self::Bool(truth), &Type::BOOL) => truth.to_sql(ty, out),
            (Self::Real(number), &Type::FLOAT8) => number.to_sql(ty, out),
            (Self::Real(number), &Type::FLOAT4) => (*number as f32).to_sql(ty, out),
            (Self::Blob(bytes), &Type::BYTEA) => bytes.as_slice().to_sql(ty, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME) => {
                storable(text).as_ref().to_sql(ty, out)
            }
            _ => Err(self.misfit(ty)),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(ty, raw)?.into()),
            Type::BOOL => Self::Bool(bool::from_sql(ty, raw)?),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Self::Real(f32::from_sql(ty, raw)?.into()),
            Type::BYTEA => Self::Blob(raw.to_vec()),
            Type::NUMERIC => Self::Integer(whole_number(raw)?),
            Type::VOID => Self::Null,
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8
                | Type::INT4
                | Type::INT2
                | Type::BOOL
                | Type::FLOAT8
                | Type::FLOAT4
                | Type::BYTEA
                | Type::NUMERIC
                | Type::VOID
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
        )
    }
}

/// PostgreSQL's `sum` over BIGINT is NUMERIC: four 16-bit words (digit count, weight, sign, scale), then digits to the
/// base 10000. SQLite's is an integer, so anything but a whole number is an error.
fn whole_number(raw: &[u8]) -> Result<i64, Failure> {
    let word = |index: usize| -> Result<i16, Failure> {
        let bytes = raw.get(2 * index..2 * index + 2).ok_or("a NUMERIC is cut short")?;
        Ok(i16::from_be_bytes([bytes[0], bytes[1]]))
    };
    let (count, weight, sign) = (word(0)?, word(1)?, word(2)?);
    if sign != 0 && sign != 0x4000 {
        return Err("a NUMERIC is not a number".into());
    }
    if count > weight.saturating_add(1) {
        return Err("a NUMERIC is not a whole number".into());
    }
    if count == 0 {
        return Ok(0);
    }
    let mut number: i128 = 0;
    for position in 0..=usize::try_from(weight)? {
        let digit = if position < usize::try_from(count)? { word(4 + position)? } else { 0 };
        number = number
            .checked_mul(10_000)
            .and_then(|number| number.checked_add(digit.into()))
            .ok_or("a NUMERIC is too large")?;
    }
    Ok(i64::try_from(if sign == 0 { number } else { -number })?)
}
