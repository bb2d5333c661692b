//! What was written is read back by a reader of its own, made from the format's description.

use super::*;
use proptest::prelude::*;

/// A value of Thrift.
#[derive(Debug, Clone)]
enum Node {
    Int(i64),
    Text(Vec<u8>),
    List(Vec<Node>),
    Struct(HashMap<u8, Node>),
}

impl Node {
    fn at(&self, id: u8) -> &Self {
        match self {
            Self::Struct(fields) => &fields[&id],
            other => panic!("{other:?} is no struct"),
        }
    }
    fn has(&self, id: u8) -> bool {
        matches!(self, Self::Struct(fields) if fields.contains_key(&id))
    }
    fn int(&self) -> i64 {
        match self {
            Self::Int(n) => *n,
            other => panic!("{other:?} is no integer"),
        }
    }
    fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            other => panic!("{other:?} is no list"),
        }
    }
    fn text(&self) -> &str {
        match self {
            Self::Text(text) => std::str::from_utf8(text).unwrap(),
            other => panic!("{other:?} is no text"),
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let byte = self.0[0];
        self.0 = &self.0[1..];
        byte
    }
    fn varint(&mut self) -> u64 {
        let (mut n, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return n;
            }
            shift += 7;
        }
    }
    fn node(&mut self, kind: u8) -> Node {
        match kind {
            5 | 6 => {
                let n = self.varint();
                Node::Int((n >> 1) as i64 ^ -((n & 1) as i64))
            }
            8 => {
                let len = self.varint() as usize;
                let text = self.0[..len].to_vec();
                self.0 = &self.0[len..];
                Node::Text(text)
            }
            9 => {
                let head = self.byte();
                let len = if head >> 4 == 15 {
                    self.varint()
                } else {
                    u64::from(head >> 4)
                };
                Node::List((0..len).map(|_| self.node(head & 15)).collect())
            }
            12 => {
                let (mut fields, mut id) = (HashMap::new(), 0);
                loop {
                    let head = self.byte();
                    if head == 0 {
                        return Node::Struct(fields);
                    }
                    id += head >> 4;
                    fields.insert(id, self.node(head & 15));
                }
            }
            other => panic!("type {other}"),
        }
    }
    /// The hybrid of runs and bit-packed groups.
    fn hybrid(&mut self, width: u32, wanted: usize) -> Vec<u32> {
        let mut found = Vec::new();
        while found.len() < wanted {
            let head = self.varint();
            let n = (head >> 1) as usize;
            if head & 1 == 0 {
                let value = u32::from(self.byte());
                found.extend(std::iter::repeat_n(value, n));
            } else {
                found.extend(self.bits(width, n * 8));
            }
        }
        found.truncate(wanted);
        found
    }
    fn bits(&mut self, width: u32, n: usize) -> Vec<u32> {
        let bytes = self.0;
        let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
        let width = width as usize;
        let found = (0..n)
            .map(|k| (0..width).map(|b| bit(k * width + b) << b).sum())
            .collect();
        self.0 = &self.0[(n * width).div_ceil(8)..];
        found
    }
    fn le<const N: usize>(&mut self) -> [u8; N] {
        let bytes = self.0[..N].try_into().unwrap();
        self.0 = &self.0[N..];
        bytes
    }
}

fn meta(file: &[u8]) -> Node {
    assert_eq!(
        (&file[..4], &file[file.len() - 4..]),
        (&MAGIC[..], &MAGIC[..])
    );
    let end = file.len() - 8;
    let length = u32::from_le_bytes(file[end..end + 4].try_into().unwrap()) as usize;
    Reader(&file[end - length..end]).node(12)
}

fn read_chunk(file: &[u8], chunk: &Node, kind: Kind) -> Values {
    let about = chunk.at(3);
    assert_eq!(about.at(1).int(), kind.physical());
    let mut dictionary: Vec<String> = Vec::new();
    if about.has(11) {
        let mut reader = Reader(&file[about.at(11).int() as usize..]);
        let header = reader.node(12);
        assert_eq!(header.at(1).int(), DICTIONARY_PAGE);
        for _ in 0..header.at(7).at(1).int() {
            let len = u32::from_le_bytes(reader.le()) as usize;
            dictionary.push(String::from_utf8(reader.0[..len].to_vec()).unwrap());
            reader.0 = &reader.0[len..];
        }
    }
    let mut reader = Reader(&file[about.at(9).int() as usize..]);
    let header = reader.node(12);
    assert_eq!(header.at(1).int(), DATA_PAGE);
    let size = header.at(2).int() as usize;
    let rows = header.at(5).at(1).int() as usize;
    reader.0 = &reader.0[..size];
    let levels_len = u32::from_le_bytes(reader.le()) as usize;
    let levels = Reader(&reader.0[..levels_len]).hybrid(1, rows);
    reader.0 = &reader.0[levels_len..];
    let there = levels.iter().filter(|l| **l == 1).count();
    fn spread<T>(levels: &[u32], values: Vec<T>) -> Vec<Option<T>> {
        let mut values = values.into_iter();
        let all = levels
            .iter()
            .map(|l| {
                if *l == 1 {
                    Some(values.next().unwrap())
                } else {
                    None
                }
            })
            .collect();
        assert!(values.next().is_none());
        all
    }
    match kind {
        Kind::Date => Values::Date(spread(
            &levels,
            (0..there)
                .map(|_| i32::from_le_bytes(reader.le()))
                .collect(),
        )),
        Kind::Integer => Values::Integer(spread(
            &levels,
            (0..there)
                .map(|_| i64::from_le_bytes(reader.le()))
                .collect(),
        )),
        Kind::Boolean => Values::Boolean(spread(
            &levels,
            reader.bits(1, there).into_iter().map(|b| b == 1).collect(),
        )),
        Kind::Text => {
            let width = u32::from(reader.byte());
            let numbers = reader.hybrid(width, there);
            Values::Text(spread(
                &levels,
                numbers
                    .into_iter()
                    .map(|n| dictionary[n as usize].clone())
                    .collect(),
            ))
        }
    }
}

const COLUMNS: [Column; 4] = [
    Column {
        name: "word",
        kind: Kind::Text,
    },
    Column {
        name: "day",
        kind: Kind::Date,
    },
    Column {
        name: "seconds",
        kind: Kind::Integer,
    },
    Column {
        name: "is_true",
        kind: Kind::Boolean,
    },
];

fn write(groups: &[Vec<Values>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &COLUMNS).unwrap();
    for group in groups {
        writer.group(group).unwrap();
    }
    writer.finish().unwrap()
}

fn check(groups: &[Vec<Values>]) {
    let file = write(groups);
    let meta = meta(&file);
    let names: Vec<&str> = meta.at(2).list()[1..]
        .iter()
        .map(|c| c.at(4).text())
        .collect();
    assert_eq!(names, COLUMNS.map(|c| c.name));
    let rows: usize = groups.iter().map(|g| g[0].present().len()).sum();
    assert_eq!(meta.at(3).int(), long(rows));
    let read: Vec<Vec<Values>> = meta
        .at(4)
        .list()
        .iter()
        .map(|group| {
            let chunks = group.at(1).list().iter();
            chunks
                .zip(COLUMNS)
                .map(|(chunk, column)| read_chunk(&file, chunk, column.kind))
                .collect()
        })
        .collect();
    assert_eq!(read, groups);
}

fn group() -> impl Strategy<Value = Vec<Values>> {
    let row = (
        prop::option::of("[a-c井盖]{0,3}"),
        prop::option::of(any::<i32>()),
        prop::option::of(any::<i64>()),
        prop::option::of(any::<bool>()),
    );
    prop::collection::vec(row, 0..70).prop_map(|rows| {
        vec![
            Values::Text(rows.iter().map(|r| r.0.clone()).collect()),
            Values::Date(rows.iter().map(|r| r.1).collect()),
            Values::Integer(rows.iter().map(|r| r.2).collect()),
            Values::Boolean(rows.iter().map(|r| r.3).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(groups in prop::collection::vec(group(), 0..4)) {
        check(&groups);
    }
}

#[test]
fn many_texts_need_wider_numbers() {
    let rows = 5_000;
    let texts = (0..rows).map(|n| Some(format!("text {n}"))).collect();
    check(&[vec![
        Values::Text(texts),
        Values::Date(vec![None; rows]),
        Values::Integer((0..rows).map(|n| (n % 3 > 0).then_some(n as i64)).collect()),
        Values::Boolean((0..rows).map(|n| Some(n % 7 == 0)).collect()),
    ]]);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let mut writer = Writer::new(Vec::new(), &COLUMNS[..2]).unwrap();
    writer.group(&[Values::Text(vec![])]).unwrap_err();
    writer
        .group(&[Values::Text(vec![]), Values::Integer(vec![])])
        .unwrap_err();
    writer
        .group(&[Values::Text(vec![None]), Values::Date(vec![])])
        .unwrap_err();
}
