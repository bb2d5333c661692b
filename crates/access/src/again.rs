//! Where a page is found again. A form that is refused comes back in answer to its POST, at an address that may answer no
//! GET; what leads back to the page (another language, larger type) leads to the nearest address above that does.

use crate::routes::{Capability, RouteKind};
use axum::http::Method;
use std::collections::HashSet;

/// The addresses that can be asked for again, by the shape of their pattern.
pub(crate) struct Pages {
    shapes: HashSet<String>,
}

/// A pattern without the names of what varies: `/cases/{number}` and `/cases/{id}` are one.
fn shape(segments: &[&str]) -> String {
    let of = |segment: &&str| {
        if segment.starts_with('{') {
            "{}".to_owned()
        } else {
            (*segment).to_owned()
        }
    };
    let shaped: Vec<String> = segments.iter().map(of).collect();
    shaped.join("/")
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

impl Pages {
    pub(crate) fn of(capabilities: &[Capability]) -> Self {
        let routes = capabilities.iter().flat_map(|c| c.routes.table());
        let shapes = routes
            .filter(|route| route.method == Method::GET && route.kind == RouteKind::Page)
            .map(|route| shape(&segments(route.path)))
            .collect();
        Self { shapes }
    }

    /// How many segments of an address of this pattern lead to the nearest page; 0 = the first page.
    pub(crate) fn depth(&self, pattern: &str) -> usize {
        let parts = segments(pattern);
        (1..=parts.len())
            .rev()
            .find(|n| self.shapes.contains(&shape(&parts[..*n])))
            .unwrap_or(0)
    }
}

/// The address as far as that.
pub(crate) fn above(path: &str, depth: usize) -> String {
    let kept = segments(path).into_iter().take(depth);
    kept.fold(String::new(), |whole, part| whole + "/" + part) + if depth == 0 { "/" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Permission;
    use crate::routes::Routes;

    async fn page() {}

    #[test]
    fn what_was_sent_is_found_again_at_the_nearest_page_above() {
        let routes = Routes::new("odd")
            .on(Method::GET, "/cases/{number}", Permission::Public, page)
            .on(Method::POST, "/cases/{id}/{act}", Permission::Public, page)
            .on(Method::GET, "/report", Permission::Public, page)
            .on(Method::POST, "/report", Permission::Public, page)
            .on(Method::POST, "/sign-out", Permission::Public, page);
        let pages = Pages::of(&[Capability::new("odd", routes)]);
        for (pattern, asked, shown) in [
            ("/cases/{id}/{act}", "/cases/7/note", "/cases/7"),
            ("/report", "/report", "/report"),
            ("/sign-out", "/sign-out", "/"),
        ] {
            assert_eq!(above(asked, pages.depth(pattern)), shown, "{pattern}");
        }
    }
}
