//! The notices of whoever is signed in, and how they want to be told besides.

use super::deliver::worded;
use crate::model::{Notice, NoticeError, Template};
use crate::service::Notices;
use crate::sql::{self, Wishes};
use access::{AccountId, Ctx, Permission, Principal};
use kernel::id::Id;
use kernel::{Cursor, Page, PageSize};
use store::AuditEvent;
use ui::Lang;
use vault::Field;
use vault::model::{NewSubject, purpose};

/// The basis of the addresses that staff give for their work.
const BASIS: &str = "个人信息保护法第十三条第一款第（一）项";

/// A notice as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// What is kept.
    pub notice: Notice,
    /// Its title in the reader's language.
    pub title: String,
    /// Its text.
    pub text: String,
}

fn own(ctx: &Ctx) -> Result<AccountId, NoticeError> {
    ctx.require(Permission::NoticeRead)?;
    match ctx.principal() {
        Principal::Staff(staff) => Ok(staff.account),
        Principal::Resident { account, .. } => Ok(*account),
        Principal::Stranger | Principal::System(_) => Err(NoticeError::NotFound),
    }
}

fn shown(notices: &Notices, templates: &[Template], notice: Notice, lang: Lang) -> Shown {
    let words = worded(templates, &notice.kind, lang.tag(), &notice.places, notices);
    // A kind whose template is gone is shown by its word.
    let (title, text) = words.unwrap_or_else(|| (notice.kind.clone(), String::new()));
    Shown {
        notice,
        title,
        text,
    }
}

/// The reader's own notices, newest first. Two statements.
///
/// # Errors
/// A cursor of another list; the store's.
pub async fn inbox(
    ctx: &Ctx,
    lang: Lang,
    only_unread: bool,
    size: PageSize,
    after: Option<&Cursor>,
) -> Result<Page<Shown>, NoticeError> {
    let account = own(ctx)?;
    let before: Option<Id> = after
        .map(|c| c.part(0))
        .transpose()
        .map_err(|e| NoticeError::field("after", "notices.bad_cursor", e.to_string()))?;
    let (rows, templates) = ctx
        .read::<_, NoticeError, _>(move |r| {
            let rows = sql::of_account(r, account, only_unread, before, size.probe())?;
            Ok((rows, sql::templates(r)?))
        })
        .await?;
    let notices = ctx.service::<Notices>();
    let page = Page::from_probe(rows, size, |n| Cursor::new([n.id.to_string()]));
    Ok(page.map(|n| shown(&notices, &templates, n, lang)))
}

/// Marks the reader's own notices as read: these, or all. Answers how many were not.
///
/// # Errors
/// Too many at once; the store's.
pub async fn mark_read(ctx: &Ctx, ids: Option<Vec<Id>>) -> Result<u64, NoticeError> {
    let account = own(ctx)?;
    if ids.as_ref().is_some_and(|ids| ids.len() > 200) {
        return Err(NoticeError::field(
            "ids",
            "notices.many_ids",
            "at most 200 at once",
        ));
    }
    let marked = ctx
        .write::<_, NoticeError, _>(move |mut w| {
            let n = sql::mark_read(&mut w, account, ids.as_deref())?;
            let event = AuditEvent::done("notice.read", "account", account.to_string())
                .detail(serde_json::json!({ "count": n }));
            Ok(w.commit(event, n)?)
        })
        .await?;
    ctx.service::<Notices>().forget_count(account);
    Ok(marked)
}

/// Marks one of the reader's own notices as read, and answers where it leads.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn open(ctx: &Ctx, id: Id) -> Result<String, NoticeError> {
    let account = own(ctx)?;
    let found = ctx
        .read::<_, NoticeError, _>(move |r| Ok(sql::one_of(r, account, id)?))
        .await?
        .ok_or(NoticeError::NotFound)?;
    if found.read_at.is_none() {
        mark_read(ctx, Some(vec![id])).await?;
    }
    Ok(found.path)
}

/// How an account wants to be told. Without what it prints, since addresses are a person's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The mail address; empty if none.
    pub email: String,
    /// The phone number for the gateway; empty if none.
    pub phone: String,
    /// By e-mail.
    pub by_email: bool,
    /// By the gateway.
    pub by_gateway: bool,
    /// In English; else in Chinese.
    pub in_english: bool,
}

/// The reader's own choice, the addresses masked: the own address is known to whoever gave it, and need not be shown.
///
/// # Errors
/// The store's.
pub async fn addresses(ctx: &Ctx) -> Result<Addresses, NoticeError> {
    let account = own(ctx)?;
    let notices = ctx.service::<Notices>();
    let (keys, district) = (notices.keys().cloned(), notices.district);
    ctx.read::<_, NoticeError, _>(move |r| {
        let Some(wish) = sql::wishes(r, &[account])?.into_iter().next() else {
            return Ok(Addresses::default());
        };
        let masked = match &keys {
            Some(keys) => vault::ops::masked_in(r, keys, district, wish.subject)?,
            None => vault::Masked::default(),
        };
        Ok(Addresses {
            email: if masked.has_more {
                "***".into()
            } else {
                String::new()
            },
            phone: masked.phone,
            by_email: wish.email,
            by_gateway: wish.gateway,
            in_english: wish.lang == Lang::En.tag(),
        })
    })
    .await
}

/// Keeps the reader's own choice. The addresses go to the vault; what was there is erased.
///
/// # Errors
/// `Field` for an address that is none, or a choice without its address; the vault's, the store's.
pub async fn set_addresses(ctx: &Ctx, wanted: Addresses) -> Result<(), NoticeError> {
    let account = own(ctx)?;
    let notices = ctx.service::<Notices>();
    let keys = notices.keys().cloned().ok_or_else(|| {
        NoticeError::field(
            "email",
            "notices.no_vault",
            "this deployment keeps no addresses",
        )
    })?;
    let email = wanted.email.trim().to_owned();
    if !email.is_empty() && email.parse::<lettre::Address>().is_err() {
        return Err(NoticeError::field(
            "email",
            "notices.bad_email",
            "is no mail address",
        ));
    }
    if wanted.by_email && email.is_empty() {
        return Err(NoticeError::field(
            "email",
            "notices.address_needed",
            "give the address",
        ));
    }
    if wanted.by_gateway && wanted.phone.trim().is_empty() {
        return Err(NoticeError::field(
            "phone",
            "notices.address_needed",
            "give the number",
        ));
    }
    let district = notices.district;
    let person = NewSubject::new(district)
        .with(Field::Email, &email, purpose::DUTY, BASIS)?
        .with(Field::Phone, &wanted.phone, purpose::DUTY, BASIS)?;
    let lang = if wanted.in_english {
        Lang::En
    } else {
        Lang::Zh
    };
    ctx.write::<_, NoticeError, _>(move |mut w| {
        if let Some(old) = sql::wishes(&mut w, &[account])?.into_iter().next() {
            let cause = vault::model::ErasureCause::Requested;
            vault::ops::erase_in(&mut w, district, old.subject, cause)?;
        }
        let subject = vault::ops::put(&mut w, &keys, &person)?;
        let wishes = Wishes {
            account,
            subject,
            lang: lang.tag().to_owned(),
            email: wanted.by_email,
            gateway: wanted.by_gateway,
        };
        sql::set_wishes(&mut w, &wishes)?;
        let event = AuditEvent::done("notice.addresses", "account", account.to_string())
            .detail(serde_json::json!({ "email": wishes.email, "gateway": wishes.gateway }));
        Ok(w.commit(event, ())?)
    })
    .await
}
