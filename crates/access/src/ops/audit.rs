//! Reading the audit trail: by object, actor, action, time or reference number; newest first, paged by key.

use crate::principal::SystemRole;
use crate::rules;
use crate::sql;
use jiff::{SignedDuration, Timestamp};
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use store::{Read, StoreResult, ToValue, Value, params};

/// What to look for. Empty = everything.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// What kind of thing was acted on, such as `case`; alone it does not narrow.
    pub object_kind: Option<String>,
    /// Its number, code or id.
    pub object_id: Option<String>,
    /// Who acted: one of these; empty = anybody.
    pub actors: Vec<Id>,
    /// The dotted words of the acts, each whole; empty = any.
    pub actions: Vec<String>,
    /// The reference number of one request.
    pub request: Option<Id>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Older than this entry.
    pub after: Option<Id>,
}

store::record! {
    /// One entry of the audit trail.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AuditRow {
        /// The district of the object; `000000` = the whole city.
        pub district: String,
        /// Its id; entries sort by it.
        pub id: Id,
        /// When.
        pub at: Timestamp,
        /// `staff`, `resident`, `stranger` or `system`.
        pub actor_kind: String,
        /// Which one.
        pub actor_id: Option<Id>,
        /// The login, where it is an account.
        pub actor_login: Option<String>,
        /// The name, where it is an account.
        pub actor_name: Option<String>,
        /// What was done.
        pub action: String,
        /// `done` or `refused`.
        pub outcome: String,
        /// What kind of thing was acted on.
        pub object_kind: String,
        /// Which one.
        pub object_id: String,
        /// The stated purpose of looking at a person's data.
        pub purpose: Option<String>,
        /// More facts, a JSON object.
        pub detail: String,
        /// The reference number of the request.
        pub request: Id,
    }
}

/// Districts that have entries, each found by one probe of the primary key.
const DISTRICTS: &str = "WITH RECURSIVE d(district) AS (SELECT min(district) FROM audit \
     UNION ALL SELECT (SELECT min(a.district) FROM audit a WHERE a.district > d.district) FROM d WHERE d.district IS NOT NULL) \
     SELECT district FROM d WHERE district IS NOT NULL ORDER BY district LIMIT 500";

/// How long after its beginning a request may still have written entries.
const LONGEST_REQUEST: SignedDuration = SignedDuration::from_hours(24);

/// One page of entries, newest first. At most two statements.
pub fn search(r: &mut Read<'_>, query: &AuditQuery, size: PageSize) -> StoreResult<Page<AuditRow>> {
    let mut statement = Statement::new(query, size);
    // Entries lie by district first: without an object, an actor or an act to go by, each district gives its newest ones.
    let text =
        if query.object_id.is_some() && query.object_kind.is_some() || !query.actors.is_empty() {
            statement.arm(None)
        } else if !query.actions.is_empty() {
            let arms: Vec<String> = query
                .actions
                .iter()
                .enumerate()
                .map(|(i, action)| format!("SELECT * FROM ({}) AS a{i}", statement.arm_of(action)))
                .collect();
            arms.join(" UNION ALL ")
        } else {
            let districts: Vec<(String,)> = r.all(DISTRICTS, params![])?;
            let arms: Vec<String> = districts
                .iter()
                .enumerate()
                .map(|(i, (district,))| {
                    format!("SELECT * FROM ({}) AS d{i}", statement.arm(Some(district)))
                })
                .collect();
            if arms.is_empty() {
                return Ok(Page {
                    items: Vec::new(),
                    next: None,
                });
            }
            arms.join(" UNION ALL ")
        };
    let limit = statement.bind(&size.probe());
    let text = format!(
        "{COLUMNS} FROM ({text}) AS a LEFT JOIN accounts c ON c.id = a.actor_id ORDER BY a.id DESC LIMIT {limit}"
    );
    let rows = r.all(&text, &statement.values)?;
    Ok(Page::from_probe(rows, size, |row: &AuditRow| {
        Cursor::new([row.id.to_string()])
    }))
}

const COLUMNS: &str = "SELECT a.district, a.id, a.at, a.actor_kind, a.actor_id, c.login, c.name, a.action, a.outcome, \
     a.object_kind, a.object_id, a.purpose, a.detail, a.request";

/// The varying part of the statement with its values.
struct Statement {
    values: Vec<Value>,
    conditions: String,
    limit: String,
}

impl Statement {
    fn new(query: &AuditQuery, size: PageSize) -> Self {
        let mut new = Self {
            values: Vec::new(),
            conditions: String::new(),
            limit: String::new(),
        };
        let (mut lower, mut upper) = (query.from.map(Id::floor), query.to.map(Id::floor));
        if let Some(request) = query.request {
            let began =
                Timestamp::from_millisecond(request.millis()).unwrap_or(Timestamp::UNIX_EPOCH);
            lower = lower.max(Some(Id::floor(began)));
            let over = began.checked_add(LONGEST_REQUEST).map(Id::floor).ok();
            upper = [upper, over].into_iter().flatten().min();
        }
        upper = [upper, query.after].into_iter().flatten().min();
        let lower = new.bind(&lower.unwrap_or(Id::from_bytes([0; 16])));
        let upper = new.bind(&upper.unwrap_or(Id::from_bytes([0xff; 16])));
        new.conditions = format!("id >= {lower} AND id < {upper}");
        new.and("object_kind", query.object_kind.as_ref());
        new.and("object_id", query.object_id.as_ref());
        new.any_of("actor_id", &query.actors);
        if query.object_id.is_some() || !query.actors.is_empty() {
            new.any_of("action", &query.actions);
        }
        new.and("request", query.request.as_ref());
        new.limit = new.bind(&size.probe());
        new
    }
    fn bind(&mut self, value: &dyn ToValue) -> String {
        self.values.push(value.to_value());
        format!("${}", self.values.len())
    }
    fn and<T: ToValue>(&mut self, column: &str, value: Option<&T>) {
        if let Some(value) = value {
            let mark = self.bind(value);
            self.conditions.push_str(&format!(" AND {column} = {mark}"));
        }
    }
    fn any_of<T: ToValue>(&mut self, column: &str, values: &[T]) {
        if values.is_empty() {
            return;
        }
        let marks: Vec<String> = values.iter().map(|value| self.bind(value)).collect();
        self.conditions
            .push_str(&format!(" AND {column} IN ({})", marks.join(", ")));
    }
    /// The newest entries of one act, by the index on acts.
    fn arm_of(&mut self, action: &str) -> String {
        let action = self.bind(&action);
        format!(
            "SELECT * FROM audit WHERE {} AND action = {action} ORDER BY id DESC LIMIT {}",
            self.conditions, self.limit
        )
    }
    fn arm(&mut self, district: Option<&String>) -> String {
        let district = district
            .map(|d| format!(" AND district = {}", self.bind(d)))
            .unwrap_or_default();
        format!(
            "SELECT * FROM audit WHERE {}{district} ORDER BY id DESC LIMIT {}",
            self.conditions, self.limit
        )
    }
}

/// The ids under which the trail names somebody: a login, a name of a part of the program, an id itself, or a name as people read
/// it, which several accounts may have. Empty if nobody is called so. At most two statements.
pub fn actor_ids(r: &mut Read<'_>, text: &str) -> StoreResult<Vec<Id>> {
    // As the list shows it: the name, and the login in brackets; the same for a part of the program.
    let bracketed = text.strip_suffix(')').and_then(|t| t.rsplit_once('('));
    let short = bracketed.map_or(text, |(_, short)| short);
    if let Some(part) = SystemRole::ALL
        .into_iter()
        .find(|part| part.as_str() == short)
    {
        return Ok(vec![part.id()]);
    }
    if let Ok(id) = text.parse::<Id>() {
        return Ok(vec![id]);
    }
    if let Ok(login) = rules::login(short)
        && let Some(account) = sql::account_by_login(r, &login)?
    {
        return Ok(vec![account.id.0]);
    }
    sql::accounts_named(r, text)
}

/// What an entry says of its actor: the login, or the part of the program.
pub fn actor_text(row: &AuditRow) -> String {
    let part = SystemRole::ALL
        .into_iter()
        .find(|part| Some(part.id()) == row.actor_id);
    match (&row.actor_name, &row.actor_login, part) {
        (Some(name), Some(login), _) => format!("{name} ({login})"),
        (_, _, Some(part)) => part.as_str().to_owned(),
        _ => row.actor_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}
