//! Places on the page of a case where upper rooms put panels: what they know of the case, and what can be done there.

use crate::model::Case;
use access::{Ctx, Fault};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use ui::{Html, Ui};

/// What a panel answers: markup of its own template, empty where it has nothing to say.
pub type PanelFuture = Pin<Box<dyn Future<Output = Result<Html, Fault>> + Send>>;
/// A panel: asked with the reader's permit, the page's words and the case. It checks itself what the reader may see.
pub type Panel = Arc<dyn Fn(Ctx, Ui, Arc<Case>) -> PanelFuture + Send + Sync>;

/// The panels of the program, in the order in which they stand on the page. A service that some deployments are composed
/// without.
#[derive(Clone, Default)]
pub struct Panels(pub Vec<Panel>);

impl Panels {
    /// With one more.
    #[must_use]
    pub fn with(mut self, panel: Panel) -> Self {
        self.0.push(panel);
        self
    }
}

/// All panels of a case.
pub(super) async fn of(ctx: &Ctx, ui: &Ui, case: &Case) -> Result<Vec<Html>, Fault> {
    let Some(panels) = ctx.service_if_any::<Panels>() else {
        return Ok(Vec::new());
    };
    let case = Arc::new(case.clone());
    let mut shown = Vec::with_capacity(panels.0.len());
    for panel in &panels.0 {
        let html = panel(ctx.clone(), ui.clone(), case.clone()).await?;
        if !html.is_empty() {
            shown.push(html);
        }
    }
    Ok(shown)
}
