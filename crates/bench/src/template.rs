//! The statements of one life as a template: what is the same in every life, and what each life has of its own.
//!
//! Two lives are recorded at the same moment. Where their values differ, the value belongs to the life: its id, its
//! number, a secret. Anything else that differs is an error, so that no floor does less than the program.

use crate::server::Logged;
use anyhow::{Context as _, bail, ensure};
use jiff::Timestamp;
use kernel::codes::CaseNumber;
use kernel::id::Id;
use std::sync::Arc;
use store::Value;

/// One statement of the template, BEGIN and COMMIT included.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its text.
    pub sql: Arc<str>,
    /// What is bound to `$1`, `$2` …
    pub slots: Vec<Slot>,
}

/// What is bound to a placeholder.
#[derive(Debug, Clone, PartialEq)]
pub enum Slot {
    /// The same value in every life.
    Same(Value),
    /// Bytes of the life's own.
    Own(usize),
    /// A text that names the life.
    Text(Vec<Piece>),
}

/// A part of a text that names the life.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// The same in every life.
    Same(String),
    /// The number of the case.
    Number,
    /// One of the life's own values of 16 bytes, written as an id.
    Id(usize),
}

/// The template of a life.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its statements in order.
    pub statements: Vec<Statement>,
    /// How many bytes each of the life's own values has.
    pub own: Vec<usize>,
    /// The district and the day that begin every number.
    pub number_head: String,
}

/// What one life has of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    values: Vec<Vec<u8>>,
    number: String,
}

/// A recorded life: its statements with typed values.
pub struct Recorded {
    /// The number of its case.
    pub number: CaseNumber,
    /// The statements.
    pub statements: Vec<(Arc<str>, Vec<Value>)>,
}

impl Template {
    /// Compares two recorded lives.
    ///
    /// # Errors
    /// When they differ in anything but what a life has of its own.
    pub fn of(a: &Recorded, b: &Recorded) -> anyhow::Result<Self> {
        ensure!(
            a.statements.len() == b.statements.len(),
            "two lives took {} and {} statements",
            a.statements.len(),
            b.statements.len()
        );
        let mut own: Vec<(&[u8], &[u8])> = Vec::new();
        for ((sql, in_a), (sql_b, in_b)) in a.statements.iter().zip(&b.statements) {
            ensure!(
                sql == sql_b && in_a.len() == in_b.len(),
                "two lives differ in `{sql}`"
            );
            for pair in in_a.iter().zip(in_b) {
                if let (Value::Blob(a), Value::Blob(b)) = pair
                    && a != b
                    && !own.contains(&(a.as_slice(), b.as_slice()))
                {
                    ensure!(a.len() == b.len(), "bytes of two lengths in `{sql}`");
                    own.push((a, b));
                }
            }
        }
        let side = |recorded: &Recorded, values: Vec<&[u8]>| -> anyhow::Result<Vec<Statement>> {
            let number = recorded.number.to_string();
            let ids: Vec<Option<String>> = values.iter().map(|v| id_text(v)).collect();
            let slot = |value: &Value, other: &Value| -> anyhow::Result<Slot> {
                Ok(match value {
                    _ if value == other => Slot::Same(value.clone()),
                    Value::Blob(bytes) => {
                        let at = values.iter().position(|v| *v == bytes.as_slice());
                        Slot::Own(at.context("bytes that were not met before")?)
                    }
                    Value::Text(text) => Slot::Text(pieces(text, &number, &ids)),
                    other => bail!("{other:?} is not the same in both"),
                })
            };
            let others = if std::ptr::eq(recorded, a) { b } else { a };
            recorded
                .statements
                .iter()
                .zip(&others.statements)
                .map(|((sql, own), (_, other))| {
                    let slots = own.iter().zip(other).map(|(x, y)| slot(x, y));
                    Ok(Statement {
                        sql: sql.clone(),
                        slots: slots
                            .collect::<anyhow::Result<_>>()
                            .with_context(|| format!("two lives differ in `{sql}`"))?,
                    })
                })
                .collect()
        };
        let statements = side(a, own.iter().map(|(a, _)| *a).collect())?;
        let again = side(b, own.iter().map(|(_, b)| *b).collect())?;
        if let Some((x, y)) = statements.iter().zip(&again).find(|(x, y)| x != y) {
            bail!("two lives differ in more than their own: {x:?} and {y:?}");
        }
        let head = format!(
            "{}-{}-",
            a.number.district(),
            a.number.day().strftime("%Y%m%d")
        );
        Ok(Self {
            statements,
            own: own.iter().map(|(a, _)| a.len()).collect(),
            number_head: head,
        })
    }

    /// The values of the `sequence`-th life; `now` and `random` make its ids as the program makes them.
    pub fn own(&self, sequence: u32, now: Timestamp, mut random: impl FnMut() -> [u8; 10]) -> Own {
        let values = self.own.iter().map(|length| match length {
            16 => Id::new(now, random()).bytes().to_vec(),
            n => (0..*n).map(|_| random()[0]).collect(),
        });
        Own {
            values: values.collect(),
            number: format!("{}{sequence:05}", self.number_head),
        }
    }
}

impl Slot {
    /// The value of one life.
    pub fn value(&self, own: &Own) -> Value {
        match self {
            Self::Same(value) => value.clone(),
            Self::Own(n) => Value::Blob(own.values[*n].clone()),
            Self::Text(pieces) => Value::Text(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Same(text) => text.clone(),
                        Piece::Number => own.number.clone(),
                        Piece::Id(n) => id_text(&own.values[*n]).unwrap_or_default(),
                    })
                    .collect(),
            ),
        }
    }
}

/// 16 bytes as the text of an id.
fn id_text(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    Some(Id::from_bytes(bytes).to_string())
}

/// Cuts a text at the number and at the ids of its life.
fn pieces(text: &str, number: &str, ids: &[Option<String>]) -> Vec<Piece> {
    let names = ids
        .iter()
        .enumerate()
        .filter_map(|(n, id)| Some((id.as_deref()?, Piece::Id(n))));
    let names: Vec<(&str, Piece)> = names.chain([(number, Piece::Number)]).collect();
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let next = names
            .iter()
            .filter_map(|(name, piece)| Some((rest.find(name)?, name.len(), piece)))
            .min_by_key(|(at, ..)| *at);
        let Some((at, length, piece)) = next else {
            break;
        };
        if at > 0 {
            pieces.push(Piece::Same(rest[..at].to_owned()));
        }
        pieces.push(piece.clone());
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Same(rest.to_owned()));
    }
    pieces
}

/// Gives logged values their types, which `types` tells for a statement.
///
/// # Errors
/// A value that is not of its type.
pub fn typed(
    logged: &[Logged],
    mut types: impl FnMut(&str) -> anyhow::Result<Vec<postgres::types::Type>>,
) -> anyhow::Result<Vec<(Arc<str>, Vec<Value>)>> {
    let mut statements = Vec::new();
    for Logged { sql, values } in logged {
        let types = if values.is_empty() {
            Vec::new()
        } else {
            types(sql)?
        };
        ensure!(
            types.len() == values.len(),
            "`{sql}` has {} values",
            values.len()
        );
        let values = values.iter().zip(&types).map(|(value, kind)| match value {
            None => Ok(Value::Null),
            Some(text) => typed_value(text, kind),
        });
        let values = values
            .collect::<anyhow::Result<_>>()
            .with_context(|| format!("values of `{sql}`"))?;
        statements.push((Arc::from(sql.as_str()), values));
    }
    Ok(statements)
}

fn typed_value(text: &str, kind: &postgres::types::Type) -> anyhow::Result<Value> {
    use postgres::types::Type;
    Ok(match *kind {
        Type::INT8 | Type::INT4 | Type::INT2 => Value::Int(text.parse()?),
        Type::FLOAT8 => Value::Real(text.parse()?),
        Type::BYTEA => {
            let digits = text.strip_prefix("\\x").context("bytes without \\x")?;
            Value::Blob(hex::decode(digits)?)
        }
        Type::TEXT | Type::VARCHAR => Value::Text(text.to_owned()),
        ref other => bail!("a value of type {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use postgres::types::Type;

    fn recorded(number: &str, id: u8, extra: &str) -> Recorded {
        let blob = Value::Blob(vec![id; 16]);
        let text = format!(
            "{{\"id\":\"{}\",\"number\":\"{number}\"{extra}}}",
            id_text(&[id; 16]).unwrap()
        );
        Recorded {
            number: number.parse().unwrap(),
            statements: vec![
                ("BEGIN".into(), vec![]),
                (
                    "INSERT".into(),
                    vec![
                        blob.clone(),
                        Value::Int(7),
                        Value::Text(text),
                        Value::Text(number.into()),
                    ],
                ),
                ("UPDATE".into(), vec![Value::Blob(vec![id; 32]), blob]),
            ],
        }
    }

    #[test]
    fn a_life_made_from_the_template_has_its_own_values_everywhere() {
        let template = Template::of(
            &recorded("330102-20261123-00001", 1, ""),
            &recorded("330102-20261123-00002", 2, ""),
        )
        .unwrap();
        assert_eq!(template.own, [16, 32]);
        let own = template.own(70_000, Timestamp::UNIX_EPOCH, || [9; 10]);
        let values: Vec<Value> = template.statements[1]
            .slots
            .iter()
            .map(|s| s.value(&own))
            .collect();
        let id = Id::new(Timestamp::UNIX_EPOCH, [9; 10]);
        let text = format!("{{\"id\":\"{id}\",\"number\":\"330102-20261123-70000\"}}");
        assert_eq!(
            values,
            [
                Value::Blob(id.bytes().to_vec()),
                Value::Int(7),
                Value::Text(text),
                Value::Text("330102-20261123-70000".into())
            ]
        );
        let last: Vec<Value> = template.statements[2]
            .slots
            .iter()
            .map(|s| s.value(&own))
            .collect();
        assert_eq!(last, [Value::Blob(vec![9; 32]), values[0].clone()]);
    }

    #[test]
    fn what_differs_otherwise_is_an_error() {
        let a = recorded("330102-20261123-00001", 1, "");
        let b = recorded("330102-20261123-00002", 2, ",\"at\":5");
        assert!(
            Template::of(&a, &b)
                .unwrap_err()
                .to_string()
                .contains("differ")
        );
        let mut b = recorded("330102-20261123-00002", 2, "");
        b.statements[1].1[1] = Value::Int(8);
        assert!(Template::of(&a, &b).is_err());
        b.statements.pop();
        assert!(Template::of(&a, &b).is_err());
    }

    #[test]
    fn values_get_their_types_and_garbage_is_an_error() {
        assert_eq!(
            typed_value("\\x01ff", &Type::BYTEA).unwrap(),
            Value::Blob(vec![1, 255])
        );
        assert_eq!(typed_value("-5", &Type::INT8).unwrap(), Value::Int(-5));
        assert_eq!(typed_value("1.5", &Type::FLOAT8).unwrap(), Value::Real(1.5));
        for (text, kind) in [
            ("x", Type::INT8),
            ("01ff", Type::BYTEA),
            ("\\x0", Type::BYTEA),
            ("t", Type::BOOL),
            ("", Type::FLOAT8),
        ] {
            assert!(typed_value(text, &kind).is_err(), "{text:?} as {kind}");
        }
        let logged = [Logged {
            sql: "SELECT $1".into(),
            values: vec![None],
        }];
        assert!(typed(&logged, |_| Ok(Vec::new())).is_err());
        assert_eq!(
            typed(&logged, |_| Ok(vec![Type::INT8])).unwrap()[0].1,
            [Value::Null]
        );
    }
}
