//! 机构调整 — the system of a unit that ends goes where all the unit's work goes, with its key, before the cases do: so it loses
//! no order and hears of each as its new unit's. Where the work goes to several units, or to one that has a system of its
//! own, it stays behind and the administrator is told why: which system goes on is for people to say.

use crate::model::{Connector, Kind, Stranded};
use crate::sql;
use access::{Ctx, UnitId};
use cases::ops::CaseError;
use cases::rooms::{Doing, Reorganised, Room};
use store::{AuditEvent, StoreError};

/// The systems of units, as reorganisations know them.
pub struct Systems;

/// What becomes of the system of a unit that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Follows(UnitId),
    Stays(Stranded),
}

/// The systems of the units that end by an order, the oldest first, and what becomes of each: pure.
fn fates(order: &Reorganised, all: &[Connector]) -> Vec<(Connector, UnitId, Fate)> {
    let mut systems: Vec<&Connector> = all.iter().filter(|c| c.kind == Kind::Unit).collect();
    systems.sort_unstable_by_key(|c| c.id);
    let mut taken: Vec<UnitId> = systems
        .iter()
        .filter(|c| c.enabled)
        .filter_map(|c| c.unit)
        .collect();
    let mut found = Vec::new();
    for system in systems {
        let Some(unit) = system.unit.filter(|unit| order.ended.contains(unit)) else {
            continue;
        };
        let fate = match order.only_heirs.get(&unit) {
            None => Fate::Stays(Stranded::Several),
            // One that is not in use is in nobody's way.
            Some(to) if system.enabled && taken.contains(to) => Fate::Stays(Stranded::HasSystem),
            Some(to) => Fate::Follows(*to),
        };
        if let Fate::Follows(to) = fate
            && system.enabled
        {
            taken.push(to);
        }
        found.push((system.clone(), unit, fate));
    }
    found
}

impl Room for Systems {
    fn count<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        Box::pin(async move {
            let all = ctx.read::<_, StoreError, _>(sql::connectors).await?;
            let follow =
                |(_, _, fate): &(Connector, UnitId, Fate)| matches!(fate, Fate::Follows(_));
            Ok(fates(order, &all).iter().filter(|f| follow(f)).count() as u64)
        })
    }
    fn before_cases<'a>(&'a self, ctx: &'a Ctx, order: &'a Reorganised) -> Doing<'a, u64> {
        Box::pin(go_along(ctx, order))
    }
}

/// Each in a transaction of its own; answers how many went along.
async fn go_along(ctx: &Ctx, order: &Reorganised) -> Result<u64, CaseError> {
    let all = ctx.read::<_, StoreError, _>(sql::connectors).await?;
    let mut moved = 0;
    for (system, from, fate) in fates(order, &all) {
        let (id, by) = (system.id, order.order);
        moved += ctx
            .renewed()
            .write::<_, StoreError, _>(move |mut w| {
                // Somebody may have changed it since, or this was done before.
                let now = sql::connector(&mut w, id)?.filter(|c| c.unit == Some(from));
                let (word, detail, n) = match (fate, now) {
                    (Fate::Follows(to), Some(_)) => {
                        sql::give_to(&mut w, id, to)?;
                        let detail = serde_json::json!({ "order": by, "from": from, "to": to });
                        ("connector.move", detail, 1)
                    }
                    (Fate::Stays(why), Some(now)) if now.stranded != why.as_str() => {
                        sql::strand(&mut w, id, why)?;
                        let why = why.as_str();
                        let detail = serde_json::json!({ "order": by, "unit": from, "why": why });
                        ("connector.strand", detail, 0)
                    }
                    _ => return w.unchanged(0),
                };
                let event = AuditEvent::done(word, "connector", id.to_string()).detail(detail);
                w.commit(event, n)
            })
            .await?;
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::id::Id;

    fn unit(n: u8) -> UnitId {
        UnitId(Id::from_bytes([n; 16]))
    }
    fn system(n: u8, of: u8, enabled: bool) -> Connector {
        Connector {
            id: Id::from_bytes([n; 16]),
            version: 1,
            name: n.to_string(),
            kind: Kind::Unit,
            unit: Some(unit(of)),
            account: None,
            url: String::new(),
            topics: String::new(),
            ack_minutes: 30,
            timeout_s: 5,
            enabled,
            stranded: String::new(),
        }
    }

    #[test]
    fn a_system_goes_where_all_the_work_goes_unless_one_is_there() {
        // 1 and 2 merge into 9; 3 is divided; 4 goes to 8, which has a system; 7 goes on.
        let heirs = [(unit(1), unit(9)), (unit(2), unit(9)), (unit(4), unit(8))];
        let ended = vec![unit(1), unit(2), unit(3), unit(4)];
        let id = Id::from_bytes([1; 16]);
        let order = Reorganised::new(
            id,
            "x".into(),
            ended.clone(),
            ended,
            heirs.into(),
            |_, _, _| None,
        );
        let all = [
            system(7, 7, true),
            system(6, 4, true),
            system(5, 8, true),
            system(4, 3, true),
            system(3, 2, true),
            system(2, 1, true),
            system(1, 4, false),
        ];
        let told: Vec<(String, Fate)> = fates(&order, &all)
            .into_iter()
            .map(|(c, _, fate)| (c.name, fate))
            .collect();
        let wanted = [
            ("1", Fate::Follows(unit(8))),
            ("2", Fate::Follows(unit(9))),
            ("3", Fate::Stays(Stranded::HasSystem)),
            ("4", Fate::Stays(Stranded::Several)),
            ("6", Fate::Stays(Stranded::HasSystem)),
        ];
        assert_eq!(told, wanted.map(|(n, fate)| (n.to_owned(), fate)));
    }

    #[test]
    fn one_is_stranded_only_while_it_is_in_use_and_its_unit_is_over() {
        let mut of = system(1, 1, true);
        of.stranded = "several".into();
        assert_eq!(of.is_stranded(|_| true), None);
        assert_eq!(of.is_stranded(|_| false), Some(Stranded::Several));
        of.stranded = String::new();
        assert_eq!(of.is_stranded(|_| false), Some(Stranded::Ended));
        of.enabled = false;
        assert_eq!(of.is_stranded(|_| false), None);
    }
}
