//! What the use cases of cases stand on: the city's reference data, its rules, the channels, blocks of case numbers, the
//! keys of the vault, and the files of attachments.

use crate::advice::Adviser;
use crate::lists::Lists;
use crate::ops::track::Tries;
use crate::pages::live::Live;
use crate::rules::CityRules;
use crate::sql_search::Standing;
use crate::{sql, sql_lists, sql_record};
use access::Ctx;
use access::city_settings::Values;
use attachments::Attachments;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::codes::{CaseNumber, CodeError, DistrictCode};
use matters::{City, Reference};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use store::{AuditEvent, StoreError, StoreResult};

/// How many numbers are taken at once.
const BLOCK: u32 = 64;
/// More days and districts than this are not kept in mind: their leftover numbers are skipped.
const MOST_BLOCKS: usize = 1024;

store::record! {
    /// 来源渠道 — by which way reports come.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Channel {
        /// The word in cases and files.
        pub code: String,
        /// Its name in Chinese.
        pub name_zh: String,
        /// Its name in English.
        pub name_en: String,
        /// Reports by it are verified on the spot before they are accepted.
        pub verify: bool,
        /// Whether a person has looked at it (imports make entries of their own).
        pub reviewed: bool,
    }
}

impl Channel {
    /// Its name in a language (`en`, else Chinese).
    pub fn name(&self, lang: &str) -> &str {
        if lang.starts_with("en") {
            &self.name_en
        } else {
            &self.name_zh
        }
    }
}

/// What a deployment sets about cases.
#[derive(Debug, Clone)]
pub struct CasesConfig {
    /// The district that keeps the record of what has no known place.
    pub default_district: DistrictCode,
}

impl CasesConfig {
    /// With the district for reports without a known place.
    pub fn new(default_district: DistrictCode) -> Self {
        Self { default_district }
    }
}

/// The numbers left of the blocks that were taken, by district and day.
#[derive(Default)]
struct Numbers(BTreeMap<(DistrictCode, Date), VecDeque<(u32, u32)>>);

impl Numbers {
    /// The next number, if one is left.
    fn next(&mut self, district: DistrictCode, day: Date) -> Option<u32> {
        let blocks = self.0.get_mut(&(district, day))?;
        let (next, end) = blocks.front_mut()?;
        let number = *next;
        *next += 1;
        if *next == *end {
            blocks.pop_front();
        }
        Some(number)
    }
    /// Adds a block of `first..first + BLOCK`.
    fn add(&mut self, district: DistrictCode, day: Date, first: u32) {
        if self.0.len() >= MOST_BLOCKS {
            self.0.retain(|_, blocks| !blocks.is_empty());
        }
        if self.0.len() >= MOST_BLOCKS {
            self.0.clear();
        }
        self.0
            .entry((district, day))
            .or_default()
            .push_back((first, first + BLOCK));
    }
}

/// What the use cases of cases stand on. One per process, among its `access::Services`.
pub struct Cases {
    reference: Arc<Reference>,
    config: CasesConfig,
    channels: RwLock<Arc<BTreeMap<String, Channel>>>,
    /// The rules of the city, and the values they were read from.
    rules: RwLock<(Arc<Values>, Arc<CityRules>)>,
    numbers: Mutex<Numbers>,
    vault: Option<Arc<vault::Keys>>,
    attachments: Option<Arc<Attachments>>,
    adviser: Option<Arc<dyn Adviser>>,
    lists: RwLock<Option<(Timestamp, Arc<Lists>)>>,
    indexed: RwLock<Option<(Timestamp, Standing)>>,
    pub(crate) tries: Tries,
    live: Arc<Live>,
}

/// Lists are read again after so long: what one process changes, the others know soon.
const LISTS_LAST: SignedDuration = SignedDuration::from_secs(60);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cases {
    /// Over the city's reference data, without vault and without attachments.
    pub fn new(reference: Arc<Reference>, config: CasesConfig) -> Self {
        Self {
            reference,
            config,
            channels: RwLock::default(),
            rules: RwLock::default(),
            numbers: Mutex::default(),
            vault: None,
            attachments: None,
            adviser: None,
            lists: RwLock::default(),
            indexed: RwLock::default(),
            tries: Tries::new(rand::random()),
            live: Arc::default(),
        }
    }
    /// With the keys of the vault; without them no contact is taken.
    #[must_use]
    pub fn with_vault(mut self, keys: Arc<vault::Keys>) -> Self {
        self.vault = Some(keys);
        self
    }
    /// With the files of attachments; without them no attachment is taken.
    #[must_use]
    pub fn with_attachments(mut self, attachments: Arc<Attachments>) -> Self {
        self.attachments = Some(attachments);
        self
    }
    /// With whoever suggests classes and units; without one nothing is suggested.
    #[must_use]
    pub fn with_adviser(mut self, adviser: Arc<dyn Adviser>) -> Self {
        self.adviser = Some(adviser);
        self
    }
    /// Whoever suggests, if anybody does.
    pub fn adviser(&self) -> Option<&dyn Adviser> {
        self.adviser.as_deref()
    }
    /// The present snapshot of the reference data: decide on one, not on two.
    pub fn city(&self) -> Arc<City> {
        self.reference.current()
    }
    /// Takes a fresh snapshot where the reference data changed, such as right after a change by this process.
    ///
    /// # Errors
    /// The store's.
    pub async fn refresh(&self, ctx: &Ctx) -> StoreResult<bool> {
        self.reference.refresh(ctx).await
    }
    /// What the city sets, as it stands now. Without a statement: it comes with the snapshot.
    pub fn rules(&self) -> Arc<CityRules> {
        let values = &self.reference.current().settings;
        let kept = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&kept.0, values) {
            return kept.1.clone();
        }
        drop(kept);
        let mut said = CityRules::of(values);
        // Where no file is taken in, none can be asked for.
        said.evidence_must_be_shown &= self.attachments.is_some();
        let fresh = (values.clone(), Arc::new(said));
        let rules = fresh.1.clone();
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        rules
    }
    /// What the deployment set.
    pub fn config(&self) -> &CasesConfig {
        &self.config
    }
    /// The keys of the vault, if there are any.
    pub(crate) fn vault(&self) -> Option<&vault::Keys> {
        self.vault.as_deref()
    }
    /// What tells open desks that something changed.
    pub(crate) fn live(&self) -> Arc<Live> {
        self.live.clone()
    }
    /// Ends what open desks listen to: the program stops.
    pub fn hang_up(&self) {
        self.live.hang_up();
    }
    /// The files of attachments, if there are any.
    pub(crate) fn attachments(&self) -> Option<&Attachments> {
        self.attachments.as_deref()
    }

    /// The city's lists, at most a minute old, and its rules: decide on one snapshot, not on two.
    ///
    /// # Errors
    /// The store's.
    pub async fn lists(&self, ctx: &Ctx) -> StoreResult<Arc<Lists>> {
        let now = ctx.now();
        let known = self
            .lists
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, lists)) = known
            && now.duration_since(at).abs() < LISTS_LAST
        {
            return Ok(self.with_rules(lists));
        }
        let (entries, templates) = ctx
            .read(|r| -> StoreResult<_> {
                Ok((sql_record::entries(r)?, sql_record::templates(r)?))
            })
            .await?;
        let lists = Arc::new(Lists {
            entries,
            templates,
            rules: self.rules(),
        });
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = Some((now, lists.clone()));
        Ok(lists)
    }
    /// The lists with the rules as they stand now, which come with the snapshot of the reference data.
    fn with_rules(&self, lists: Arc<Lists>) -> Arc<Lists> {
        let rules = self.rules();
        if Arc::ptr_eq(&lists.rules, &rules) {
            return lists;
        }
        Arc::new(Lists {
            rules,
            ..Lists::clone(&lists)
        })
    }
    /// Reads the lists anew the next time: somebody changed them.
    pub fn forget_lists(&self) {
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How far the index of the search has come, as last read.
    pub(crate) fn indexed(&self) -> Option<(Timestamp, Standing)> {
        self.indexed
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
    /// Keeps in mind how far the index has come.
    pub(crate) fn keep_indexed(&self, at: Timestamp, standing: Standing) {
        *self.indexed.write().unwrap_or_else(PoisonError::into_inner) = Some((at, standing));
    }
    /// Reads the next time how far the index has come.
    pub(crate) fn forget_indexed(&self) {
        *self.indexed.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The channels as last loaded, in the order shown to people by code.
    pub fn channels(&self) -> Arc<BTreeMap<String, Channel>> {
        self.channels
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
    /// Loads the channels.
    ///
    /// # Errors
    /// The store's.
    pub async fn load_channels(&self, ctx: &Ctx) -> StoreResult<Arc<BTreeMap<String, Channel>>> {
        let loaded: Vec<Channel> = ctx.read(sql_lists::channels).await?;
        let loaded = Arc::new(
            loaded
                .into_iter()
                .map(|c| (c.code.clone(), c))
                .collect::<BTreeMap<_, _>>(),
        );
        *self
            .channels
            .write()
            .unwrap_or_else(PoisonError::into_inner) = loaded.clone();
        Ok(loaded)
    }
    /// One channel; looks into the store when it is not known yet.
    ///
    /// # Errors
    /// The store's.
    pub async fn channel(&self, ctx: &Ctx, code: &str) -> StoreResult<Option<Channel>> {
        if let Some(channel) = self.channels().get(code) {
            return Ok(Some(channel.clone()));
        }
        Ok(self.load_channels(ctx).await?.get(code).cloned())
    }

    /// The next case number of a district on a local day. Takes a block in a small write of its own when none is left,
    /// so that reporters never wait for each other's transaction.
    ///
    /// # Errors
    /// The store's; a day that no number can carry.
    pub async fn next_number(
        &self,
        ctx: &Ctx,
        district: DistrictCode,
        day: Date,
    ) -> StoreResult<CaseNumber> {
        let of = |sequence| {
            CaseNumber::new(district, day, sequence)
                .map_err(|e: CodeError| StoreError::Engine(e.to_string()))
        };
        if let Some(sequence) = locked(&self.numbers).next(district, day) {
            return of(sequence);
        }
        let first = ctx
            .write_beside(move |mut w| {
                let first = sql::take_numbers(&mut w, district, day, BLOCK)?;
                let event = AuditEvent::done("case.take_numbers", "number_block", day.to_string())
                    .district(district.as_str())
                    .detail(serde_json::json!({ "first": first, "count": BLOCK }));
                w.commit(event, first)
            })
            .await?;
        let mut numbers = locked(&self.numbers);
        numbers.add(district, day, first);
        // Somebody else may have added a block meanwhile: there is one number for everybody who took a block.
        let sequence = numbers.next(district, day);
        drop(numbers);
        match sequence {
            Some(sequence) => of(sequence),
            None => Err(StoreError::Busy { retry_after_s: 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_used_up_one_after_another() {
        let (district, day) = ("330102".parse().unwrap(), jiff::civil::date(2026, 3, 16));
        let mut numbers = Numbers::default();
        assert_eq!(numbers.next(district, day), None);
        numbers.add(district, day, 1);
        numbers.add(district, day, 129);
        let taken: Vec<u32> = std::iter::from_fn(|| numbers.next(district, day)).collect();
        assert_eq!(taken, (1..65).chain(129..193).collect::<Vec<_>>());
        assert_eq!(numbers.next("330104".parse().unwrap(), day), None);
    }

    #[test]
    fn what_is_kept_in_mind_is_bounded() {
        let day = jiff::civil::date(2026, 3, 16);
        let mut numbers = Numbers::default();
        for n in 0..3000_i64 {
            let day = day.checked_add(jiff::Span::new().days(n)).unwrap();
            numbers.add("330102".parse().unwrap(), day, 1);
        }
        assert!(numbers.0.len() <= MOST_BLOCKS);
    }
}
