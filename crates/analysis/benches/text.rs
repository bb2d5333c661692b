//! How long training takes and how many messages a second are judged: segmented text, running text, and
//! grouping into duplicates. `cargo bench -p shiyu-analysis --bench text`. Made-up messages of about 300
//! letters, so that the bench needs no data; budget: 20,000 messages a second.

use analysis::text::{Closeness, Message, Options, Report, duplicates, prepare, train};
use jiff::Timestamp;
use std::io::Read;
use std::time::Instant;

const MATTERS: [&str; 7] = [
    "路灯 不亮 照明",
    "施工 噪声 扰民",
    "自来水 停水 水压",
    "公交 线路 站台",
    "学校 招生 老师",
    "医院 医保 报销",
    "工资 拖欠 社保",
];
const COMMON: [&str; 16] = [
    "小区",
    "居民",
    "希望",
    "有关部门",
    "尽快",
    "处理",
    "影响",
    "生活",
    "多次",
    "反映",
    "没有",
    "解决",
    "附近",
    "每天",
    "晚上",
    "马路",
];

/// About 300 letters: common words with the words of the matter strewn in.
fn message(number: usize, blank: &str) -> String {
    let matter: Vec<&str> = MATTERS[number % MATTERS.len()].split(' ').collect();
    let words = (0..130).map(|i| {
        if (i + number).is_multiple_of(9) {
            matter[(i / 9) % matter.len()]
        } else {
            COMMON[(i * 7 + number * 13 + i * i) % COMMON.len()]
        }
    });
    words.collect::<Vec<_>>().join(blank)
}

/// CPU seconds of all threads so far: on a machine that others use, time on the clock says little. Zero where the
/// system does not tell.
fn cpu_seconds() -> f64 {
    let mut nanoseconds = 0.0;
    for task in std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten()
    {
        let told = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanoseconds += told
            .split(' ')
            .next()
            .and_then(|n| n.parse::<f64>().ok())
            .unwrap_or(0.0);
    }
    nanoseconds / 1e9
}

/// Titles and texts of real messages as people wrote them, where the shared data is present.
fn real(file: &str, columns: [&str; 2]) -> Vec<Vec<String>> {
    let Some(shared) = std::env::var_os("SHIYU_SHARED") else {
        return Vec::new();
    };
    let path = std::path::Path::new(&shared)
        .join("data/teddy2020-citizen-messages")
        .join(file);
    let Ok(packed) = std::fs::read(path) else {
        return Vec::new();
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_string(&mut text)
        .expect("gzip of UTF-8");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let places = columns.map(|c| header.iter().position(|h| h == c).expect("the column"));
    reader
        .records()
        .map(|r| {
            let r = r.expect("a row");
            places.iter().map(|p| r[*p].to_owned()).collect()
        })
        .collect()
}

/// Real messages, which are longer and less alike than made-up ones: trained on segmented text, judged as written.
fn on_real_messages() {
    let classed = real("labelled_messages_train.csv.gz", ["text_seg", "label_l1"]);
    let written: Vec<String> = ["hot_topic_messages.csv.gz", "messages_with_replies.csv.gz"]
        .iter()
        .flat_map(|file| real(file, ["title", "text"]))
        .map(|row| row.join("\n"))
        .collect();
    if classed.is_empty() || written.is_empty() {
        println!("real messages: skipped, the shared data is absent");
        return;
    }
    let messages: Vec<Message<'_>> = classed.iter().map(|r| r[0].as_str().into()).collect();
    let labels: Vec<&str> = classed.iter().map(|r| r[1].as_str()).collect();
    let start = Instant::now();
    let model = train(&messages, &labels, &Options::default()).expect("seven labels");
    println!(
        "train, real: {} messages in {:.2} s, {} features",
        messages.len(),
        start.elapsed().as_secs_f64(),
        model.features()
    );
    let raw: Vec<Message<'_>> = written.iter().map(|t| t.as_str().into()).collect();
    for (name, list) in [("real, segmented", &messages), ("real, as written", &raw)] {
        let letters: usize = list.iter().map(|m| m.text.chars().count()).sum();
        for _ in 0..3 {
            let (start, cpu) = (Instant::now(), cpu_seconds());
            let n = model.judge_all(list).len();
            let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
            println!(
                "judge, {name}: {:.0} messages/s, {:.0} a CPU second ({:.0} letters each)",
                n as f64 / seconds,
                n as f64 / cpu,
                letters as f64 / n as f64
            );
        }
    }
}

fn main() {
    prepare();
    on_real_messages();
    for (name, blank) in [("segmented", " "), ("running", "")] {
        let texts: Vec<String> = (0..7_000).map(|i| message(i, blank)).collect();
        let messages: Vec<Message<'_>> = texts.iter().map(|t| t.as_str().into()).collect();
        let labels: Vec<&str> = (0..texts.len())
            .map(|i| MATTERS[i % MATTERS.len()])
            .collect();
        let start = Instant::now();
        let model = train(&messages, &labels, &Options::default()).expect("seven labels");
        println!(
            "train, {name}: {} messages in {:.2} s, {} features",
            texts.len(),
            start.elapsed().as_secs_f64(),
            model.features()
        );
        let start = Instant::now();
        let answered = model
            .judge_all(&messages)
            .iter()
            .filter(|v| v.answered)
            .count();
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "judge, {name}: {:.0} messages/s ({answered} answered)",
            texts.len() as f64 / seconds
        );
    }
    let texts: Vec<String> = (0..5_000).map(|i| message(i, "")).collect();
    let time = |i: usize| Timestamp::from_second(1_700_000_000 + i as i64 * 60).expect("in range");
    let reports: Vec<Report<'_>> = texts
        .iter()
        .enumerate()
        .map(|(i, text)| Report {
            text,
            class: None,
            place: None,
            time: time(i),
        })
        .collect();
    let start = Instant::now();
    let found = duplicates(&reports, &Closeness::default()).len();
    println!(
        "duplicates: {} reports in {:.2} s, {found} suspects",
        reports.len(),
        start.elapsed().as_secs_f64()
    );
}
