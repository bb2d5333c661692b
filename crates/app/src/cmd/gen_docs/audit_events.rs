//! The catalogue of the audit trail: every word that can stand in `audit.action`. A test compares it with the code.

use super::{cell, head};
use cases::moves::Act;
use std::fmt::Write as _;

/// The words that are not moves of a case: word, the kind of its object, when it is written, what `detail` holds.
pub const EVENTS: &[(&str, &str, &str, &str)] = &[
    (
        "account.add",
        "account",
        "an account is made",
        "roles, unit, districts",
    ),
    (
        "account.edit",
        "account",
        "name, roles, unit or districts of an account change",
        "before and after",
    ),
    (
        "account.lock",
        "account",
        "too many wrong passwords lock an account for a while",
        "",
    ),
    (
        "account.password",
        "account",
        "somebody changes their own password",
        "",
    ),
    (
        "account.reset",
        "account",
        "an administrator gives a one-time password and ends the sessions",
        "",
    ),
    ("account.close", "account", "an account is closed", ""),
    (
        "account.open",
        "account",
        "a closed or locked account is opened",
        "",
    ),
    (
        "connector.account",
        "connector",
        "a connector gets its technical account",
        "account",
    ),
    (
        "connector.acknowledge",
        "case",
        "a unit's system acknowledges an order",
        "connector, how many hand-overs",
    ),
    (
        "connector.again",
        "handover",
        "a stuck hand-over begins anew",
        "",
    ),
    (
        "connector.calm",
        "connector",
        "what was stuck at a connector is over without a word, since it was put out of use",
        "trouble",
    ),
    (
        "connector.dismiss",
        "handover",
        "a stuck hand-over is taken off the list",
        "",
    ),
    (
        "connector.drop",
        "handover",
        "there is nothing to hand over any more",
        "attempts",
    ),
    (
        "connector.fail",
        "handover",
        "a hand-over is given up",
        "attempts, why",
    ),
    (
        "connector.hand_over",
        "outbox",
        "events become hand-overs to other systems",
        "rows passed, how many",
    ),
    (
        "connector.move",
        "connector",
        "a reorganisation gives the system of a unit that ends to the one that takes its work over",
        "order, from, to",
    ),
    (
        "connector.secret",
        "connector",
        "a connector gets a new secret",
        "",
    ),
    (
        "connector.sent",
        "handover",
        "another system took what was sent",
        "attempts",
    ),
    (
        "connector.set",
        "connector",
        "a connector is added or changed",
        "kind, unit, address, events",
    ),
    (
        "connector.strand",
        "connector",
        "the system of a unit that ends stays behind",
        "order, unit, why",
    ),
    (
        "connector.stuck",
        "connector",
        "people are told that hand-overs are stuck at a connector, once until it is over",
        "trouble, first hand-over",
    ),
    (
        "connector.try",
        "handover",
        "hand-overs are taken to be sent",
        "how many",
    ),
    (
        "connector.wait",
        "handover",
        "a hand-over is tried again later",
        "attempts, why",
    ),
    (
        "connector.well",
        "connector",
        "people are told that a connector takes its hand-overs again",
        "trouble, since when",
    ),
    (
        "near.confirm",
        "subscription",
        "a subscription to a place is confirmed by its link",
        "",
    ),
    (
        "near.digest",
        "subscriptions",
        "the digests of the day are put up",
        "how many subscriptions were looked at, how many letters",
    ),
    (
        "near.drop",
        "letter",
        "there is nothing to tell, or the address was erased",
        "kind, attempts",
    ),
    (
        "near.end",
        "subscription",
        "a subscription is ended by its link, and its address erased",
        "",
    ),
    (
        "near.fail",
        "letter",
        "a letter is given up",
        "kind, attempts",
    ),
    (
        "near.forget",
        "subscriptions",
        "subscriptions that nobody confirmed are removed, and their addresses erased",
        "how many",
    ),
    (
        "near.sent",
        "letter",
        "a mail server took a letter",
        "kind, attempts",
    ),
    (
        "near.subscribe",
        "subscription",
        "somebody asks to hear of a place",
        "place, classes",
    ),
    (
        "near.try",
        "letter",
        "a worker takes letters that are due",
        "how many",
    ),
    (
        "near.wait",
        "letter",
        "a letter was not taken and is tried again",
        "kind, attempts",
    ),
    (
        "notice.addresses",
        "account",
        "somebody sets how to be told; the addresses lie in the vault",
        "which channels",
    ),
    (
        "notice.again",
        "notice",
        "what did not arrive is sent again",
        "how many",
    ),
    (
        "notice.dismiss",
        "notice",
        "what did not arrive is taken off the list",
        "how many",
    ),
    (
        "notice.drop",
        "notice",
        "there is no contact to send a notice to",
        "channel, why",
    ),
    (
        "notice.fail",
        "notice",
        "a delivery is given up",
        "channel, attempts, why",
    ),
    (
        "notice.forget",
        "notice",
        "notices past their time are removed",
        "how many",
    ),
    (
        "notice.late",
        "notice",
        "a try ended after its lease was over",
        "",
    ),
    (
        "notice.post",
        "outbox",
        "those concerned by events are told",
        "rows passed, how many people",
    ),
    (
        "notice.read",
        "account",
        "somebody marks the own notices as read",
        "how many",
    ),
    (
        "notice.reword",
        "notice_template",
        "a kind of notice is worded anew",
        "language, title, body",
    ),
    (
        "notice.sent",
        "notice",
        "a channel took a notice",
        "channel, attempts",
    ),
    (
        "notice.try",
        "notice",
        "deliveries are taken to be sent",
        "how many",
    ),
    (
        "notice.wait",
        "notice",
        "a delivery is tried again later",
        "channel, attempts, why",
    ),
    (
        "supervision.begin",
        "setting",
        "supervision looks at a database for the first time",
        "",
    ),
    (
        "supervision.ladder",
        "rung",
        "a rung of the ladder is added or changed",
        "when, what, whom",
    ),
    (
        "supervision.late",
        "supervised",
        "a late report is told",
        "",
    ),
    (
        "supervision.open",
        "supervised",
        "a matter is put under supervision",
        "case, unit, reason, due",
    ),
    (
        "supervision.pass",
        "case",
        "rungs that lay behind at the first look are noted, and nobody is told",
        "",
    ),
    (
        "supervision.remind",
        "case",
        "somebody reminds whoever has a case",
        "step, how many were told",
    ),
    (
        "supervision.move",
        "supervised",
        "a reorganisation gives an open supervised matter to another unit",
        "the order, from, to",
    ),
    (
        "supervision.recompute",
        "supervised",
        "another calendar moves when a report is due",
        "when it was due and is due, by which calendar versions",
    ),
    (
        "supervision.report",
        "supervised",
        "the unit reports",
        "from, to",
    ),
    (
        "supervision.rung",
        "case",
        "a rung of the ladder fires",
        "level, what, arming",
    ),
    (
        "supervision.send_back",
        "supervised",
        "a report is not enough",
        "from, to",
    ),
    (
        "supervision.sign_off",
        "supervised",
        "a report is signed off",
        "from, to",
    ),
    (
        "supervision.withdraw",
        "supervised",
        "a supervision is withdrawn",
        "from, to",
    ),
    (
        "attachment.clean",
        "upload",
        "uploads that nobody took are removed",
        "how many",
    ),
    (
        "attachment.upload",
        "upload",
        "a picture or document is uploaded",
        "kind and size",
    ),
    (
        "beat.import",
        "beat",
        "beats are read from a file",
        "file, counts",
    ),
    (
        "calendar.change_day",
        "calendar",
        "one day of the calendar is changed by hand",
        "date, division, reason",
    ),
    (
        "city_settings.set",
        "setting",
        "a rule of the city is set, or set back",
        "before, after, reason",
    ),
    (
        "clocks.recompute",
        "clock_run",
        "a batch of open deadlines is computed again after a calendar changed",
        "calendars, how many were seen and moved",
    ),
    (
        "clocks.recomputed",
        "clock_run",
        "all open deadlines were computed again",
        "calendars, how many were seen and moved",
    ),
    (
        "calendar.import",
        "calendar",
        "a calendar is read from a file",
        "",
    ),
    (
        "case_list.edit",
        "case_list",
        "an entry of a list of the record is added or changed: natures, reasons, doors",
        "",
    ),
    (
        "channel.edit",
        "channel",
        "a channel is added, or its names or whether its reports are verified first are changed",
        "`name_zh`, `name_en`, `verify`",
    ),
    (
        "case_template.drop",
        "case_template",
        "a template of answers of some classes is taken away",
        "",
    ),
    (
        "case_template.edit",
        "case_template",
        "a template of answers is added or changed",
        "",
    ),
    (
        "audit.export",
        "audit",
        "the auditor takes a file of special acts or of a sample",
        "what, period, rows, SHA-256 of the file",
    ),
    (
        "audit.sample",
        "audit",
        "the auditor draws a sample by lot",
        "seed, period, size",
    ),
    (
        "case.late_record",
        "case",
        "an act or a report was recorded later than it was done, such as one made without a network",
        "act, when it was made and recorded, minutes between",
    ),
    (
        "case.look",
        "case",
        "somebody was refused a look at a case outside their scope",
        "why",
    ),
    (
        "case.measure",
        "case",
        "cases stored by an earlier version get their rows of measures",
        "how many",
    ),
    (
        "desk.bulk",
        "bulk_act",
        "an act for several cases is asked for at the desk",
        "the act, how many cases, when it is due",
    ),
    (
        "desk.bulk_begin",
        "bulk_act",
        "the program begins to carry it out; each case has its own entry besides",
        "",
    ),
    (
        "desk.bulk_end",
        "bulk_act",
        "every case is done or left out",
        "how many were done, how many left out",
    ),
    (
        "desk.bulk_go",
        "bulk_act",
        "its account lets it begin at once",
        "",
    ),
    (
        "desk.bulk_hold",
        "bulk_act",
        "its account holds it: nothing happens until it is let begin or stopped",
        "",
    ),
    (
        "desk.bulk_leave",
        "case",
        "a bulk act leaves a case out; it stays as it is",
        "why, the bulk act",
    ),
    (
        "desk.bulk_seen",
        "bulk_act",
        "the account has seen how it came out",
        "",
    ),
    (
        "desk.bulk_stop",
        "bulk_act",
        "it is stopped before it began",
        "",
    ),
    (
        "desk.filter_remove",
        "desk_filter",
        "an account removes a list it kept under a name",
        "",
    ),
    (
        "desk.filter_rename",
        "desk_filter",
        "an account gives such a list another name",
        "",
    ),
    (
        "desk.filter_save",
        "desk_filter",
        "an account keeps a list of the desk under a name",
        "",
    ),
    (
        "case.take_numbers",
        "number_block",
        "a block of case numbers is taken",
        "day, block",
    ),
    (
        "case.track",
        "case",
        "a wrong code or link was tried, so that the next tries slow down",
        "",
    ),
    (
        "catalogue.edit",
        "catalogue",
        "standard, version or validity of a catalogue change",
        "before and after",
    ),
    (
        "catalogue.import",
        "catalogue",
        "a catalogue of matters is read from a file",
        "counts",
    ),
    (
        "channel.import",
        "channel",
        "an import makes channels it did not know",
        "source",
    ),
    (
        "division.import",
        "division",
        "divisions are read from a file",
        "file, counts",
    ),
    (
        "duty.add",
        "duty",
        "a line of the register of duties is entered",
        "selector, unit, first day, the line it replaces",
    ),
    (
        "duty.end",
        "duty",
        "a line of the register of duties ends",
        "last day",
    ),
    (
        "duty.import",
        "duty",
        "responsibilities are read from a file",
        "file, counts",
    ),
    (
        "evaluation.define",
        "definition_set",
        "a set of definitions is read from a file",
        "version, numbers of definitions and composites",
    ),
    (
        "evaluation.freeze",
        "month",
        "the figures of a month are frozen",
        "version of the set, digest",
    ),
    (
        "duty.rules",
        "settings",
        "the rules for matters without a duty change",
        "before and after",
    ),
    (
        "export.again",
        "export",
        "an export that failed is begun anew",
        "what was asked for",
    ),
    (
        "export.ask",
        "export",
        "a file of records is asked for",
        "kind, period, purpose",
    ),
    (
        "export.begin",
        "export",
        "the program begins to write a file that was asked for",
        "kind, period, purpose",
    ),
    (
        "export.download",
        "export",
        "the file of an export leaves",
        "what was asked for, rows, sha256",
    ),
    (
        "export.end",
        "export",
        "the file of an export is finished, and whoever asked is told",
        "what was asked for, rows, bytes, sha256, until when it is kept",
    ),
    (
        "export.fail",
        "export",
        "an export cannot be finished, and whoever asked is told",
        "what was asked for, why",
    ),
    (
        "export.forget",
        "export",
        "exports whose file went a month ago are shown no more",
        "how many",
    ),
    (
        "export.progress",
        "export",
        "the program notes how far an export is, in steps of a twentieth",
        "what was asked for, rows written, rows there will be",
    ),
    (
        "export.remove",
        "export",
        "the file of an export is removed with its key, or an export that is not finished",
        "what was asked for, why, sha256",
    ),
    (
        "facts.export",
        "facts",
        "what every case counts as is written to a file, without personal fields",
        "rows",
    ),
    (
        "facts.query",
        "query",
        "an analyst's query over the views, or one that was refused",
        "the query, rows or reason; SHA-256 of the file it left in",
    ),
    (
        "facts.rebuild",
        "facts",
        "all figures are made again from the record",
        "cases",
    ),
    (
        "grid.draw",
        "lattice",
        "square cells are drawn where points lie in none",
        "metres, cells",
    ),
    (
        "grid.import",
        "grid",
        "unit grids are read from a file, or drawn over polygons",
        "file, counts",
    ),
    (
        "import.begin",
        "import",
        "a file that was looked at begins to be written",
        "kind",
    ),
    (
        "import.cancel",
        "import",
        "a file that was looked at is not wanted",
        "kind",
    ),
    (
        "import.end",
        "import",
        "the import of a file is over",
        "kind, counts, why it stopped",
    ),
    (
        "import.upload",
        "import",
        "a file is uploaded and looked at; nothing else is written",
        "kind, name, counts",
    ),
    (
        "matter.draft",
        "matter",
        "a draft of a class is saved",
        "version it was begun from",
    ),
    (
        "matter.draft_drop",
        "matter",
        "a draft of a class is undone",
        "",
    ),
    (
        "matter.import",
        "matter",
        "classes of a catalogue are read, or made by an import of cases",
        "source, counts",
    ),
    (
        "matter.publish",
        "matter",
        "a version of a class is published",
        "version, first day, reason, how many fields differ",
    ),
    (
        "matter.retire",
        "matter",
        "the last day of a class is set or taken away",
        "before and after",
    ),
    (
        "matter.take_back",
        "matter",
        "a version that has not begun becomes the draft again",
        "version, first day",
    ),
    (
        "route.refused",
        "route",
        "requests without the permission; strangers' are summed per minute",
        "route, how many",
    ),
    (
        "sample.install",
        "sample",
        "the sample city is installed",
        "seed, counts",
    ),
    (
        "open311.publish",
        "case",
        "somebody has read the words of a public case and says which of them are public",
        "how many characters",
    ),
    (
        "session.begin",
        "account",
        "a sign-in, or a refused one",
        "",
    ),
    ("session.end", "account", "a sign-out", ""),
    (
        "session.forget",
        "session",
        "sessions and stored answers past their time are removed",
        "how many",
    ),
    (
        "settings.cookie_key",
        "settings",
        "the key of cookies is made at the first start",
        "",
    ),
    (
        "store.backup",
        "database",
        "a backup was written",
        "rows, files",
    ),
    (
        "store.restore",
        "database",
        "this database was restored from a backup",
        "when it was taken, rows, mismatches",
    ),
    (
        "token.add",
        "token",
        "an API token is made",
        "account, scopes, until",
    ),
    ("token.revoke", "token", "an API token is revoked", ""),
    (
        "unit.import",
        "unit",
        "units are read from a file, or made by an import of cases",
        "source, counts",
    ),
    ("unit.save", "unit", "a unit is changed by hand", ""),
    (
        "vault.ask_unmasking",
        "subject",
        "somebody asks to see who made a confidential report",
        "reason",
    ),
    (
        "vault.decide_unmasking",
        "subject",
        "a second person decides on it",
        "granted or not",
    ),
    ("vault.erase", "subject", "a person is erased", "cause"),
    (
        "vault.erase_again",
        "vault",
        "erasures made after a backup are applied to the restored database",
        "listed, erased",
    ),
    (
        "vault.forget",
        "vault",
        "fields past their time are removed",
        "how many",
    ),
    (
        "vault.look",
        "subject",
        "somebody looks at a person's data, or is refused",
        "fields, purpose",
    ),
    (
        "vault.open",
        "vault_key",
        "the key of the blind index is made at the first start",
        "",
    ),
    (
        "vault.rotate",
        "vault_key",
        "keys are wrapped under a new master key",
        "versions, counts",
    ),
    (
        "vault.search",
        "vault",
        "a search by name or number, or a refused one",
        "purpose, found",
    ),
    (
        "suggestion.hot_topics",
        "hot_topic",
        "reports are grouped into hot topics",
        "reports, topics, how many go on",
    ),
    (
        "suggestion.outcomes",
        "suggestion",
        "what people decided where something was suggested is kept",
        "decisions",
    ),
    (
        "suggestion.set",
        "suggestion",
        "suggestion is turned on or off, or set anew",
        "before and after",
    ),
    (
        "suggestion.train",
        "suggestion_model",
        "a model is learned from the record",
        "kind, messages, quality on messages held back, standing, seed",
    ),
    (
        "suggestion.train_begin",
        "suggestion",
        "somebody begins to learn from the record",
        "seed",
    ),
    (
        "suggestion.use",
        "suggestion_model",
        "a model is put into force again",
        "kind",
    ),
    (
        "topic.cases",
        "topic",
        "cases are put into a topic or taken out; they do not change",
        "how many, how, or which",
    ),
    (
        "topic.edit",
        "topic",
        "what a topic is about changes",
        "title, unit",
    ),
    ("topic.make", "topic", "a topic is made", "title, cases"),
    (
        "topic.measure",
        "topic",
        "a measure of a topic is added or changed",
        "measure, standing",
    ),
    (
        "topic.move",
        "topic",
        "a topic is chosen, started, ended, dropped or taken up again",
        "from, to",
    ),
    (
        "topic.unit",
        "topic",
        "a reorganisation gives a topic, or measures of it, to another unit",
        "the order, from, to, measures",
    ),
    (
        "warning.backtest",
        "warning_backtest",
        "somebody begins a back-test",
        "days, seed",
    ),
    (
        "warning.backtest_end",
        "warning_backtest",
        "a back-test ends",
        "steps, why it failed",
    ),
    (
        "warning.backtest_step",
        "warning_backtest",
        "a running back-test keeps how far it is",
        "steps",
    ),
    (
        "warning.dismiss",
        "warning",
        "somebody decides that nothing needs doing",
        "standing",
    ),
    (
        "warning.judge",
        "warning",
        "somebody says what a finding was",
        "standing, verdict",
    ),
    (
        "warning.open_task",
        "warning",
        "preventive work is opened for a beat",
        "case, beat, whether drawn by lot, seed",
    ),
    (
        "warning.run",
        "warning_run",
        "a day is looked at for what is unusual",
        "seed, series and signals of each detector, findings",
    ),
    (
        "warning.see",
        "warning",
        "somebody looks at a finding",
        "standing",
    ),
    (
        "warning.set_detector",
        "warning_detector",
        "a detector is set anew or added",
        "version, settings",
    ),
    (
        "account.deputy",
        "account",
        "a leave with its deputy is entered",
        "the deputy, from, to",
    ),
    (
        "account.deputy_end",
        "account",
        "the time of a deputy is ended",
        "the deputy",
    ),
    (
        "session.act_for",
        "account",
        "a session acts in a colleague's place from now on, or in its own again",
        "",
    ),
    (
        "dispatch.lists",
        "outbox",
        "the lists of parts, whistles, mentions and claims follow the record",
        "how many cases",
    ),
    (
        "whistle.blow",
        "whistle",
        "a street calls units to a place",
        "how many units",
    ),
    (
        "whistle.answer",
        "whistle",
        "a unit answers a whistle",
        "how it stands",
    ),
    (
        "whistle.recompute",
        "whistle",
        "another calendar moves the limit of a whistle",
        "when it was due and is due, by which calendar versions",
    ),
    ("whistle.end", "whistle", "the street ends its whistle", ""),
    (
        "whistle.assess",
        "whistle",
        "one side of a whistle judges the other",
        "the mark, and of which side",
    ),
    (
        "handover.give",
        "handover",
        "a desk is handed over",
        "which desk",
    ),
    ("handover.take", "handover", "a desk is taken over", ""),
    (
        "mention.see",
        "account",
        "somebody has read the notes that name them",
        "",
    ),
    (
        "subscription.make",
        "unit",
        "an organisation subscribes to matters",
        "matter, division",
    ),
    ("subscription.end", "unit", "a subscription ends", ""),
    (
        "claim.end",
        "case",
        "the row of a claim follows its case",
        "",
    ),
    (
        "duty.rule",
        "duty",
        "a coordinator's ruling becomes a duty",
        "case, matter, division",
    ),
    (
        "unit.reorganise",
        "reorganisation",
        "units merge or split on a day",
        "the day, units, duties",
    ),
    (
        "unit.reorganise_done",
        "reorganisation",
        "all open cases of a reorganisation have moved",
        "",
    ),
    (
        "unit.reorganise_heirs",
        "reorganisation",
        "it is noted which units took over the work of those that a reorganisation ended",
        "each unit with its heir",
    ),
    (
        "unit.reorganise_move",
        "reorganisation",
        "a reorganisation gives a whistle, a call, hand-overs or a subscription to another unit",
        "which, from, to",
    ),
    (
        "unit.reorganise_pass",
        "reorganisation",
        "a case ended or moved before the reorganisation reached it",
        "",
    ),
    (
        "grid_item.import",
        "grid_item",
        "items of the list of tasks for grid workers are imported",
        "file, rows",
    ),
    (
        "grid_item.save",
        "grid_item",
        "an item of the list of tasks for grid workers is entered",
        "who admitted it, when",
    ),
];

/// What the acts on a case that are not moves of one case hold, beside what every act holds.
fn detail(act: Act) -> &'static str {
    match act {
        Act::Import => "file hash, rows of the batch",
        Act::Join | Act::Part | Act::RenewCall => "the other case",
        _ => "",
    }
}

/// The document.
pub(super) fn document() -> String {
    let mut out = head(
        "Audit events",
        "Every change is written in the same transaction as its audit event, and refused attempts are written too \
         (`outcome` is `done` or `refused`). Each row holds district, time, actor, action, outcome, object, purpose, detail and the \
         id of the request. Rows are never changed; how long they are kept: [schema](schema.md).",
    );
    out.push_str("| action | object | when | detail |\n|---|---|---|---|\n");
    let mut rows: Vec<(&str, &str, String, &str)> = EVENTS
        .iter()
        .map(|(action, object, when, detail)| (*action, *object, (*when).to_owned(), *detail))
        .collect();
    for act in Act::ALL {
        let object = if *act == Act::Import {
            "import_run"
        } else {
            "case"
        };
        rows.push((
            act.audit(),
            object,
            format!(
                "the move `{}` ([moves](moves.md)), or a refused try",
                act.as_str()
            ),
            detail(*act),
        ));
    }
    rows.sort_unstable();
    for (action, object, when, detail) in rows {
        let _ = writeln!(
            out,
            "| `{action}` | {object} | {} | {} |",
            cell(&when),
            cell(detail)
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// The text of every source file of the program, tests left out.
    fn sources(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir()
                && ![
                    "tests", "benches", "examples", "testdb", "testkit", "gen_docs", "bench",
                ]
                .contains(&name.as_str())
            {
                sources(&path, into);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                into.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// Every word of the trail has its sentence, and every kind of object its name; none is left over.
    #[test]
    fn the_auditor_reads_sentences_and_no_words_of_the_program() {
        let words = access::words_of(&[
            access::capability(),
            cases::http::capability(),
            oversight::capability(),
        ])
        .unwrap();
        let mut kinds: BTreeSet<String> = ["import_run", "case"]
            .into_iter()
            .map(access::trail::object_key)
            .collect();
        let mut used = BTreeSet::new();
        for (action, kind, ..) in EVENTS {
            let key = access::trail::act_key(action);
            assert!(words.has(&key), "{key}");
            assert!(used.insert(key), "two words have one sentence: {action}");
            kinds.insert(access::trail::object_key(kind));
        }
        for key in &kinds {
            assert!(words.has(key), "{key}");
        }
        for act in Act::ALL {
            let word = act.audit().trim_start_matches("case.").replace('_', "-");
            let key = format!("cases-act-{word}");
            assert!(words.has(&key), "{key}");
        }
        let all = words.keys().map(|(key, ..)| key);
        let left: Vec<&str> = all
            .filter(|key| {
                let is_act = key.starts_with("oversight-act-") && !used.contains(*key);
                is_act || key.starts_with("oversight-object-") && !kinds.contains(*key)
            })
            .collect();
        assert!(left.is_empty(), "of nothing: {left:?}");
    }

    #[test]
    fn the_catalogue_holds_the_words_of_the_code_and_no_others() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut text);
        let known: BTreeSet<&str> = EVENTS
            .iter()
            .map(|e| e.0)
            .chain(Act::ALL.iter().map(|a| a.audit()))
            .collect();
        let mut written = BTreeSet::new();
        for head in ["AuditEvent::done(", "AuditEvent::refused("] {
            for (_, rest) in text
                .match_indices(head)
                .map(|(at, _)| text.split_at(at + head.len()))
            {
                if let Some(word) = rest.trim_start().strip_prefix('"') {
                    written.insert(word.split('"').next().unwrap());
                }
            }
        }
        assert!(
            written.len() > 25,
            "the code's words were not found: {written:?}"
        );
        let missing: Vec<_> = written.difference(&known).collect();
        assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
        let gone: Vec<_> = EVENTS
            .iter()
            .map(|e| e.0)
            .filter(|word| !text.contains(&format!("\"{word}\"")))
            .collect();
        assert!(gone.is_empty(), "nobody writes: {gone:?}");
    }
}
