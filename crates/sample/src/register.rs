//! Who there is: forty units of all eight kinds, their duties, the beats of the street, and the staff.

use crate::SampleError;
use crate::classes::{self, CATALOGUE, Work};
use crate::land::{Land, SOURCE};
use crate::luck::Luck;
use crate::names;
use access::{AccountDraft, AccountId, Role, UnitId};
use actors::{Unit, UnitKind};
use grid::{Beat, Shift};
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{DistrictCode, DivisionCode, DivisionLevel, GridCode};
use matters::{Duty, DutyId};
use std::collections::BTreeMap;

/// A member of staff, or the demo resident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its id.
    pub id: AccountId,
    /// What is typed at sign-in.
    pub login: String,
    /// Name, roles, unit and districts.
    pub draft: AccountDraft,
    /// One of the accounts a visitor gets a password for; nobody signs in with the others.
    pub is_demo: bool,
}

/// What is registered.
#[derive(Debug)]
pub(crate) struct Register {
    pub units: Vec<Unit>,
    pub duties: Vec<Duty>,
    pub beats: Vec<Beat>,
    pub people: Vec<Person>,
}

use UnitKind::{
    Enterprise, Government, Individual, MassOrganisation, Party, PublicInstitution,
    ResidentsCommittee, SocialOrganisation,
};

/// Units of the whole city: code, name, English name, kind, code of the unit above.
const CITY_UNITS: [(&str, &str, &str, UnitKind, &str); 22] = [
    (
        "SW01",
        "市委社会工作部（演示）",
        "Party Committee, Social Work Department",
        Party,
        "",
    ),
    (
        "SF01",
        "市城市运行管理中心（演示）",
        "City Operation Centre",
        Government,
        "",
    ),
    (
        "SF02",
        "市城市管理局（演示）",
        "City Management Bureau",
        Government,
        "",
    ),
    (
        "SF03",
        "市水务局（演示）",
        "Water Authority",
        Government,
        "",
    ),
    (
        "SF04",
        "市交通管理支队（演示）",
        "Traffic Police",
        Government,
        "",
    ),
    (
        "SF05",
        "市住房和城乡建设局（演示）",
        "Housing and Construction Bureau",
        Government,
        "",
    ),
    (
        "SF06",
        "市生态环境局（演示）",
        "Ecology and Environment Bureau",
        Government,
        "",
    ),
    (
        "SY01",
        "市市政设施养护中心（演示）",
        "Road Maintenance Centre",
        PublicInstitution,
        "SF02",
    ),
    (
        "SY02",
        "市环境卫生中心（演示）",
        "Sanitation Centre",
        PublicInstitution,
        "SF02",
    ),
    (
        "SY03",
        "市园林绿化中心（演示）",
        "Greening Centre",
        PublicInstitution,
        "SF02",
    ),
    (
        "QY01",
        "示范供水集团（演示）",
        "Shifan Water Supply",
        Enterprise,
        "SF03",
    ),
    (
        "QY02",
        "示范排水公司（演示）",
        "Shifan Drainage",
        Enterprise,
        "SF03",
    ),
    ("QY03", "示范燃气公司（演示）", "Shifan Gas", Enterprise, ""),
    (
        "QY04",
        "示范供电公司（演示）",
        "Shifan Power",
        Enterprise,
        "",
    ),
    (
        "QY05",
        "示范通信设施公司（演示）",
        "Shifan Telecom Facilities",
        Enterprise,
        "",
    ),
    (
        "QY06",
        "青骑共享单车公司（演示）",
        "Qingqi Shared Bikes",
        Enterprise,
        "",
    ),
    (
        "SZ01",
        "示范市物业行业协会（演示）",
        "Property Managers' Association",
        SocialOrganisation,
        "",
    ),
    (
        "SZ02",
        "青石志愿服务社（演示）",
        "Qingshi Volunteers",
        SocialOrganisation,
        "",
    ),
    (
        "QT01",
        "市总工会户外劳动者服务站（演示）",
        "Trade Union Outdoor Workers' Station",
        MassOrganisation,
        "",
    ),
    (
        "QT02",
        "市妇联家庭服务队（演示）",
        "Women's Federation Family Service",
        MassOrganisation,
        "",
    ),
    (
        "JM01",
        "梧桐苑社区居民委员会（演示）",
        "Wutongyuan Residents' Committee",
        ResidentsCommittee,
        "",
    ),
    (
        "GR01",
        "热心居民联络人（演示）",
        "Contact Resident",
        Individual,
        "",
    ),
];

/// The supervising side: desk, collectors and checkers belong to it, and it handles nothing.
const SUPERVISION: &str = "SF01";

/// The unit that sorts out what neither the register nor the territory gives to anybody. Not the supervising side, whose
/// people could not check what their own unit handles.
pub(crate) const COORDINATOR: &str = "SF02";

/// Makes the register over the territory.
pub(crate) fn make(
    seed: u64,
    land: &Land,
    at: Timestamp,
    valid_from: Date,
) -> Result<Register, SampleError> {
    let mut luck = Luck::new(seed, "register", 0);
    let units = units(land, &mut luck, at, valid_from);
    let by_code: BTreeMap<&str, &Unit> = units.iter().map(|u| (u.code.as_str(), u)).collect();
    let duties = duties(&by_code, land, &mut luck, at, valid_from);
    let mut people = desk(&by_code, &mut luck, at)?;
    let mut handling: Vec<UnitId> = duties.iter().map(|d| d.handling).collect();
    handling.sort_unstable();
    handling.dedup();
    people.extend(departments(&units, &handling, &mut luck, at)?);
    let (collectors, beats) = streets(&by_code, land, &mut luck, at, valid_from)?;
    people.extend(collectors);
    Ok(Register {
        units,
        duties,
        beats,
        people,
    })
}

fn units(land: &Land, luck: &mut Luck, at: Timestamp, valid_from: Date) -> Vec<Unit> {
    let mut unit = |code: String, names: (String, String), kind, parent: &str, division| Unit {
        id: UnitId(luck.id(at)),
        code,
        name_zh: names.0,
        name_en: Some(names.1),
        kind,
        parent: Some(parent.to_owned()).filter(|p| !p.is_empty()),
        division,
        phone: None,
        valid_from: Some(valid_from),
        valid_to: None,
        source: SOURCE.into(),
        reviewed: true,
    };
    let mut units: Vec<Unit> = CITY_UNITS
        .iter()
        .map(|(code, zh, en, kind, parent)| {
            unit(
                (*code).into(),
                ((*zh).into(), (*en).into()),
                *kind,
                parent,
                None,
            )
        })
        .collect();
    for (n, division) in (1..).zip(
        land.divisions
            .iter()
            .filter(|d| d.level() == DivisionLevel::District),
    ) {
        let (zh, en) = (
            division.name.as_str(),
            division.name_en.as_deref().unwrap_or_default(),
        );
        units.push(unit(
            format!("QF0{n}"),
            (format!("{zh}人民政府（演示）"), format!("{en} Government")),
            Government,
            "",
            Some(division.code),
        ));
        let names = (
            format!("{zh}城市管理局（演示）"),
            format!("{en} City Management"),
        );
        units.push(unit(
            format!("QC0{n}"),
            names,
            Government,
            &format!("QF0{n}"),
            Some(division.code),
        ));
    }
    for (n, division) in (0..).zip(
        land.divisions
            .iter()
            .filter(|d| d.level() == DivisionLevel::Street),
    ) {
        let (zh, en) = (names::STREETS[n].0, names::STREETS[n].1);
        let names = (format!("{zh}办事处（演示）"), format!("{en} Office"));
        units.push(unit(
            format!("JD{:02}", n + 1),
            names,
            Government,
            &format!("QF0{}", n / 4 + 1),
            Some(division.code),
        ));
    }
    units
}

/// One row for each class and district; one for each street where the street office handles.
fn duties(
    by_code: &BTreeMap<&str, &Unit>,
    land: &Land,
    luck: &mut Luck,
    at: Timestamp,
    valid_from: Date,
) -> Vec<Duty> {
    let districts: Vec<DivisionCode> = of_level(land, DivisionLevel::District);
    let streets: Vec<DivisionCode> = of_level(land, DivisionLevel::Street);
    let id = |code: &str| by_code[code].id;
    let mut duties = Vec::new();
    for entry in classes::entries() {
        let places = if entry.work == Work::Street {
            &streets
        } else {
            &districts
        };
        for (n, division) in places.iter().enumerate() {
            let (handling, competent) = match entry.work {
                Work::Order => (format!("QC0{}", n + 1), "SF02"),
                Work::Street => (format!("JD{:02}", n + 1), "SF02"),
                Work::Sanitation => ("SY02".into(), "SF02"),
                Work::Roads => ("SY01".into(), "SF02"),
                Work::Greening => ("SY03".into(), "SF02"),
                Work::Water => ("QY01".into(), "SF03"),
                Work::Drains => ("QY02".into(), "SF03"),
                Work::Gas => ("QY03".into(), "SF02"),
                Work::Power => ("QY04".into(), "SF02"),
                Work::Telecom => ("QY05".into(), "SF02"),
                Work::Traffic => ("SF04".into(), "SF04"),
                Work::Building => ("SF05".into(), "SF05"),
                Work::Ecology => ("SF06".into(), "SF06"),
                Work::Bikes => ("QY06".into(), "SF02"),
            };
            let handling = id(&handling);
            let is_facility = entry.code.starts_with('C');
            duties.push(Duty {
                id: DutyId(luck.id(at)),
                catalogue: CATALOGUE.into(),
                matter: entry.code.into(),
                division: Some(*division),
                beat: String::new(),
                valid_from: Some(valid_from),
                valid_to: None,
                competent: Some(id(competent)),
                owning: is_facility.then_some(handling),
                maintaining: is_facility.then_some(handling),
                handling,
                legal_basis: Some("示范市城市管理权责清单（演示）".into()),
                source: SOURCE.into(),
            });
        }
    }
    duties
}

fn of_level(land: &Land, level: DivisionLevel) -> Vec<DivisionCode> {
    land.divisions
        .iter()
        .map(|d| d.code)
        .filter(|c| c.level() == level)
        .collect()
}

/// The parts of an account.
struct Post<'a> {
    login: String,
    name: String,
    role: Role,
    unit: Option<UnitId>,
    districts: &'a [DistrictCode],
    is_demo: bool,
}

fn person(post: Post<'_>, luck: &mut Luck, at: Timestamp) -> Result<Person, SampleError> {
    let draft = AccountDraft {
        name: post.name,
        roles: vec![post.role],
        unit: post.unit,
        districts: post.districts.to_vec(),
    };
    let draft = access::ops::accounts::checked(draft)?;
    Ok(Person {
        id: AccountId(luck.id(at)),
        login: access::rules::login(&post.login)?,
        draft,
        is_demo: post.is_demo,
    })
}

/// The desk, the administrators and those who look at figures; the first of each is the demo account.
fn desk(
    by_code: &BTreeMap<&str, &Unit>,
    luck: &mut Luck,
    at: Timestamp,
) -> Result<Vec<Person>, SampleError> {
    const POSTS: [(Role, &str, &str, usize); 10] = [
        (Role::Acceptor, "acceptor", "受理员", 6),
        (Role::ShiftLeader, "shift", "值班长", 4),
        (Role::Dispatcher, "dispatcher", "派遣员", 4),
        (Role::Checker, "checker", "核查员", 6),
        (Role::Leader, "leader", "领导", 1),
        (Role::Analyst, "analyst", "分析员", 1),
        (Role::Auditor, "auditor", "审计员", 1),
        (Role::SystemAdmin, "system", "系统管理员", 1),
        (Role::SecurityAdmin, "security", "安全管理员", 1),
        (Role::Resident, "resident", "居民", 1),
    ];
    let unit = by_code[SUPERVISION].id;
    let mut people = Vec::new();
    for (role, word, name, count) in POSTS {
        for n in 1..=count {
            let is_demo = n == 1;
            let (login, name) = if is_demo {
                (format!("demo.{word}"), format!("演示{name}"))
            } else {
                (format!("{word}{n:02}"), format!("{name}{n:02}"))
            };
            let unit = Some(unit).filter(|_| role != Role::Resident);
            people.push(person(
                Post {
                    login,
                    name,
                    role,
                    unit,
                    districts: &[],
                    is_demo,
                },
                luck,
                at,
            )?);
        }
    }
    Ok(people)
}

/// A lead and three handlers for every unit with duties. The demo lead and handler are of the unit of sanitation, which has
/// the most to do.
fn departments(
    units: &[Unit],
    handling: &[UnitId],
    luck: &mut Luck,
    at: Timestamp,
) -> Result<Vec<Person>, SampleError> {
    const DEMO_UNIT: &str = "SY02";
    let mut people = Vec::new();
    for unit in units
        .iter()
        .filter(|u| handling.binary_search(&u.id).is_ok())
    {
        let short = unit.name_zh.trim_end_matches("（演示）");
        let code = unit.code.to_lowercase();
        for n in 0..4 {
            let is_demo = unit.code == DEMO_UNIT && n < 2;
            let role = if n == 0 {
                Role::DepartmentLead
            } else {
                Role::Handler
            };
            let (login, name) = match (n, is_demo) {
                (0, true) => ("demo.lead".to_owned(), "演示部门负责人".to_owned()),
                (_, true) => ("demo.handler".to_owned(), "演示处置员".to_owned()),
                (0, false) => (format!("{code}.lead"), format!("{short}负责人")),
                _ => (
                    format!("{code}.handler{n:02}"),
                    format!("{short}处置员{n:02}"),
                ),
            };
            people.push(person(
                Post {
                    login,
                    name,
                    role,
                    unit: Some(unit.id),
                    districts: &[],
                    is_demo,
                },
                luck,
                at,
            )?);
        }
    }
    Ok(people)
}

/// One beat a community, with two collectors who share the week. The demo collector looks after the first community.
fn streets(
    by_code: &BTreeMap<&str, &Unit>,
    land: &Land,
    luck: &mut Luck,
    at: Timestamp,
    valid_from: Date,
) -> Result<(Vec<Person>, Vec<Beat>), SampleError> {
    let unit = Some(by_code[SUPERVISION].id);
    let mut grids: BTreeMap<DivisionCode, Vec<GridCode>> = BTreeMap::new();
    for spot in &land.spots {
        grids
            .entry(spot.grid.community())
            .or_default()
            .push(spot.grid);
    }
    let (mut people, mut beats) = (Vec::new(), Vec::new());
    for (n, (community, grids)) in grids.into_iter().enumerate() {
        let (street, place) = (names::STREETS[n / 4].0, names::STREETS[n / 4].2[n % 4].0);
        let districts = [community.district()];
        let mut pair = Vec::new();
        for half in 1..=2 {
            let is_demo = n == 0 && half == 1;
            let (login, name) = if is_demo {
                ("demo.collector".to_owned(), "演示网格员".to_owned())
            } else {
                (
                    format!("grid{:02}.{half}", n + 1),
                    format!("{place}网格员{half:02}"),
                )
            };
            pair.push(person(
                Post {
                    login,
                    name,
                    role: Role::Collector,
                    unit,
                    districts: &districts,
                    is_demo,
                },
                luck,
                at,
            )?);
        }
        // One has the weekdays, the other the weekend; at night tasks go to the pool.
        let shifts = (1..=7).map(|weekday| Shift {
            worker: pair[usize::from(weekday > 5)].id,
            weekday,
            from_min: 450,
            to_min: 1170,
        });
        beats.push(Beat {
            code: format!("ZR{:03}", n + 1),
            name: format!("{}{place}责任网格", street.trim_end_matches("街道")),
            valid_from: Some(valid_from),
            valid_to: None,
            source: SOURCE.into(),
            grids,
            shifts: shifts.collect(),
        });
        people.extend(pair);
    }
    Ok((people, beats))
}
