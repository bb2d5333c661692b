//! In which language a command tells people what is wrong with a file or its rows. What programs read (`--json`) is the same in all.

use crate::compose::capabilities;
use crate::output::Failure;
use access::Problem;
use clap::Args;
use grid::{ImportError, Reject, Remark};
use ui::{I18n, Lang};

/// Refused rows that are told; `--json` lists them all.
pub const MOST_TOLD: usize = 20;

/// The language.
#[derive(Args, Debug, Clone, Copy, Default)]
pub struct Speech {
    /// The language in which refused rows and files are told [default: that of the environment, else English].
    #[arg(long, global = true, value_name = "zh-CN|en", value_parser = lang)]
    lang: Option<Lang>,
}

fn lang(text: &str) -> Result<Lang, String> {
    match text {
        "zh-CN" | "zh" => Ok(Lang::Zh),
        "en" => Ok(Lang::En),
        other => Err(format!("unknown language {other:?}: expected zh-CN or en")),
    }
}

/// The language of the environment, by the variable that counts first.
fn of_environment(get: impl Fn(&str) -> Option<String>) -> Lang {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(get)
        .find(|value| !value.is_empty());
    match said {
        Some(value) if value.starts_with("zh") => Lang::Zh,
        _ => Lang::En,
    }
}

impl Speech {
    /// The language.
    pub fn lang(self) -> Lang {
        self.lang
            .unwrap_or_else(|| of_environment(|name| std::env::var(name).ok()))
    }
    /// The sentences of the language files.
    ///
    /// # Errors
    /// Language files that do not fit together.
    pub fn words() -> Result<I18n, Failure> {
        access::words_of(&capabilities()).map_err(|e| Failure::other("words", e.to_string()))
    }
    /// Why a file cannot be used: for programs as ever, for people in the language.
    pub fn failure(self, error: ImportError) -> Failure {
        let said = match self.lang() {
            // The message itself is English.
            Lang::En => None,
            lang => Self::words().ok().map(|words| error.sentence(&words, lang)),
        };
        let failure = Failure::from(error);
        match said {
            Some(said) => failure.saying(said),
            None => failure,
        }
    }
    /// What a use case refused: for programs as ever, for people in the language.
    pub fn refused(self, failure: Failure, problem: &dyn Problem) -> Failure {
        let (lang, key) = (self.lang(), access::word_key(problem.code()));
        let words = match lang {
            // The message itself is English.
            Lang::En => None,
            _ => Self::words().ok().filter(|words| words.has(&key)),
        };
        match words {
            Some(words) => failure.saying(access::said(&words, lang, &key, &problem.args())),
            None => failure,
        }
    }
    /// Refused rows, each with its line and its column, as many as are told.
    ///
    /// # Errors
    /// As [`Speech::words`].
    pub fn rejects(self, rejects: &[Reject]) -> Result<Vec<String>, Failure> {
        if rejects.is_empty() {
            return Ok(Vec::new());
        }
        let (words, lang) = (Self::words()?, self.lang());
        let told = rejects.iter().take(MOST_TOLD).map(|reject| {
            let line = match &reject.sheet {
                Some(sheet) => format!("{sheet} {}", reject.line),
                None => reject.line.to_string(),
            };
            let (column, reason) = (reject.column(&words, lang), reject.sentence(&words, lang));
            words.text(
                lang,
                "grid-reject-line",
                &[("line", &line), ("column", &column), ("reason", &reason)],
            )
        });
        Ok(told.collect())
    }
}

impl Speech {
    /// What a person should look at although it was taken, as many as are told.
    ///
    /// # Errors
    /// As [`Speech::words`].
    pub fn remarks(self, remarks: &[Remark]) -> Result<Vec<String>, Failure> {
        if remarks.is_empty() {
            return Ok(Vec::new());
        }
        let (words, lang) = (Self::words()?, self.lang());
        let told = remarks.iter().take(MOST_TOLD);
        Ok(told.map(|r| r.sentence(&words, lang)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_speaks_where_nobody_said_otherwise() {
        let of = |pairs: &[(&str, &str)]| {
            of_environment(|name| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(of(&[]), Lang::En);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "")]), Lang::Zh);
    }

    #[test]
    fn an_unusable_file_is_told_to_people_in_their_language_and_to_programs_as_ever() {
        let cut = grid::import::grids(
            b"{\"type\":\"FeatureCollection\",\"features\":[",
            kernel::Crs::Wgs84,
        );
        let failure = Speech {
            lang: Some(Lang::Zh),
        }
        .failure(cut.unwrap_err());
        assert_eq!(
            (failure.code.as_str(), failure.line),
            ("unreadable_geojson", Some(1))
        );
        assert!(failure.message.starts_with("not JSON"), "{failure:?}");
        let said = format!("{failure:?}");
        assert!(said.contains("第 1 行：不是完整的 GeoJSON"), "{said}");
    }

    #[test]
    fn a_refused_row_is_told_in_both_languages_with_line_and_column() {
        let why = grid::Why::new("unknown_unit", "no unit has this code");
        let reject = Reject::new(7, "handling", "X1", why);
        let told = |lang| {
            let speech = Speech { lang: Some(lang) };
            speech.rejects(std::slice::from_ref(&reject)).unwrap()
        };
        assert_eq!(told(Lang::Zh), ["第 7 行，处置单位：没有单位使用这个编码"]);
        assert_eq!(told(Lang::En), ["line 7, handling: no unit has this code"]);
    }

    #[test]
    fn a_remark_is_told_in_both_languages_and_one_kept_before_there_were_words_in_english() {
        let remark = Remark::new("no_unit", "no unit \"x\" is registered (2 classes)")
            .with("unit", "城管局")
            .with("classes", 2);
        let kept = serde_json::to_string(&[&remark]).unwrap();
        let kept: Vec<Remark> = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept, [remark]);
        let before: Vec<Remark> = serde_json::from_str(r#"["look at it"]"#).unwrap();
        let told = |lang| {
            let speech = Speech { lang: Some(lang) };
            let all = [kept.clone(), before.clone()].concat();
            speech.remarks(&all).unwrap()
        };
        assert_eq!(
            told(Lang::Zh),
            ["没有登记名为“城管局”的单位，涉及 2 个类别", "look at it"]
        );
        assert_eq!(
            told(Lang::En),
            ["no unit “城管局” is registered (2 classes)", "look at it"]
        );
    }

    #[test]
    fn what_is_wrong_inside_a_calendar_is_told_in_the_language_with_its_place() {
        let failure = |text: &str| {
            let error = kernel::Calendar::parse(text).unwrap_err();
            let error = matters::ops::unreadable_calendar(error);
            let speech = Speech {
                lang: Some(Lang::Zh),
            };
            format!("{:?}", speech.failure(error))
        };
        let line = failure("year 2026\noff 2026-13-01");
        assert!(
            line.contains("第 2 行：日历读不懂（“2026-13-01”不是形如 2026-01-31 的日期）"),
            "{line}"
        );
        let field = failure(r#"{"years":{"2026":[{"date":"1.1.","off":true}]}}"#);
        assert!(
            field.contains("日历读不懂（years.2026[0].date：“1.1.”不是形如 2026-01-31 的日期）"),
            "{field}"
        );
    }
}
