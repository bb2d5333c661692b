//! `shiyu bulletin --month YYYY-MM --out FILE.pdf|FILE.xlsx`: what a month's figures say, as a document.

use super::evaluate::{failed, month};
use crate::compose::{Program, capabilities};
use crate::config::Common;
use crate::output::{Done, Failure, write_file};
use access::SystemRole;
use clap::Args;
use evaluation::bulletin::{self, Words, font};
use evaluation::ops::{WHOLE_CITY, check_begun};
use std::path::PathBuf;
use ui::Lang;

/// The evaluation bulletin of a month, as PDF or Excel by the name of the file.
#[derive(Args)]
pub struct Bulletin {
    /// The month.
    #[arg(long, value_name = "YYYY-MM")]
    month: String,
    /// Where to write it: a name that ends in .pdf or .xlsx.
    #[arg(long, value_name = "FILE.pdf|FILE.xlsx")]
    out: PathBuf,
    /// The set of definitions.
    #[arg(long, default_value = "standard", value_name = "SET")]
    definition: String,
    /// The language of the document.
    #[arg(long, default_value = "zh-CN", value_name = "zh-CN|en")]
    lang: String,
}

impl Bulletin {
    /// Runs it.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        let unusable =
            |text: String, field: &str| Failure::unusable("unusable_option", text).field(field);
        let is_pdf = match self.out.extension().and_then(|e| e.to_str()) {
            Some("pdf") => true,
            Some("xlsx") => false,
            _ => {
                let text = format!("{} ends neither in .pdf nor in .xlsx", self.out.display());
                return Err(unusable(text, "out"));
            }
        };
        let lang = match self.lang.as_str() {
            "zh-CN" => Lang::Zh,
            "en" => Lang::En,
            other => {
                return Err(unusable(
                    format!("unknown language {other:?}: expected zh-CN or en"),
                    "lang",
                ));
            }
        };
        let month = month(&self.month)?;
        let program = Program::open(common)?;
        let ctx = program.ready(SystemRole::Operator)?;
        let city = program.reference.current();
        let now = ctx.now();
        check_begun(month, now, &program.config.timezone).map_err(failed)?;
        let (place, set) = (city.clone(), self.definition);
        let material = ctx
            .read_blocking(move |r| bulletin::material(r, &place, &set, month, now, &WHOLE_CITY))
            .map_err(failed)?;
        let words = access::words_of(&capabilities())
            .map_err(|e| Failure::other("words", e.to_string()))?;
        let words = Words { i18n: &words, lang };
        let names = crate::serve::city_name(&program, false);
        let made = bulletin::compose(&words, names.in_lang(lang), &city, &material);
        let rows = made.rows();
        let bytes = bulletin::bytes(&made, is_pdf, &font::folders())
            .map_err(|e| Failure::other("no_document", e))?;
        write_file(&self.out, &bytes)?;
        let text = format!("{} written, {rows} rows", self.out.display());
        Done::new(&serde_json::json!({ "file": self.out, "rows": rows }), text)
    }
}
