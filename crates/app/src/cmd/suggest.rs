//! `shiyu suggest`: train a model of classes on a record of messages, measure it, ask it why.

use super::table::Table;
use crate::config::Common;
use crate::output::{Done, Failure, write_file};
use analysis::text::{self, Calibration, Measures, Message, Model, Options, Suggestion, Tally};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Labels `why` shows at most.
const MOST_SUGGESTIONS: usize = 3;
/// Largest model file read; four times what a full model takes.
const MOST_MODEL_BYTES: u64 = 1 << 28;

/// Suggest a class from the words of a message: train, measure, explain.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Train a model on messages that people have classed: of a file, or of the city's own record.
    Train(Train),
    /// Look for what many reports of the last weeks are about. Needs a database.
    Topics,
    /// Measure a model on messages that people have classed and it has not seen.
    Eval(Eval),
    /// Show what a model suggests for one text, and which words weighed.
    Why(Why),
}

#[derive(clap::Args)]
struct Columns {
    /// CSV file, one row a message. Rows without a label or without text are left out and counted.
    file: PathBuf,
    /// Columns that hold the text, the title first.
    #[arg(
        long = "text",
        value_name = "COL[,COL]",
        value_delimiter = ',',
        required = true
    )]
    text: Vec<String>,
    /// Column that holds the class.
    #[arg(long, value_name = "COL")]
    label: String,
}

#[derive(clap::Args)]
struct Train {
    /// CSV file, one row a message. Rows without a label or without text are left out and counted.
    #[arg(
        required_unless_present = "from_record",
        conflicts_with = "from_record"
    )]
    file: Option<PathBuf>,
    /// Learn class and unit from the city's own record, and keep the models in the database.
    #[arg(long)]
    from_record: bool,
    /// Columns that hold the text, the title first.
    #[arg(
        long = "text",
        value_name = "COL[,COL]",
        value_delimiter = ',',
        required_unless_present = "from_record",
        conflicts_with = "from_record"
    )]
    text: Vec<String>,
    /// Column that holds the class.
    #[arg(
        long,
        value_name = "COL",
        required_unless_present = "from_record",
        conflicts_with = "from_record"
    )]
    label: Option<String>,
    /// File to write the model to.
    #[arg(
        long,
        value_name = "MODEL",
        required_unless_present = "from_record",
        conflicts_with = "from_record"
    )]
    out: Option<PathBuf>,
    /// The same data and seed give the same model, byte for byte.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of right answers wanted where the model speaks; below that confidence it stays silent.
    #[arg(long, default_value_t = text::DEFAULT_TARGET, value_name = "SHARE")]
    target: f64,
    /// The least confidence at which the model speaks, however often it was right below.
    #[arg(long, default_value_t = text::DEFAULT_LEAST, value_name = "SHARE")]
    least: f64,
}

#[derive(clap::Args)]
struct Eval {
    #[command(flatten)]
    columns: Columns,
    /// The model to measure.
    #[arg(long)]
    model: PathBuf,
}

#[derive(clap::Args)]
struct Why {
    /// The model to ask.
    #[arg(long)]
    model: PathBuf,
    /// The message.
    #[arg(long = "text", value_name = "TEXT")]
    text: String,
}

/// What was read from a file of classed messages.
struct Record {
    texts: Vec<String>,
    labels: Vec<String>,
    without_label: usize,
    without_text: usize,
}

#[derive(Serialize)]
struct Trained {
    rows: usize,
    classes: usize,
    seconds: f64,
    skipped_without_label: usize,
    skipped_without_text: usize,
    features: usize,
    bytes: usize,
    threshold: f64,
    expected_coverage: f64,
    expected_accuracy_when_answered: f64,
}

#[derive(Serialize)]
struct Evaluated {
    #[serde(flatten)]
    measures: Measures,
    /// Time to judge, without reading the files.
    seconds: f64,
    skipped_without_label: usize,
    skipped_without_text: usize,
    threshold: f64,
}

#[derive(Serialize)]
struct Explained {
    suggestions: Vec<Suggestion>,
    /// Whether the model was not sure enough to say anything.
    silent: bool,
    threshold: f64,
}

impl Args {
    /// Runs the action.
    pub fn run(self, common: &Common) -> Result<Done, Failure> {
        match self.action {
            Action::Train(train) if train.from_record => {
                super::suggest_record::train(common, train.seed)
            }
            Action::Topics => super::suggest_record::topics(common),
            Action::Train(train) => train.run(),
            Action::Eval(eval) => eval.run(),
            Action::Why(why) => why.run(),
        }
    }
}

impl Train {
    fn run(self) -> Result<Done, Failure> {
        let needed = "the command line asks for it unless --from-record is given";
        let out = self.out.expect(needed);
        let columns = Columns {
            file: self.file.expect(needed),
            text: self.text,
            label: self.label.expect(needed),
        };
        let folder = out
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let message = format!(
                "cannot write {}: there is no folder {}",
                out.display(),
                folder.display()
            );
            return Err(Failure::unusable("unwritable_file", message).field("out"));
        }
        let record = columns.read()?;
        text::prepare();
        let start = Instant::now();
        let labels: Vec<&str> = record.labels.iter().map(String::as_str).collect();
        let options = Options {
            seed: self.seed,
            target: self.target,
            least: self.least,
            ..Options::default()
        };
        let model = text::train(&record.messages(), &labels, &options)
            .map_err(|e| refused(e, &columns.label))?;
        let seconds = start.elapsed().as_secs_f64();
        let bytes = model.to_bytes();
        write_file(&out, &bytes)?;
        let Calibration {
            threshold,
            coverage,
            accuracy_when_answered,
            ..
        } = *model.calibration();
        let answer = Trained {
            rows: record.texts.len(),
            classes: model.labels().len(),
            seconds,
            skipped_without_label: record.without_label,
            skipped_without_text: record.without_text,
            features: model.features(),
            bytes: bytes.len(),
            threshold,
            expected_coverage: coverage,
            expected_accuracy_when_answered: accuracy_when_answered,
        };
        let text = format!(
            "{} messages, {} classes, {:.1} s; on messages held back it answers {:.1} % and is right in {:.1} % of those\nmodel written to {}",
            answer.rows,
            answer.classes,
            seconds,
            100.0 * coverage,
            100.0 * accuracy_when_answered,
            out.display()
        );
        Done::new(&answer, text)
    }
}

impl Eval {
    fn run(self) -> Result<Done, Failure> {
        let model = read_model(&self.model)?;
        let record = self.columns.read()?;
        text::prepare();
        let start = Instant::now();
        let verdicts = model.judge_all(&record.messages());
        let seconds = start.elapsed().as_secs_f64();
        let mut tally = Tally::default();
        for (verdict, truth) in verdicts.iter().zip(&record.labels) {
            tally.add(&model.labels()[verdict.label], verdict.answered, truth);
        }
        let answer = Evaluated {
            measures: tally.measures(),
            seconds,
            skipped_without_label: record.without_label,
            skipped_without_text: record.without_text,
            threshold: model.calibration().threshold,
        };
        let percent =
            |share: Option<f64>| share.map_or("–".to_owned(), |s| format!("{:.1} %", 100.0 * s));
        let m = &answer.measures;
        let text = format!(
            "{} messages: {} right, macro-F1 {}; answers {}, right in {} of those; {seconds:.2} s",
            m.n,
            percent(m.accuracy),
            percent(m.macro_f1),
            percent(m.coverage),
            percent(m.accuracy_when_answered)
        );
        Done::new(&answer, text)
    }
}

impl Why {
    fn run(self) -> Result<Done, Failure> {
        let model = read_model(&self.model)?;
        let suggestions = model.suggest(&self.text.as_str().into(), MOST_SUGGESTIONS);
        let mut text = String::new();
        for s in &suggestions {
            let _ = writeln!(
                text,
                "{} ({:.0} %): {}",
                s.label,
                100.0 * s.confidence,
                s.words.join(" ")
            );
        }
        if suggestions.is_empty() {
            text = "no suggestion: the model is not sure enough".to_owned();
        }
        Done::new(
            &Explained {
                silent: suggestions.is_empty(),
                threshold: model.calibration().threshold,
                suggestions,
            },
            text,
        )
    }
}

impl Columns {
    fn read(&self) -> Result<Record, Failure> {
        let table = Table::read(&self.file)?;
        let label = table.column(&self.label)?;
        let mut texts = vec![String::new(); table.len()];
        for name in &self.text {
            for (whole, (_, part)) in texts.iter_mut().zip(table.texts(table.column(name)?)) {
                // Title and text stay lines of their own: each may be segmented or not.
                if !whole.is_empty() && !part.is_empty() {
                    whole.push('\n');
                }
                whole.push_str(part);
            }
        }
        let mut record = Record {
            texts: Vec::new(),
            labels: Vec::new(),
            without_label: 0,
            without_text: 0,
        };
        for (text, (_, label)) in texts.into_iter().zip(table.texts(label)) {
            if label.is_empty() {
                record.without_label += 1;
            } else if text.is_empty() {
                record.without_text += 1;
            } else {
                record.texts.push(text);
                record.labels.push(label.to_owned());
            }
        }
        if record.texts.is_empty() {
            let message = format!(
                "no row has both a text and a label ({} without label, {} without text)",
                record.without_label, record.without_text
            );
            return Err(Failure::unusable("no_rows", message).field(self.label.as_str()));
        }
        Ok(record)
    }
}

impl Record {
    fn messages(&self) -> Vec<Message<'_>> {
        self.texts.iter().map(|t| t.as_str().into()).collect()
    }
}

fn refused(error: text::TrainError, label: &str) -> Failure {
    let field = match &error {
        text::TrainError::Option { name, .. } => format!("--{name}"),
        text::TrainError::NoFeatures => "--text".to_owned(),
        _ => label.to_owned(),
    };
    Failure::unusable("untrainable", error.to_string()).field(field)
}

fn read_model(path: &Path) -> Result<Model, Failure> {
    let cannot = |why: String| {
        Failure::unusable(
            "unreadable_model",
            format!("cannot read {}: {why}", path.display()),
        )
        .field("--model")
    };
    let size = std::fs::metadata(path)
        .map_err(|e| cannot(e.to_string()))?
        .len();
    if size > MOST_MODEL_BYTES {
        return Err(cannot(format!(
            "it has {size} bytes, more than {MOST_MODEL_BYTES}"
        )));
    }
    let bytes = std::fs::read(path).map_err(|e| cannot(e.to_string()))?;
    Model::from_bytes(&bytes).map_err(|e| cannot(e.to_string()))
}

#[cfg(test)]
mod tests {
    use crate::cmd::testing::{run, with_file};
    use serde_json::Value;

    /// 120 classed messages, one without label and one without text.
    fn record() -> String {
        let mut csv = "id,title,body,class\n".to_owned();
        for i in 0..40 {
            csv += &format!("{i},路灯坏了,\"人民路{i}号路灯不亮，\n晚上太黑\",照明\n");
            csv += &format!("{i},夜间噪声,幸福小区{i}栋旁边工地半夜施工噪声扰民,噪声\n");
            csv += &format!("{i},停水,{i}单元停水两天自来水发黄水管漏水,供水\n");
        }
        csv + "900,有题目,没有分类,\n901,,,供水\n"
    }

    fn keys(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    fn with_model(then: impl FnOnce(&str, &str, Value)) {
        with_file(&record(), |csv| {
            let model = format!("{csv}.model");
            let done = run(&[
                "suggest",
                "train",
                csv,
                "--text",
                "title,body",
                "--label",
                "class",
                "--out",
                &model,
            ])
            .unwrap();
            then(csv, &model, done.json);
            std::fs::remove_file(model).unwrap();
        });
    }

    #[test]
    fn train_measure_and_ask_as_the_contract_says() {
        with_model(|csv, model, trained| {
            assert_eq!(keys(&trained)[..3], ["rows", "classes", "seconds"]);
            assert_eq!(
                (&trained["rows"], &trained["classes"]),
                (&120.into(), &3.into())
            );
            assert_eq!(
                (
                    &trained["skipped_without_label"],
                    &trained["skipped_without_text"]
                ),
                (&1.into(), &1.into())
            );

            let done = run(&[
                "suggest",
                "eval",
                csv,
                "--text",
                "title,body",
                "--label",
                "class",
                "--model",
                model,
            ])
            .unwrap();
            assert_eq!(
                keys(&done.json)[..6],
                [
                    "n",
                    "accuracy",
                    "macro_f1",
                    "coverage",
                    "accuracy_when_answered",
                    "seconds"
                ]
            );
            assert_eq!(
                (
                    &done.json["n"],
                    &done.json["accuracy"],
                    &done.json["coverage"]
                ),
                (&120.into(), &1.0.into(), &1.0.into())
            );

            let text = "人民路的路灯不亮了，晚上太黑";
            let done = run(&["suggest", "why", "--model", model, "--text", text]).unwrap();
            let first = &done.json["suggestions"][0];
            assert_eq!(first["label"], "照明", "{}", done.json);
            assert!(first["confidence"].as_f64().unwrap() > 0.5);
            let words = first["words"].as_array().unwrap();
            assert!(!words.is_empty() && words.iter().all(|w| text.contains(w.as_str().unwrap())));
            assert!(
                done.text.contains("照明") && done.text.contains("灯"),
                "{}",
                done.text
            );
        });
    }

    #[test]
    fn below_its_confidence_it_is_silent() {
        with_model(|_, model, _| {
            for text in ["", "zzz", "谢谢"] {
                let done = run(&["suggest", "why", "--model", model, "--text", text]).unwrap();
                assert_eq!(
                    (
                        done.json["suggestions"].as_array().unwrap().len(),
                        &done.json["silent"]
                    ),
                    (0, &true.into()),
                    "{text}"
                );
            }
        });
    }

    #[test]
    fn the_same_file_and_seed_give_the_same_bytes() {
        with_model(|csv, model, _| {
            let again = format!("{model}.again");
            let train = |seed: &str| {
                run(&[
                    "suggest",
                    "train",
                    csv,
                    "--text",
                    "title,body",
                    "--label",
                    "class",
                    "--out",
                    &again,
                    "--seed",
                    seed,
                ])
                .unwrap();
                std::fs::read(&again).unwrap()
            };
            assert!(train("1") == std::fs::read(model).unwrap());
            assert!(train("2") != std::fs::read(model).unwrap());
            std::fs::remove_file(&again).unwrap();
        });
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let train = |csv: &str, extra: &[&str]| {
            with_file(csv, |f| {
                let out = format!("{f}.model");
                let args = [
                    &[
                        "suggest", "train", f, "--text", "title", "--label", "class", "--out", &out,
                    ],
                    extra,
                ]
                .concat();
                let failure = run(&args).expect_err("refused");
                assert!(!std::path::Path::new(&out).exists(), "nothing is written");
                failure
            })
        };
        for (csv, code, field, line) in [
            ("", "empty_file", None, None),
            ("title,class\n", "empty_file", None, None),
            (
                "title,label\n停水,供水\n",
                "missing_column",
                Some("class"),
                Some(1),
            ),
            (
                "body,class\n停水,供水\n",
                "missing_column",
                Some("title"),
                Some(1),
            ),
            ("title,class\n停水,供水\n停水\n", "bad_row", None, Some(3)),
            (
                "title,class\n停水,\n,供水\n",
                "no_rows",
                Some("class"),
                None,
            ),
            (
                "title,class\n停水,供水\n没水,供水\n",
                "untrainable",
                Some("class"),
                None,
            ),
            (
                "title,class\n。,供水\n！,照明\n",
                "untrainable",
                Some("--text"),
                None,
            ),
        ] {
            let failure = train(csv, &[]);
            assert_eq!(
                (
                    failure.code.as_str(),
                    failure.field.as_deref(),
                    failure.line
                ),
                (code, field, line),
                "{csv:?}: {}",
                failure.message
            );
        }
        assert_eq!(
            train("title,class\n停水,供水\n路灯,照明\n", &["--target", "1.5"])
                .field
                .as_deref(),
            Some("--target")
        );
        with_file("title,class\n停水,供水\n", |f| {
            let failure = run(&[
                "suggest", "eval", f, "--text", "title", "--label", "class", "--model", f,
            ])
            .expect_err("no model");
            assert_eq!(
                (failure.code.as_str(), failure.field.as_deref()),
                ("unreadable_model", Some("--model"))
            );
            let out = format!("{f}.no/such/model");
            let failure = run(&[
                "suggest", "train", f, "--text", "title", "--label", "class", "--out", &out,
            ])
            .expect_err("no folder");
            assert_eq!(failure.field.as_deref(), Some("out"));
        });
        assert_eq!(
            run(&["suggest", "why", "--model", "/nowhere", "--text", "停水"])
                .err()
                .map(|f| f.code),
            Some("unreadable_model".to_owned())
        );
    }
}
