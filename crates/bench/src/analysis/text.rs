//! How many messages a second are judged on two cores: as people wrote them, and cut into words.
//!
//! Real messages where the shared data is present, because made-up ones have so few different words that a model of them
//! fits the caches; without it the made-up ones, and the line says so.

use super::simulated::generator;
use crate::measure::cost_of;
use crate::report::{Line, Wanted};
use analysis::text::{Message, Options, prepare, train};
use anyhow::Context as _;
use rand::RngExt as _;
use std::io::Read as _;

/// Messages a second on two cores.
const MESSAGES_PER_S: f64 = 20_000.0;
const CORES: f64 = 2.0;
/// The data set of citizens' messages, in the shared data.
const REAL: &str = "data/teddy2020-citizen-messages";

/// What is trained on and judged: (text, label) and texts as written.
struct Corpus {
    name: &'static str,
    classed: Vec<(String, String)>,
    written: Vec<String>,
}

/// The columns of a packed file; none where it is absent.
fn columns(file: &str, wanted: [&str; 2]) -> anyhow::Result<Option<Vec<[String; 2]>>> {
    let Some(path) = testkit::shared::dir().map(|d| d.join(REAL).join(file)) else {
        return Ok(None);
    };
    let Ok(packed) = std::fs::read(&path) else {
        return Ok(None);
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .with_context(|| format!("cannot unpack {}", path.display()))?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers()?.clone();
    let mut places = [0; 2];
    for (place, name) in places.iter_mut().zip(wanted) {
        *place = header
            .iter()
            .position(|h| h == name)
            .with_context(|| format!("{} has no column {name}", path.display()))?;
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        rows.push(places.map(|p| record[p].to_owned()));
    }
    Ok(Some(rows))
}

fn corpus() -> anyhow::Result<Corpus> {
    let classed = columns("labelled_messages_train.csv.gz", ["text_seg", "label_l1"])?;
    let hot = columns("hot_topic_messages.csv.gz", ["title", "text"])?;
    let replied = columns("messages_with_replies.csv.gz", ["title", "text"])?;
    let (Some(classed), Some(hot), Some(replied)) = (classed, hot, replied) else {
        return Ok(made_up());
    };
    Ok(Corpus {
        name: "real",
        classed: classed
            .into_iter()
            .map(|[text, label]| (text, label))
            .collect(),
        written: hot
            .into_iter()
            .chain(replied)
            .map(|[title, text]| format!("{title}\n{text}"))
            .collect(),
    })
}

/// Messages of letters that are drawn, of some 300 letters each, whose classes prefer some words.
fn made_up() -> Corpus {
    let mut rng = generator(7);
    let letter = |n: u32| char::from_u32(0x4e00 + n % 3000).unwrap_or('一');
    let words: Vec<String> = (0..20_000)
        .map(|_| (0..2).map(|_| letter(rng.random())).collect())
        .collect();
    let mut message = |class: usize| -> Vec<&str> {
        (0..150)
            .map(|i| {
                let n: usize = rng.random_range(0..words.len());
                let at = if i % 8 == 0 { n % 400 * 7 + class } else { n };
                words[at].as_str()
            })
            .collect()
    };
    let drawn: Vec<(usize, Vec<&str>)> = (0..7_000).map(|i| (i % 7, message(i % 7))).collect();
    Corpus {
        name: "made-up",
        classed: drawn
            .iter()
            .map(|(c, w)| (w.join(" "), c.to_string()))
            .collect(),
        written: drawn.iter().map(|(_, w)| w.join("")).collect(),
    }
}

/// Measures.
///
/// # Errors
/// When `/proc` cannot be read or the data cannot.
pub fn run(say: &mut dyn FnMut(Line)) -> anyhow::Result<()> {
    prepare();
    let corpus = corpus()?;
    let messages: Vec<Message<'_>> = corpus
        .classed
        .iter()
        .map(|(t, _)| t.as_str().into())
        .collect();
    let labels: Vec<&str> = corpus.classed.iter().map(|(_, l)| l.as_str()).collect();
    let model = train(&messages, &labels, &Options::default()).context("cannot train")?;
    let written: Vec<Message<'_>> = corpus.written.iter().map(|t| t.as_str().into()).collect();
    for (what, list) in [("as written", &written), ("cut into words", &messages)] {
        let (n, cost) = cost_of(None, || Ok(model.judge_all(list).len()))?;
        #[expect(clippy::cast_precision_loss, reason = "some thousand messages")]
        let rate = n as f64 / (cost.cpu_s / CORES);
        let name = format!(
            "text, {} messages {what}: a second on two cores",
            corpus.name
        );
        let detail = format!(
            "{rate:.0} of {} features, budget {MESSAGES_PER_S:.0}",
            model.features()
        );
        let line = Line::new("analysis", "-", name, rate / MESSAGES_PER_S);
        say(line.wanted(Wanted::AtLeast(1.0)).detail(detail));
    }
    Ok(())
}
