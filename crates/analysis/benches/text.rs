//! How long training takes and how many messages a second are judged: segmented text, running text, and
//! grouping into duplicates. `cargo bench -p shiyu-analysis --bench text`. Made-up messages of about 300
//! letters, so that the bench needs no data; budget: 20,000 messages a second.

use analysis::text::{Closeness, Message, Options, Report, duplicates, prepare, train};
use jiff::Timestamp;
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

fn main() {
    prepare();
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
