//! The life of each case: every step is a command given by a proper actor and decided by the same rules as on the desk.

use crate::SampleError;
use crate::classes::{self, Entry};
use crate::course::{Course, Stop};
use crate::land::Land;
use crate::luck::Luck;
use crate::plan::{Ground, Plan};
use crate::register::Register;
use access::{AccountId, Role, SystemRole, UnitId};
use cases::rules::{Actor, CityRules};
use cases::{Case, CaseEvent};
use grid::Territory;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Calendar, DivisionCode};
use matters::{Catalogue, MatterClass, rules};
use std::collections::BTreeMap;

/// A case and its life.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// The case as its events add up to.
    pub case: Case,
    /// What happened, in order.
    pub events: Vec<CaseEvent>,
}

/// Whose duty a class is in a community, and why.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub unit: UnitId,
    pub basis: String,
}

/// All that lives are made with.
pub(crate) struct World<'a> {
    pub seed: u64,
    pub now: Timestamp,
    pub tz: &'a TimeZone,
    pub calendar: &'a Calendar,
    pub land: &'a Land,
    pub classes: &'a [MatterClass],
    pub entries: Vec<&'static Entry>,
    pub territory: Territory,
    pub rules: CityRules,
    pub catalogue: Catalogue,
    pub actors: BTreeMap<AccountId, Actor>,
    by_role: BTreeMap<Role, Vec<AccountId>>,
    /// The lead and the handlers of each unit.
    pub staff: BTreeMap<UnitId, (AccountId, Vec<AccountId>)>,
    pub answers: BTreeMap<(usize, DivisionCode), Answer>,
    pub program: Actor,
    pub stranger: Actor,
}

impl<'a> World<'a> {
    /// Prepares what is looked up again and again.
    pub(crate) fn new(
        ground: &Ground<'a>,
        classes: &'a [MatterClass],
        register: &Register,
        on: Date,
    ) -> Result<Self, SampleError> {
        let Ground {
            seed,
            land,
            calendar,
            tz,
            now,
            ..
        } = *ground;
        let territory = Territory::build(
            land.divisions.clone(),
            land.grids.clone(),
            register.beats.clone(),
            on,
        );
        let units = actors::Units::build(register.units.clone(), on);
        let mut answers = BTreeMap::new();
        for community in land
            .divisions
            .iter()
            .map(|d| d.code)
            .filter(|c| c.level() == kernel::DivisionLevel::Community)
        {
            for (at, class) in classes.iter().enumerate() {
                let place = rules::Place::of(&territory, None, Some(community));
                let who = rules::who(&register.duties, &units, &territory, Some(class), place, on)
                    .map_err(|_| SampleError::NoUnit)?;
                let basis = format!(
                    "权责清单：{}，{}",
                    class.name_zh,
                    territory.name(community.district().division())
                );
                answers.insert(
                    (at, community),
                    Answer {
                        unit: who.handling,
                        basis,
                    },
                );
            }
        }
        let (mut actors, mut by_role, mut staff) = (
            BTreeMap::new(),
            BTreeMap::<Role, Vec<AccountId>>::new(),
            BTreeMap::new(),
        );
        for person in &register.people {
            let roles = person.draft.roles.clone();
            for role in &roles {
                by_role.entry(*role).or_default().push(person.id);
            }
            if let Some(unit) = person.draft.unit {
                let (lead, handlers) = staff.entry(unit).or_insert_with(|| (person.id, Vec::new()));
                if roles.contains(&Role::DepartmentLead) {
                    *lead = person.id;
                } else {
                    handlers.push(person.id);
                }
            }
            let actor = Actor {
                kind: "staff",
                account: Some(person.id.0),
                roles,
                unit: person.draft.unit,
                is_program: false,
                behalf: None,
                ties: cases::rules::Ties::default(),
            };
            actors.insert(person.id, actor);
        }
        let nobody = Actor {
            kind: "stranger",
            account: None,
            roles: Vec::new(),
            unit: None,
            is_program: false,
            behalf: None,
            ties: cases::rules::Ties::default(),
        };
        let program = Actor {
            kind: "system",
            account: Some(SystemRole::Keeper.id()),
            is_program: true,
            ..nobody.clone()
        };
        let entries = classes::entries().collect();
        // The past of an invented city has no photographs, and false ones are not made: there nobody insisted on evidence.
        let rules = CityRules {
            evidence_must_be_shown: false,
            ..CityRules::default()
        };
        Ok(Self {
            seed,
            now,
            tz,
            calendar,
            land,
            classes,
            entries,
            territory,
            rules,
            catalogue: classes::catalogue(on),
            actors,
            by_role,
            staff,
            answers,
            program,
            stranger: nobody,
        })
    }

    /// The life of one planned case.
    pub(crate) fn live(&self, number: usize, plans: &[Plan]) -> Result<Life, SampleError> {
        // A life that is to stand in a certain state is drawn again until it gets there.
        const TRIES: u64 = 60;
        let plan = &plans[number];
        let original = plan.duplicate_of.map(|at| plans[at].number);
        let mut last = None;
        for attempt in 0..TRIES {
            let luck = Luck::new(self.seed, "life", number as u64 * TRIES + attempt);
            let life = Course::run(self, plan, original, luck)?;
            let arrived = plan.until.is_none_or(|state| life.case.state == state);
            last = Some(life);
            if arrived {
                break;
            }
        }
        last.ok_or(SampleError::NoUnit)
    }

    pub(crate) fn pick(&self, role: Role, luck: &mut Luck) -> Result<&Actor, Stop> {
        let held = self
            .by_role
            .get(&role)
            .filter(|l| !l.is_empty())
            .ok_or(Stop::Nobody(role))?;
        self.actor(*luck.pick(held))
    }
    pub(crate) fn actor(&self, account: AccountId) -> Result<&Actor, Stop> {
        self.actors.get(&account).ok_or(Stop::Nobody(Role::Handler))
    }
}
