//! Codes of the territory and of cases: district (6 digits, GB/T 2260), division (12 digits, the statistical code),
//! unit grid (15 digits = 6+3+3+3, `domain.md` §1.2) and the case number `district-yyyymmdd-sequence`.
//!
//! Each is a small `Copy` type that parses from and prints as exactly one text, is ordered as that text, and is a
//! string in JSON. Whether a code is in force is a question for the register of divisions, not for this file.

use jiff::civil::Date;
use std::fmt;
use std::str::FromStr;

/// Why a text is not a code. Positions count characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot parse {what} {input:?}: {reason}")]
pub struct CodeError {
    /// Which code was expected, such as `grid code`.
    pub what: &'static str,
    /// What was given instead, cut to 40 characters.
    pub input: String,
    /// What is wrong with it.
    pub reason: String,
}

impl CodeError {
    fn new(what: &'static str, input: &str, reason: impl Into<String>) -> Self {
        Self {
            what,
            input: input.chars().take(40).collect(),
            reason: reason.into(),
        }
    }
}

/// Reads exactly `N` ASCII digits.
fn digits<const N: usize>(what: &'static str, text: &str) -> Result<[u8; N], CodeError> {
    for (at, c) in text.chars().enumerate() {
        if !c.is_ascii_digit() {
            let kind = if c.is_alphabetic() {
                "letter"
            } else {
                "not a digit"
            };
            return Err(CodeError::new(what, text, format!("{kind} at {}", at + 1)));
        }
    }
    text.as_bytes()
        .try_into()
        .map_err(|_| CodeError::new(what, text, format!("{} digits, {N} needed", text.len())))
}

/// Three digits of a number below 1000.
fn three(n: u16) -> [u8; 3] {
    [n / 100 % 10, n / 10 % 10, n % 10].map(|d| b'0' + d as u8)
}

fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("codes hold ASCII digits only")
}

fn is_zero(digits: &[u8]) -> bool {
    digits.iter().all(|d| *d == b'0')
}

/// Gives a code type its text form in JSON.
macro_rules! serde_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;

/// 区县代码 — six digits (GB/T 2260). It is the shard of record of every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistrictCode([u8; 6]);

impl DistrictCode {
    /// The six digits.
    pub fn as_str(&self) -> &str {
        text(&self.0)
    }
    /// The district as a division: six zeros appended.
    pub fn division(self) -> DivisionCode {
        let mut code = [b'0'; 12];
        code[..6].copy_from_slice(&self.0);
        DivisionCode(code)
    }
}

impl FromStr for DistrictCode {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let code = digits("district code", text)?;
        if is_zero(&code[..2]) {
            return Err(CodeError::new(
                "district code",
                text,
                "no province is numbered 00",
            ));
        }
        Ok(Self(code))
    }
}

impl fmt::Display for DistrictCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How deep a division lies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum DivisionLevel {
    /// 省级
    Province,
    /// 地级
    City,
    /// 县级
    District,
    /// 乡级: street, town or township
    Street,
    /// 村级: community or village
    Community,
}

impl DivisionLevel {
    /// How many leading digits a division of this level owns.
    pub fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::City => 4,
            Self::District => 6,
            Self::Street => 9,
            Self::Community => 12,
        }
    }
    /// A stable word, as in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::District => "district",
            Self::Street => "street",
            Self::Community => "community",
        }
    }
}

impl fmt::Display for DivisionLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// 统计用区划代码 — twelve digits = 6 district + 3 street + 3 community, zero padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode([u8; 12]);

impl DivisionCode {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        text(&self.0)
    }
    /// Reads 2, 4, 6, 9 or 12 digits and pads with zeros, as registers that shorten upper levels write them.
    ///
    /// # Errors
    /// Anything but that many digits.
    pub fn padded(text: &str) -> Result<Self, CodeError> {
        if !matches!(text.len(), 2 | 4 | 6 | 9 | 12) {
            digits::<12>("division code", text)?;
        }
        format!("{text:0<12}")
            .parse()
            .map_err(|e: CodeError| CodeError {
                input: text.to_owned(),
                ..e
            })
    }
    /// The level, told by the trailing zeros: a city without districts (441900) is a city, its streets are streets.
    pub fn level(self) -> DivisionLevel {
        use DivisionLevel::*;
        [Province, City, District, Street]
            .into_iter()
            .find(|level| is_zero(&self.0[level.digits()..]))
            .unwrap_or(Community)
    }
    /// The division above, which for a street is the holder of its first six digits; none above a province.
    pub fn parent(self) -> Option<Self> {
        let keep = match self.level() {
            DivisionLevel::Province => return None,
            DivisionLevel::City => 2,
            DivisionLevel::District => 4,
            DivisionLevel::Street => 6,
            DivisionLevel::Community => 9,
        };
        let mut code = [b'0'; 12];
        code[..keep].copy_from_slice(&self.0[..keep]);
        Some(Self(code))
    }
    /// The first six digits.
    pub fn district(self) -> DistrictCode {
        DistrictCode(self.0[..6].try_into().expect("six of twelve bytes"))
    }
    /// Whether `other` is this division or lies in it.
    pub fn contains(self, other: &Self) -> bool {
        let own = self.level().digits();
        self.0[..own] == other.0[..own]
    }
    /// The digits a division and everything in it begin with: the head of a range scan.
    pub fn prefix(&self) -> &str {
        &self.as_str()[..self.level().digits()]
    }
    /// The street numbered `street` (1..=999) in a district.
    ///
    /// # Errors
    /// A number outside 1..=999.
    pub fn street(district: DistrictCode, street: u16) -> Result<Self, CodeError> {
        Self::numbered(district.division(), 6, street)
    }
    /// The community numbered `community` (1..=999) in the street of `street`.
    ///
    /// # Errors
    /// A number outside 1..=999.
    pub fn community(street: Self, community: u16) -> Result<Self, CodeError> {
        Self::numbered(street, 9, community)
    }
    fn numbered(upper: Self, at: usize, number: u16) -> Result<Self, CodeError> {
        if !(1..=999).contains(&number) {
            let reason = format!("number {number} is outside 1..=999");
            return Err(CodeError::new("division code", upper.as_str(), reason));
        }
        let mut code = upper.0;
        code[at..at + 3].copy_from_slice(&three(number));
        code[at + 3..].fill(b'0');
        Ok(Self(code))
    }
}

impl FromStr for DivisionCode {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let code = digits("division code", text)?;
        if is_zero(&code[..2]) {
            return Err(CodeError::new(
                "division code",
                text,
                "no province is numbered 00",
            ));
        }
        Ok(Self(code))
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// 单元网格代码 — fifteen digits = 12 of the community + 3 of the sequence, numbered west to east, north to south.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GridCode([u8; 15]);

impl GridCode {
    /// The grid numbered `sequence` (1..=999) in `community`.
    ///
    /// # Errors
    /// A division that is not a community, or a sequence outside 1..=999.
    pub fn new(community: DivisionCode, sequence: u16) -> Result<Self, CodeError> {
        if !(1..=999).contains(&sequence) {
            let reason = format!("sequence {sequence} is outside 1..=999");
            return Err(CodeError::new("grid code", community.as_str(), reason));
        }
        let mut code = [b'0'; 15];
        code[..12].copy_from_slice(&community.0);
        code[12..].copy_from_slice(&three(sequence));
        Self::checked(code)
    }
    fn checked(code: [u8; 15]) -> Result<Self, CodeError> {
        let refuse = |reason| Err(CodeError::new("grid code", text(&code), reason));
        if is_zero(&code[..2]) {
            return refuse("no province is numbered 00");
        }
        if is_zero(&code[9..12]) {
            return refuse("a grid lies in a community, and its community is 000");
        }
        if is_zero(&code[12..]) {
            return refuse("sequence 000 is outside 1..=999");
        }
        Ok(Self(code))
    }
    /// The fifteen digits.
    pub fn as_str(&self) -> &str {
        text(&self.0)
    }
    /// The community the grid lies in.
    pub fn community(self) -> DivisionCode {
        DivisionCode(self.0[..12].try_into().expect("twelve of fifteen bytes"))
    }
    /// The first six digits.
    pub fn district(self) -> DistrictCode {
        self.community().district()
    }
    /// The number inside the community, 1..=999.
    pub fn sequence(self) -> u16 {
        self.0[12..]
            .iter()
            .fold(0, |n, d| n * 10 + u16::from(d - b'0'))
    }
}

impl FromStr for GridCode {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::checked(digits("grid code", text)?)
    }
}

impl fmt::Display for GridCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// 案件号 — `district-yyyymmdd-sequence`: the district of record, the local day of the report, and at least five
/// digits of a sequence that begins at 1 each day. The hyphens keep it from looking like a resident's ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber {
    district: DistrictCode,
    day: Date,
    sequence: u32,
}

impl CaseNumber {
    /// Puts a number together.
    ///
    /// # Errors
    /// Sequence 0, or a day before year 1.
    pub fn new(district: DistrictCode, day: Date, sequence: u32) -> Result<Self, CodeError> {
        let number = Self {
            district,
            day,
            sequence,
        };
        if sequence == 0 {
            return Err(CodeError::new(
                "case number",
                &number.to_string(),
                "the sequence begins at 1",
            ));
        }
        if day.year() < 1 {
            return Err(CodeError::new(
                "case number",
                &number.to_string(),
                "the day lies before year 1",
            ));
        }
        Ok(number)
    }
    /// The shard of record.
    pub fn district(self) -> DistrictCode {
        self.district
    }
    /// The local day of the report.
    pub fn day(self) -> Date {
        self.day
    }
    /// The sequence of that day, from 1.
    pub fn sequence(self) -> u32 {
        self.sequence
    }
}

impl FromStr for CaseNumber {
    type Err = CodeError;
    fn from_str(text: &str) -> Result<Self, CodeError> {
        const WHAT: &str = "case number";
        let refuse = |reason: String| CodeError::new(WHAT, text, reason);
        let parts: Vec<&str> = text.split('-').take(4).collect();
        let [district, day, sequence] = parts[..] else {
            return Err(refuse("not of the form district-yyyymmdd-sequence".into()));
        };
        let district = district
            .parse()
            .map_err(|e: CodeError| refuse(format!("district: {}", e.reason)))?;
        let ymd = digits::<8>(WHAT, day).map_err(|e| refuse(format!("day: {}", e.reason)))?;
        let number = |part: &[u8]| part.iter().fold(0_i16, |n, d| n * 10 + i16::from(d - b'0'));
        let small = |part: &[u8]| part.iter().fold(0_i8, |n, d| n * 10 + (d - b'0') as i8);
        let day = Date::new(number(&ymd[..4]), small(&ymd[4..6]), small(&ymd[6..]))
            .map_err(|_| refuse(format!("day: {day} is not a date")))?;
        if let Some(at) = sequence.chars().position(|c| !c.is_ascii_digit()) {
            return Err(refuse(format!("sequence: not a digit at {}", at + 1)));
        }
        if sequence.len() < 5 || (sequence.len() > 5 && sequence.starts_with('0')) {
            return Err(refuse(
                "sequence: at least five digits, and no padding beyond five".into(),
            ));
        }
        let sequence = sequence
            .parse()
            .map_err(|_| refuse(format!("sequence: larger than {}", u32::MAX)))?;
        Self::new(district, day, sequence).map_err(|e| refuse(e.reason))
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = (self.day.year(), self.day.month(), self.day.day());
        f.pad(&format!(
            "{}-{y:04}{m:02}{d:02}-{:05}",
            self.district, self.sequence
        ))
    }
}

serde_as_text!(DistrictCode);
serde_as_text!(DivisionCode);
serde_as_text!(GridCode);
serde_as_text!(CaseNumber);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn division(text: &str) -> DivisionCode {
        text.parse().unwrap()
    }

    /// A text, its code and JSON say the same.
    fn round_trip<T>(text: &str)
    where
        T: FromStr<Err = CodeError> + fmt::Display + serde::Serialize + serde::de::DeserializeOwned,
    {
        let code: T = text.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(code.to_string(), text);
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(json, format!("{text:?}"));
        assert_eq!(serde_json::from_str::<T>(&json).unwrap().to_string(), text);
    }

    fn refused<T: FromStr<Err = CodeError> + fmt::Debug>(text: &str, message: &str) {
        assert_eq!(text.parse::<T>().unwrap_err().to_string(), message);
    }

    #[test]
    fn codes_print_as_they_were_written() {
        round_trip::<DistrictCode>("330102");
        round_trip::<DivisionCode>("320508019044");
        round_trip::<GridCode>("110101001001001");
        round_trip::<CaseNumber>("330102-20260213-00042");
        round_trip::<CaseNumber>("990001-19991231-123456");
    }

    #[test]
    fn a_text_that_is_no_code_says_where_it_goes_wrong() {
        refused::<GridCode>("3301x", "cannot parse grid code \"3301x\": letter at 5");
        refused::<GridCode>(
            "3301 ",
            "cannot parse grid code \"3301 \": not a digit at 5",
        );
        refused::<GridCode>(
            "3301",
            "cannot parse grid code \"3301\": 4 digits, 15 needed",
        );
        refused::<GridCode>(
            "110101001001000",
            "cannot parse grid code \"110101001001000\": sequence 000 is outside 1..=999",
        );
        refused::<GridCode>(
            "110101001000001",
            "cannot parse grid code \"110101001000001\": a grid lies in a community, and its community is 000",
        );
        refused::<DistrictCode>(
            "００００００",
            "cannot parse district code \"００００００\": not a digit at 1",
        );
        refused::<DistrictCode>(
            "000102",
            "cannot parse district code \"000102\": no province is numbered 00",
        );
        refused::<DivisionCode>("", "cannot parse division code \"\": 0 digits, 12 needed");
        let number = |text: &str, reason: &str| {
            refused::<CaseNumber>(
                text,
                &format!("cannot parse case number {text:?}: {reason}"),
            );
        };
        number(
            "330102-20260213",
            "not of the form district-yyyymmdd-sequence",
        );
        number(
            "330102-20260213-00001-1",
            "not of the form district-yyyymmdd-sequence",
        );
        number("33010-20260213-00001", "district: 5 digits, 6 needed");
        number("330102-20260230-00001", "day: 20260230 is not a date");
        number("330102-00000101-00001", "the day lies before year 1");
        number(
            "330102-20260213-0001",
            "sequence: at least five digits, and no padding beyond five",
        );
        number(
            "330102-20260213-000001",
            "sequence: at least five digits, and no padding beyond five",
        );
        number("330102-20260213-00000", "the sequence begins at 1");
        number("330102-20260213-+0001", "sequence: not a digit at 1");
        number(
            "330102-20260213-99999999999",
            "sequence: larger than 4294967295",
        );
    }

    #[test]
    fn a_division_knows_its_level_and_what_lies_above() {
        use DivisionLevel::*;
        let chain = [
            ("320508019044", Community),
            ("320508019000", Street),
            ("320508000000", District),
            ("320500000000", City),
            ("320000000000", Province),
        ];
        for pair in chain.windows(2) {
            assert_eq!(division(pair[0].0).level(), pair[0].1);
            assert_eq!(division(pair[0].0).parent(), Some(division(pair[1].0)));
            assert!(division(pair[1].0).contains(&division(pair[0].0)));
            assert!(!division(pair[0].0).contains(&division(pair[1].0)));
        }
        assert_eq!(division("320000000000").parent(), None);
        assert!(!division("320508019000").contains(&division("320508018044")));
        assert_eq!(division("320508019044").district().to_string(), "320508");
        assert_eq!(division("320508019000").prefix(), "320508019");
        // A city without districts: its streets lie right under it.
        assert_eq!(
            division("441900003000").parent(),
            Some(division("441900000000"))
        );
        assert_eq!(division("441900000000").level(), City);
        assert_eq!(
            DivisionCode::padded("3205").unwrap(),
            division("320500000000")
        );
        assert_eq!(
            DivisionCode::padded("320").unwrap_err().to_string(),
            "cannot parse division code \"320\": 3 digits, 12 needed"
        );
        assert!(
            DivisionCode::padded("长").is_err() && DivisionCode::padded("32050801904455").is_err()
        );
    }

    #[test]
    fn grids_are_numbered_inside_a_community() {
        let street = DivisionCode::street("110101".parse().unwrap(), 1).unwrap();
        let community = DivisionCode::community(street, 1).unwrap();
        let grid = GridCode::new(community, 1).unwrap();
        assert_eq!(grid.to_string(), "110101001001001"); // domain.md §1.2
        assert_eq!(
            (grid.community(), grid.sequence(), grid.district().as_str()),
            (community, 1, "110101")
        );
        assert_eq!(GridCode::new(community, 999).unwrap().sequence(), 999);
        assert!(GridCode::new(community, 0).is_err() && GridCode::new(community, 1000).is_err());
        assert!(GridCode::new(street, 1).is_err());
        assert!(
            DivisionCode::community(street, 0).is_err()
                && DivisionCode::community(street, 1000).is_err()
        );
        let number = CaseNumber::new(grid.district(), date(2026, 2, 3), 100_000).unwrap();
        assert_eq!(number.to_string(), "110101-20260203-100000");
        assert_eq!(
            (number.day(), number.sequence()),
            (date(2026, 2, 3), 100_000)
        );
    }

    proptest! {
        #[test]
        fn garbage_never_panics_and_never_changes(text in "\\PC{0,24}", near in "[0-9x-]{5,24}") {
            for text in [text, near] {
                if let Ok(code) = text.parse::<DistrictCode>() { prop_assert_eq!(code.to_string(), text.clone()); }
                if let Ok(code) = text.parse::<DivisionCode>() { prop_assert_eq!(code.to_string(), text.clone()); }
                if let Ok(code) = text.parse::<GridCode>() { prop_assert_eq!(code.to_string(), text.clone()); }
                if let Ok(code) = text.parse::<CaseNumber>() { prop_assert_eq!(code.to_string(), text.clone()); }
                let _ = DivisionCode::padded(&text);
            }
        }

        #[test]
        fn every_case_number_reads_back(d in 1_i16..=9999, day in 1_i8..=28, sequence in 1_u32..) {
            let number = CaseNumber::new("990001".parse().unwrap(), date(d, 7, day), sequence).unwrap();
            prop_assert_eq!(number.to_string().parse::<CaseNumber>().unwrap(), number);
        }
    }
}
