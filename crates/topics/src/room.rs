//! Topics when units are reorganised: one that is not over, and the measures of it that are still to be done, go on in the
//! unit that takes the work over, with a mark that says so.

use crate::model::{Measure, MeasureStanding, Standing, Topic};
use crate::sql::{self, Filter};
use access::{Ctx, UnitId};
use cases::ops::CaseError;
use cases::rooms::{Doing, Reorganised, Room};
use cases::service::Cases;
use store::{AuditEvent, Read, StoreError, StoreResult};

/// Topics looked at: so many go on at once at most.
const MOST: i64 = 2000;

/// Topics, as a reorganisation knows them.
pub struct Topics;

impl Room for Topics {
    fn count<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        Box::pin(async {
            let moves = moves(ctx, order).await?;
            let topics = moves.iter().filter(|m| m.unit.is_some()).count();
            let measures: usize = moves.iter().map(|m| m.measures.len()).sum();
            Ok((topics + measures) as u64)
        })
    }
    fn reorganise<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        Box::pin(reorganise(ctx, order))
    }
}

/// What an order moves of a topic.
struct Moves {
    topic: Topic,
    /// The unit that answers for it from now on.
    unit: Option<UnitId>,
    /// Measures as they are from now on.
    measures: Vec<Measure>,
}

/// Where something of a topic goes: by its class where it has one only, and its place.
fn goes(order: &Reorganised, unit: Option<UnitId>, code: &str, topic: &Topic) -> Option<UnitId> {
    let from = unit.filter(|unit| order.froms.contains(unit))?;
    order.goes_to(from, code, topic.place)
}

async fn moves(ctx: &Ctx, order: &Reorganised) -> Result<Vec<Moves>, CaseError> {
    let city = ctx.service::<Cases>().city();
    let order = order.clone();
    ctx.renewed()
        .read::<_, CaseError, _>(move |r| {
            let filter = Filter {
                standings: Standing::ALL
                    .iter()
                    .copied()
                    .filter(|s| !s.is_over())
                    .collect(),
                ..Filter::default()
            };
            let mut found = Vec::new();
            for (topic, _) in sql::list(r, &filter, MOST)? {
                let code = match topic.matters.as_slice() {
                    [one] => city.matter(*one).map(|c| c.code.clone()),
                    _ => None,
                };
                let code = code.unwrap_or_default();
                let unit = goes(&order, topic.unit, &code, &topic);
                let measures = to_be_done(r, &topic)?
                    .into_iter()
                    .filter_map(|m| {
                        let unit = goes(&order, m.unit, &code, &topic)?;
                        Some(Measure {
                            unit: Some(unit),
                            ..m
                        })
                    })
                    .collect::<Vec<_>>();
                if unit.is_some() || !measures.is_empty() {
                    found.push(Moves {
                        topic,
                        unit,
                        measures,
                    });
                }
            }
            Ok(found)
        })
        .await
}

fn to_be_done(r: &mut Read<'_>, topic: &Topic) -> StoreResult<Vec<Measure>> {
    let mut all = sql::measures(r, topic)?;
    all.retain(|m| {
        matches!(
            m.standing,
            MeasureStanding::Planned | MeasureStanding::UnderWay
        )
    });
    Ok(all)
}

async fn reorganise(ctx: &Ctx, order: &Reorganised) -> Result<u64, CaseError> {
    let mut moved = 0;
    for moves in moves(ctx, order).await? {
        let (id, why) = (order.order, order.why.clone());
        moved += ctx
            .renewed()
            .write::<_, StoreError, _>(move |mut w| {
                let from = moves.topic.unit;
                let topic = Topic {
                    unit: moves.unit.or(from),
                    updated_at: w.now(),
                    ..moves.topic.clone()
                };
                // Whoever changed it meanwhile goes first: the next run tries again.
                sql::update(&mut w, &topic)?;
                for measure in &moves.measures {
                    sql::put_measure(&mut w, &topic, measure)?;
                }
                sql::put_mark(&mut w, &topic, "unit", &why)?;
                let measures: Vec<i64> = moves.measures.iter().map(|m| m.seq).collect();
                let event = AuditEvent::done("topic.unit", "topic", topic.id.to_string())
                    .district(topic.district.as_str())
                    .detail(serde_json::json!({ "order": id, "from": from, "to": topic.unit, "measures": measures }));
                let n = u64::from(moves.unit.is_some()) + measures.len() as u64;
                w.commit(event, n)
            })
            .await?;
    }
    Ok(moved)
}
