//! The cookies of this program: their names, flags, and how they are read.

use axum::http::{HeaderMap, HeaderValue, header};

/// The session's token.
pub(crate) const SESSION: &str = "shiyu_session";
/// The signed secret of a visitor without a session.
pub(crate) const VISITOR: &str = "shiyu_visitor";

/// The token of a screen on a wall.
pub(crate) const WALL: &str = "shiyu_wall";

/// The name as the browser knows it: over https the prefix `__Host-` ties a cookie to this very host.
fn name_of(name: &str, is_https: bool) -> String {
    if is_https {
        format!("__Host-{name}")
    } else {
        name.to_owned()
    }
}

/// A `Set-Cookie` value; it ends with the browser's session.
pub(crate) fn set(name: &str, value: &str, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}",
        name_of(name, is_https)
    );
    HeaderValue::from_str(&text).expect("names and tokens of ours are plain ASCII")
}

/// A `Set-Cookie` value that lives for so many days.
pub(crate) fn set_for(name: &str, value: &str, days: i64, is_https: bool) -> HeaderValue {
    let plain = set(name, value, is_https);
    let plain = plain
        .to_str()
        .expect("names and tokens of ours are plain ASCII");
    let text = format!("{plain}; Max-Age={}", days * 86_400);
    HeaderValue::from_str(&text).expect("names and tokens of ours are plain ASCII")
}

/// A `Set-Cookie` value that makes the browser forget.
pub(crate) fn forget(name: &str, is_https: bool) -> HeaderValue {
    let secure = if is_https { "; Secure" } else { "" };
    let text = format!(
        "{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}",
        name_of(name, is_https)
    );
    HeaderValue::from_str(&text).expect("names of ours are plain ASCII")
}

/// The value of a cookie of ours.
pub(crate) fn get<'a>(headers: &'a HeaderMap, name: &str, is_https: bool) -> Option<&'a str> {
    let name = name_of(name, is_https);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .find_map(|line| {
            line.split(';').find_map(|pair| {
                let (key, value) = pair.trim().split_once('=')?;
                (key == name).then_some(value)
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_bound_to_the_host_where_the_site_is_https() {
        assert_eq!(
            set(SESSION, "x", true),
            "__Host-shiyu_session=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set(SESSION, "x", false),
            "shiyu_session=x; Path=/; HttpOnly; SameSite=Lax"
        );
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=b; __Host-shiyu_session=t; c"),
        );
        assert_eq!(get(&headers, SESSION, true), Some("t"));
        assert_eq!(get(&headers, SESSION, false), None);
    }
}
