//! The words of a statement: one SELECT over names that may be named. No parser of SQL, but a reader of its tokens that
//! refuses whatever it does not know; what passes is asked again by the engine.

use super::{Fence, Refusal};

/// The longest statement, in bytes.
pub(super) const LONGEST: usize = 8_000;

/// Functions that may be called: they compute and do nothing else.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "ceil",
    "coalesce",
    "count",
    "cume_dist",
    "date",
    "date_part",
    "date_trunc",
    "dense_rank",
    "extract",
    "first_value",
    "floor",
    "greatest",
    "iif",
    "lag",
    "last_value",
    "lead",
    "least",
    "length",
    "like",
    "lower",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "rank",
    "round",
    "row_number",
    "strftime",
    "substr",
    "substring",
    "sum",
    "to_char",
    "total",
    "trim",
    "upper",
];

/// Words of the language that an opening bracket may follow.
const BEFORE_BRACKET: &[&str] = &[
    "all",
    "and",
    "any",
    "as",
    "between",
    "by",
    "case",
    "cast",
    "distinct",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "limit",
    "not",
    "offset",
    "on",
    "or",
    "over",
    "select",
    "some",
    "then",
    "union",
    "using",
    "when",
    "where",
    "within",
    "materialized",
];

/// Words that have no place in a question.
const FORBIDDEN: &[&str] = &[
    "alter",
    "analyze",
    "attach",
    "begin",
    "call",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "delete",
    "detach",
    "do",
    "drop",
    "execute",
    "explain",
    "fetch",
    "for",
    "grant",
    "insert",
    "into",
    "listen",
    "load",
    "lock",
    "merge",
    "notify",
    "pragma",
    "prepare",
    "recursive",
    "reindex",
    "replace",
    "reset",
    "returning",
    "revoke",
    "rollback",
    "savepoint",
    "set",
    "show",
    "table",
    "tablesample",
    "temp",
    "truncate",
    "update",
    "vacuum",
    "values",
];

/// Whether a function may be called.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.contains(&name)
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A bare word, in lower case.
    Word(String),
    /// A name in double quotes, in lower case.
    Quoted(String),
    /// A text in single quotes.
    Text,
    Number,
    Sign(char),
}

impl Token {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

/// Checks a statement; answers it without the semicolon and the spaces at its end.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check<'s>(sql: &'s str, fence: &Fence) -> Result<&'s str, Refusal> {
    if sql.len() > LONGEST {
        return Err(Refusal::TooLong(LONGEST));
    }
    let sql = sql.trim();
    let sql = sql.strip_suffix(';').unwrap_or(sql).trim_end();
    let tokens = tokens(sql)?;
    match tokens.first() {
        Some(Token::Word(first)) if first == "select" || first == "with" => {}
        None => return Err(Refusal::Empty),
        Some(_) => return Err(Refusal::NoQuestion),
    }
    let at = |n: usize| tokens.get(n);
    for (n, token) in tokens.iter().enumerate() {
        let Some(name) = token.name() else { continue };
        let is_word = matches!(token, Token::Word(_));
        if is_word && FORBIDDEN.contains(&name) {
            return Err(Refusal::Word(name.to_uppercase()));
        }
        let is_inner = ["facts_", "pg_", "sqlite_", "information_schema"]
            .iter()
            .any(|p| name.starts_with(p))
            || fence.tables.contains(&name);
        if is_inner {
            return Err(Refusal::NoView(name.to_owned()));
        }
        if at(n + 1) == Some(&Token::Sign('(')) {
            let may = is_word && (is_function(name) || BEFORE_BRACKET.contains(&name));
            if !may {
                return Err(Refusal::NoFunction(name.to_owned()));
            }
        }
        // A WITH of the same name would borrow the view's rights.
        let is_defined = at(n + 1).and_then(Token::name) == Some("as")
            && (at(n + 2) == Some(&Token::Sign('('))
                || matches!(
                    at(n + 2).and_then(Token::name),
                    Some("materialized" | "not")
                ));
        if is_defined && fence.views.contains(&name) {
            return Err(Refusal::NameOfAView(name.to_owned()));
        }
    }
    Ok(sql)
}

fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let mut found = Vec::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            c if c.is_whitespace() => c.len_utf8(),
            '\'' => {
                let len = quoted(rest, '\'')?;
                found.push(Token::Text);
                len
            }
            '"' => {
                let len = quoted(rest, '"')?;
                found.push(Token::Quoted(rest[1..len - 1].to_lowercase()));
                len
            }
            c if c.is_alphabetic() || c == '_' => {
                let len = rest
                    .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                let word = rest[..len].to_lowercase();
                // E'…', X'…', U&'…': another kind of text than the reader here knows.
                if rest[len..].starts_with(['\'', '"']) || rest[len..].starts_with("&'") {
                    return Err(Refusal::KindOfText(word));
                }
                found.push(Token::Word(word));
                len
            }
            c if c.is_ascii_digit() => {
                found.push(Token::Number);
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
                    .unwrap_or(rest.len())
            }
            '-' if rest.starts_with("--") => return Err(Refusal::Comment),
            '/' if rest.starts_with("/*") => return Err(Refusal::Comment),
            ';' => return Err(Refusal::SecondStatement),
            ':' if rest.starts_with("::") => {
                found.push(Token::Sign(':'));
                2
            }
            '(' | ')' | ',' | '.' | '*' | '+' | '-' | '/' | '%' | '=' | '<' | '>' | '!' | '|' => {
                found.push(Token::Sign(c));
                1
            }
            other => return Err(Refusal::Sign(other)),
        };
        rest = &rest[taken..];
    }
    Ok(found)
}

/// How long a quoted piece at the beginning is, its quotes included; a doubled quote stands for one.
fn quoted(text: &str, quote: char) -> Result<usize, Refusal> {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\0' {
            break;
        }
        if c == quote {
            match chars.peek() {
                Some((_, next)) if *next == quote => _ = chars.next(),
                _ => return Ok(at + 1),
            }
        }
    }
    Err(Refusal::NotClosed(quote))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn fence() -> Fence {
        Fence {
            views: &["v_days", "v_units"],
            tables: &["facts_rollups", "units"],
            own_views: Vec::new(),
            rows: 10,
            bytes: 1000,
            time: Duration::from_secs(1),
        }
    }

    #[test]
    fn questions_pass() {
        for sql in [
            "SELECT * FROM v_days",
            "select day, sum(reported) as n from v_days where district = '330102' group by day having sum(reported) > 3 order by 1 limit 5;",
            "WITH a AS (SELECT day FROM v_days) SELECT count(*) FROM a JOIN v_units AS u ON 1 = 1",
            "SELECT \"day\" AS \"统计日\", 1.5e3, -2, reported * 100 / NULLIF(closed, 0), 'it''s; -- /* fine */' FROM v_days d",
            "SELECT rank() OVER (PARTITION BY district ORDER BY reported DESC) FROM v_days WHERE NOT (day IN ('2026-01-01'))",
            "SELECT CAST(day AS TEXT), day::text FROM v_days UNION ALL SELECT 'x', 'y' FROM v_units",
        ] {
            check(sql, &fence()).unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }

    #[test]
    fn ways_out_are_refused() {
        for sql in [
            "",
            ";",
            "  ",
            "DELETE FROM v_days",
            "PRAGMA query_only = off",
            "ATTACH 'x' AS y",
            "EXPLAIN SELECT 1",
            "SELECT 1; DROP TABLE cases",
            "SELECT 1;;",
            "SELECT 1 -- x",
            "SELECT /* x */ 1",
            "SELECT 1 /*",
            "SELECT * FROM facts_rollups",
            "SELECT * FROM \"facts_rollups\"",
            "SELECT * FROM FACTS_CASES",
            "SELECT * FROM units",
            "SELECT * FROM pg_authid",
            "SELECT * FROM public.pg_shadow",
            "SELECT * FROM sqlite_master",
            "SELECT * FROM information_schema.tables",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT query_to_xml('select 1', true, true, '')",
            "SELECT load_extension('x')",
            "SELECT set_config('role', 'x', false)",
            "SELECT \"set_config\"('role', 'x', false)",
            "SELECT pg_sleep (100)",
            "SELECT randomblob(1000000000)",
            "SELECT * FROM generate_series(1, 10)",
            "SELECT * INTO x FROM v_days",
            "WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a",
            "WITH v_days AS (SELECT 1) SELECT * FROM v_days",
            "WITH \"v_days\" AS MATERIALIZED (SELECT 1) SELECT 1",
            "WITH v_days AS NOT MATERIALIZED (SELECT 1) SELECT 1",
            "WITH x AS (DELETE FROM v_days RETURNING 1) SELECT 1",
            "SELECT 1 FOR UPDATE",
            "(TABLE accounts)",
            "SELECT * FROM (TABLE accounts) a",
            "VALUES (1)",
            "SELECT $1",
            "SELECT ?",
            "SELECT @x",
            "SELECT `a` FROM v_days",
            "SELECT [a] FROM v_days",
            "SELECT $$x$$",
            "SELECT E'\\''",
            "SELECT U&'x'",
            "SELECT x'00'",
            "SELECT 'a",
            "SELECT \"a",
            "SELECT \\ 1",
            "SELECT 1 \0",
            "SELECT * FROM temp.v_days",
        ] {
            assert!(check(sql, &fence()).is_err(), "{sql}");
        }
        assert!(check(&format!("SELECT '{}'", "x".repeat(LONGEST)), &fence()).is_err());
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "\\PC{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = check(&text, &fence());
            let _ = check(&String::from_utf8_lossy(&bytes), &fence());
            let _ = check(&format!("SELECT {text}"), &fence());
        }
    }
}
