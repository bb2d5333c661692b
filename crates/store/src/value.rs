//! Values as both engines know them: NULL, 64-bit integer, double, text, bytes.
//!
//! Times travel as microseconds since 1970 UTC, ids as 16 bytes, booleans as 0/1, money as fen.

use crate::{StoreError, StoreResult};
use jiff::Timestamp;
use kernel::id::Id;

/// An owned value to bind.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BYTEA / BLOB.
    Blob(Vec<u8>),
}

/// A borrowed value of a result row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION.
    Real(f64),
    /// TEXT.
    Text(&'a str),
    /// BYTEA / BLOB.
    Blob(&'a [u8]),
}

/// What can be bound to `$n`.
pub trait ToValue {
    /// The value as the engines know it.
    fn to_value(&self) -> Value;
}

/// Why a column could not be read as the wanted type.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(pub String);

/// What can be read from a column.
pub trait FromValue: Sized {
    /// Reads the value.
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError>;
}

fn unexpected<T>(found: ValueRef<'_>, wanted: &str) -> Result<T, DecodeError> {
    Err(DecodeError(format!("found {found:?}, expected {wanted}")))
}

macro_rules! integer {
    ($($t:ty),*) => {$(
        impl ToValue for $t {
            fn to_value(&self) -> Value { Value::Int(i64::from(*self)) }
        }
        impl FromValue for $t {
            fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
                match value {
                    ValueRef::Int(n) => <$t>::try_from(n).map_err(|_| DecodeError(format!("{n} is out of range"))),
                    other => unexpected(other, "an integer"),
                }
            }
        }
    )*};
}
integer!(i64, i32, i16, u32, u16, u8);

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}
impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Int(n) => Ok(n != 0),
            other => unexpected(other, "0 or 1"),
        }
    }
}
impl ToValue for f64 {
    fn to_value(&self) -> Value {
        Value::Real(*self)
    }
}
impl FromValue for f64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Real(x) => Ok(x),
            #[expect(
                clippy::cast_precision_loss,
                reason = "SQLite hands back whole doubles as integers"
            )]
            ValueRef::Int(n) => Ok(n as f64),
            other => unexpected(other, "a number"),
        }
    }
}
impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}
impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}
impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Text(s) => Ok(s.to_owned()),
            other => unexpected(other, "text"),
        }
    }
}
impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Blob(self.to_vec())
    }
}
impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Blob(self.clone())
    }
}
impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Blob(b) => Ok(b.to_vec()),
            other => unexpected(other, "bytes"),
        }
    }
}
impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Blob(self.to_vec())
    }
}
impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Blob(b) => b
                .try_into()
                .map_err(|_| DecodeError(format!("{} bytes, expected {N}", b.len()))),
            other => unexpected(other, "bytes"),
        }
    }
}
impl ToValue for Timestamp {
    fn to_value(&self) -> Value {
        Value::Int(self.as_microsecond())
    }
}
impl FromValue for Timestamp {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        let micros = i64::from_value(value)?;
        Timestamp::from_microsecond(micros).map_err(|e| DecodeError(e.to_string()))
    }
}
impl ToValue for Id {
    fn to_value(&self) -> Value {
        Value::Blob(self.bytes().to_vec())
    }
}
impl FromValue for Id {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        <[u8; 16]>::from_value(value).map(Id::from_bytes)
    }
}
impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}
impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, DecodeError> {
        match value {
            ValueRef::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}
impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

/// Lets a newtype over a text-like code be bound and read: `text_value!(GridCode)` for any `Display + FromStr`.
#[macro_export]
macro_rules! text_value {
    ($($t:ty),* $(,)?) => {$(
        impl $crate::ToValue for $t {
            fn to_value(&self) -> $crate::Value { $crate::Value::Text(self.to_string()) }
        }
        impl $crate::FromValue for $t {
            fn from_value(value: $crate::ValueRef<'_>) -> Result<Self, $crate::DecodeError> {
                let text = <String as $crate::FromValue>::from_value(value)?;
                text.parse().map_err(|e| $crate::DecodeError(format!("{text:?}: {e}")))
            }
        }
    )*};
}

// The kernel's codes, and local dates as `yyyy-mm-dd`, which sort as text.
text_value!(
    kernel::DistrictCode,
    kernel::DivisionCode,
    kernel::GridCode,
    kernel::CaseNumber,
    kernel::Limit,
    jiff::civil::Date,
);

/// Lets typed ids (`kernel::typed_id!`) be bound and read.
#[macro_export]
macro_rules! id_value {
    ($($t:ident),* $(,)?) => {$(
        impl $crate::ToValue for $t {
            fn to_value(&self) -> $crate::Value { $crate::ToValue::to_value(&self.0) }
        }
        impl $crate::FromValue for $t {
            fn from_value(value: $crate::ValueRef<'_>) -> Result<Self, $crate::DecodeError> {
                <kernel::id::Id as $crate::FromValue>::from_value(value).map($t)
            }
        }
    )*};
}

/// Builds an array of values, such as a row to write: `values![id, now]`.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { [$($crate::ToValue::to_value(&$value)),*] };
}

/// Builds the parameter list of a statement: `params![id, now]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &$crate::values![$($value),*] };
}

/// One row of a result, whichever engine made it.
pub struct Row<'a> {
    pub(crate) inner: RowInner<'a>,
    pub(crate) sql: &'a str,
}

pub(crate) enum RowInner<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a ::postgres::Row),
}

impl Row<'_> {
    /// Reads the column at `index`, from 0.
    pub fn get<T: FromValue>(&self, index: usize) -> StoreResult<T> {
        let read = match &self.inner {
            RowInner::Sqlite(row) => crate::sqlite::column(row, index).and_then(T::from_value),
            RowInner::Postgres(row) => crate::postgres::column(row, index).and_then(T::from_value),
        };
        read.map_err(|e| StoreError::Decode {
            column: index,
            sql: self.sql.chars().take(120).collect(),
            reason: e.0,
        })
    }
}

/// A struct that one row fills, column by column in order; made by [`record!`](crate::record).
pub trait FromRow: Sized {
    /// Reads the row.
    fn from_row(row: &Row<'_>) -> StoreResult<Self>;
}

/// Declares a struct whose fields are the columns of a SELECT, in order.
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident : $t:ty),* $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $t),* }
        impl $crate::FromRow for $name {
            #[expect(unused_assignments, reason = "the counter after the last column is not read")]
            fn from_row(row: &$crate::Row<'_>) -> $crate::StoreResult<Self> {
                let mut next = 0;
                $(let $field = row.get(next)?; next += 1;)*
                Ok(Self { $($field),* })
            }
        }
    };
}

macro_rules! tuple {
    ($($t:ident $i:tt),*) => {
        impl<$($t: FromValue),*> FromRow for ($($t,)*) {
            fn from_row(row: &Row<'_>) -> StoreResult<Self> { Ok(($(row.get::<$t>($i)?,)*)) }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
