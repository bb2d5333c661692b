//! Places on the page of a case where rooms above this one put what they know of it.

use crate::model::Case;
use access::{Ctx, Fault};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use ui::{Html, Ui};

/// A panel being made.
pub type Paneling<'a> = Pin<Box<dyn Future<Output = Result<Html, Fault>> + Send + 'a>>;

/// Something that a room above shows on the page of a case. The reader may see the case; what more the panel shows is the
/// room's to decide.
pub trait Panel: Send + Sync {
    /// The panel as markup; empty where there is nothing to show.
    fn show<'a>(&'a self, ctx: &'a Ctx, ui: &'a Ui, case: &'a Case) -> Paneling<'a>;
}

/// The panels of the composed program, in the order shown. One among its services; none = no panels.
pub struct Panels(pub Vec<Arc<dyn Panel>>);

/// The panels of a case. One that fails is logged and left out: the case is shown all the same.
pub(super) async fn of_case(ctx: &Ctx, ui: &Ui, case: &Case) -> Vec<Html> {
    let Some(panels) = ctx.service_if_any::<Panels>() else {
        return Vec::new();
    };
    let mut shown = Vec::new();
    for panel in &panels.0 {
        match panel.show(ctx, ui, case).await {
            Ok(html) if html.is_empty() => {}
            Ok(html) => shown.push(html),
            Err(fault) => {
                let number = case.number;
                tracing::warn!(%number, %fault, "a panel of case {number} could not be shown");
            }
        }
    }
    shown
}
